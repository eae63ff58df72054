// SPDX-License-Identifier: Apache-2.0
import { type EnvelopeMediaType, type VerifiedEnvelope, payloadMediaType } from '../envelope/content.ts';
import { parseEnvelope, verifyIntegrity } from '../envelope/envelope.ts';
import { type TargetArtifact, parsePayload } from '../envelope/payload.ts';
import { messageOf } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { objectOf } from '../primitives/json-fields.ts';
import { type JsonObject, parseJson } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';
import { brokenContract } from './response.ts';

/**
 * Checks an envelope that a plugin made for a descriptor, in the reference's order (notation-go `signer/plugin.go
 * generateSignatureEnvelope`). Throws `plugin-failed`, or `envelope-invalid` when it does not parse.
 */
export function checkGeneratedEnvelope(
  mediaType: EnvelopeMediaType,
  bytes: Uint8Array,
  descriptor: Descriptor,
): VerifiedEnvelope {
  const parsed = parseEnvelope(mediaType, bytes);
  const envelope = attempt('generated signature failed verification', () => verifyIntegrity(parsed));
  const { contentType, content } = envelope.payload;
  if (contentType !== payloadMediaType)
    throw brokenContract(`payload content type ${quote(contentType)} not supported`);
  const { targetArtifact } = attempt("signed envelope payload can't be unmarshalled", () => parsePayload(content));
  if (!isSubset(descriptor, targetArtifact)) {
    const [from, to] = [shown(descriptor), shown(targetArtifact)];
    throw brokenContract(`during signing descriptor subject has changed from ${from} to ${to}`);
  }
  const unknown = unknownMembers(content);
  if (unknown.length === 0) return envelope;
  throw brokenContract(
    `during signing, following unknown attributes were added to subject descriptor: [${unknown.map(quote).join(' ')}]`,
  );
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw brokenContract(`${what}: ${messageOf(cause)}`);
  }
}

/** Annotations may be added, nothing may be changed. */
function isSubset(descriptor: Descriptor, target: TargetArtifact): boolean {
  const { mediaType, digest, size, annotations = {} } = descriptor;
  if (target.mediaType !== mediaType || target.digest !== digest || target.size !== size) return false;
  return Object.entries(annotations).every(([key, value]) => target.annotations.get(key) === value);
}

const descriptorMembers = [
  ...['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'platform', 'artifactType'],
];

/** Exact spellings only: what the reference's lenient reader would take for another one is unknown here. */
function unknownMembers(content: Uint8Array): string[] {
  const payload = objectOf(parseJson(content), 'payload');
  const targets = payload.members.flatMap(({ key, value }) => (key === 'targetArtifact' ? [objectOf(value, key)] : []));
  return [...targets.flatMap((target) => keysBut(target, descriptorMembers)), ...keysBut(payload, ['targetArtifact'])];
}

function keysBut({ members }: JsonObject, known: readonly string[]): string[] {
  return members.map(({ key }) => key).filter((key) => !known.includes(key));
}

/** A descriptor as Go prints its struct. */
function shown(descriptor: Descriptor | TargetArtifact): string {
  const { mediaType, digest, size } = descriptor;
  const annotations =
    descriptor.annotations instanceof Map ? [...descriptor.annotations] : Object.entries(descriptor.annotations ?? {});
  const map = annotations.map(([key, value]) => `${key}:${String(value)}`).sort();
  return `{MediaType:${mediaType} Digest:${digest} Size:${size} URLs:[] Annotations:map[${map.join(' ')}] Data:[] Platform:<nil> ArtifactType:}`;
}
