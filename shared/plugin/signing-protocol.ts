// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec, signatureAlgorithms } from '../envelope/algorithm.ts';
import { encodeBase64 } from '../primitives/base64.ts';
import { encodeGoJson } from '../primitives/json-encode.ts';
import { bytesArrayField, bytesField, stringField, stringMapField } from '../primitives/json-fields.ts';
import { quote } from '../primitives/quote.ts';
import type { KeySpec } from '../x509/certificate.ts';
import { type PluginConfig, configMember } from './metadata.ts';
import { brokenContract, contractVersion, readResponse } from './response.ts';

/** A key of a plugin, and the configuration that belongs to it. */
export interface PluginKey {
  readonly keyId: string;
  readonly config: PluginConfig;
}

export function encodeDescribeKeyRequest({ keyId, config }: PluginKey): Uint8Array {
  return encodeGoJson({ contractVersion, keyId, ...configMember(config) });
}

/** The key spec that `describe-key` answers. Throws `plugin-failed`. */
export function parseDescribeKeyResponse(output: Uint8Array, plugin: string, keyId: string): KeySpec {
  const response = readResponse(output, 'describe-key', plugin, (fields) => ({
    keyId: stringField(fields, 'keyId'),
    keySpec: stringField(fields, 'keySpec'),
  }));
  if (response.keyId !== keyId) throw otherKey('describeKey', response.keyId, keyId);
  const known = signatureAlgorithms.find(({ keySpec }) => keySpec === response.keySpec);
  if (known === undefined) throw brokenContract('unknown key spec');
  return known.keySpec;
}

/** The request to sign these bytes; the plugin hashes them. */
export function encodeGenerateSignatureRequest(key: PluginKey, keySpec: KeySpec, toBeSigned: Uint8Array): Uint8Array {
  return encodeGoJson({
    contractVersion,
    keyId: key.keyId,
    keySpec,
    hashAlgorithm: algorithmOfKeySpec(keySpec).plugin.hashAlgorithm,
    payload: encodeBase64(toBeSigned),
    ...configMember(key.config),
  });
}

/** What `generate-signature` answers; nothing of it has been verified. */
export interface GeneratedSignature {
  readonly signature: Uint8Array;
  /** Not checked by the reference either: the signature decides. */
  readonly signingAlgorithm: string;
  /** DER, leaf first. */
  readonly certificateChain: readonly Uint8Array[];
}

/** Throws `plugin-failed`. */
export function parseGenerateSignatureResponse(output: Uint8Array, plugin: string, keyId: string): GeneratedSignature {
  const { keyId: answered, ...generated } = readResponse(output, 'generate-signature', plugin, (fields) => ({
    keyId: stringField(fields, 'keyId'),
    signature: bytesField(fields, 'signature') ?? new Uint8Array(),
    signingAlgorithm: stringField(fields, 'signingAlgorithm'),
    certificateChain: bytesArrayField(fields, 'certificateChain') ?? [],
  }));
  if (answered !== keyId) throw otherKey('generateSignature', answered, keyId);
  return generated;
}

/** What an envelope is asked for. */
export interface EnvelopeQuestion {
  readonly payload: Uint8Array;
  readonly payloadMediaType: string;
  readonly envelopeMediaType: string;
  readonly expirySeconds: number | undefined;
}

export function encodeGenerateEnvelopeRequest(key: PluginKey, question: EnvelopeQuestion): Uint8Array {
  const { expirySeconds = 0 } = question;
  return encodeGoJson({
    contractVersion,
    keyId: key.keyId,
    payloadType: question.payloadMediaType,
    signatureEnvelopeType: question.envelopeMediaType,
    payload: encodeBase64(question.payload),
    expiryDurationInSeconds: expirySeconds === 0 ? undefined : BigInt(expirySeconds),
    ...configMember(key.config),
  });
}

/** What `generate-envelope` answers; nothing of it has been verified. */
export interface GeneratedEnvelope {
  readonly envelope: Uint8Array;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Throws `plugin-failed`, also for an envelope of another type than asked for. */
export function parseGenerateEnvelopeResponse(
  output: Uint8Array,
  plugin: string,
  envelopeMediaType: string,
): GeneratedEnvelope {
  const { type, ...generated } = readResponse(output, 'generate-envelope', plugin, (fields) => ({
    envelope: bytesField(fields, 'signatureEnvelope') ?? new Uint8Array(),
    type: stringField(fields, 'signatureEnvelopeType'),
    annotations: stringMapField(fields, 'annotations') ?? new Map<string, string>(),
  }));
  if (type === envelopeMediaType) return generated;
  throw brokenContract(
    `signatureEnvelopeType in generateEnvelope response ${quote(type)} does not match request ${quote(envelopeMediaType)}`,
  );
}

function otherKey(command: string, answered: string, asked: string): Error {
  return brokenContract(`keyID in ${command} response ${quote(answered)} does not match request ${quote(asked)}`);
}
