// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec } from '../../shared/envelope/algorithm.ts';
import {
  type EnvelopeFormat,
  type ExtendedAttribute,
  type SigningScheme,
  type VerifiedEnvelope,
  envelopeMediaTypes,
  payloadMediaType,
} from '../../shared/envelope/content.ts';
import { parseEnvelope, prepareEnvelope, verifyIntegrity } from '../../shared/envelope/envelope.ts';
import { encodePayload } from '../../shared/envelope/payload.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { signBytes } from '../../shared/primitives/crypto.ts';
import type { TestSigner } from './certificate-authority.ts';

/** What an envelope shall say; without more, a plain JWS signature of 2026-01-01. */
export interface EnvelopeSpec {
  readonly signer: TestSigner;
  /** The signed artifact, or the bytes of any payload. */
  readonly payload: Descriptor | Uint8Array;
  readonly format?: EnvelopeFormat;
  readonly signingScheme?: SigningScheme;
  readonly signingTime?: Date;
  readonly expiry?: Date;
  readonly extended?: readonly ExtendedAttribute[];
  readonly contentType?: string;
  readonly signingAgent?: string;
  readonly timestampSignature?: Uint8Array;
}

/** The bytes of an envelope that verifies (as far as its payload and certificates allow). */
export function signEnvelope(spec: EnvelopeSpec): Uint8Array {
  const { signer, payload, format = 'jws', timestampSignature } = spec;
  const { certificateChain } = signer;
  const { keySpec } = certificateChain[0];
  if (keySpec === undefined) throw new Error('this key cannot sign');
  const prepared = prepareEnvelope(envelopeMediaTypes[format], {
    payload: {
      contentType: spec.contentType ?? payloadMediaType,
      content: payload instanceof Uint8Array ? payload : encodePayload(payload),
    },
    signingScheme: spec.signingScheme ?? 'notary.x509',
    signingTime: spec.signingTime ?? new Date('2026-01-01'),
    expiry: spec.expiry,
    extended: spec.extended ?? [],
    signingAgent: spec.signingAgent,
    keySpec,
    certificateChain,
  });
  const signature = signBytes(algorithmOfKeySpec(keySpec), signer.privateKey, prepared.toBeSigned);
  return prepared.complete(signature, { timestampSignature });
}

/** The same, read back and verified. */
export function verifiedEnvelope(spec: EnvelopeSpec): VerifiedEnvelope {
  return verifyIntegrity(parseEnvelope(envelopeMediaTypes[spec.format ?? 'jws'], signEnvelope(spec)));
}

/** An envelope whose signature does not fit: one character of it is another. */
export function tamper(jws: Uint8Array): Uint8Array {
  const text = Buffer.from(jws).toString();
  return Buffer.from(
    text.replace(/("signature":"...)(.)/, (_, start: string, next: string) => start + (next === 'A' ? 'B' : 'A')),
  );
}
