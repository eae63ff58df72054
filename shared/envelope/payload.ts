// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { encodeGoJson } from '../primitives/json-encode.ts';
import {
  bytesField,
  int64Field,
  objectField,
  objectOf,
  stringArrayField,
  stringField,
  stringMapField,
} from '../primitives/json-fields.ts';
import { malformedAt } from '../primitives/json-position.ts';
import { type JsonObject, parseJson } from '../primitives/json.ts';
import { quote } from '../primitives/quote.ts';

/** What a signature is about (specs/signature-specification.md "Payload"). */
export interface Payload {
  readonly targetArtifact: TargetArtifact;
}

/** The signed descriptor as text: nothing but its JSON types has been checked, absent members are empty. */
export interface TargetArtifact {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly annotations: ReadonlyMap<string, string>;
}

/** Keys that a user may not set, whatever follows the prefix (notation-go `addUserMetadataToDescriptor`). */
const reservedPrefix = 'io.cncf.notary';

/** The payload of a descriptor: media type, digest, size and annotations, in this order; nothing else is ever signed. */
export function encodePayload(descriptor: Descriptor): Uint8Array {
  const annotations = new Map(Object.entries(descriptor.annotations ?? {}));
  return encodeGoJson({
    targetArtifact: {
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: BigInt(descriptor.size),
      annotations: annotations.size === 0 ? undefined : annotations,
    },
  });
}

/**
 * Reads a payload as the reference does: members by any case, unknown ones ignored, wrong types refused (reference 1.6).
 * Throws `malformed`.
 */
export function parsePayload(bytes: Uint8Array): Payload {
  const payload = objectOf(parseJson(bytes), 'payload');
  const target = objectField(payload, 'targetArtifact') ?? { kind: 'object', at: payload.at, members: [] };
  checkUnusedFields(target);
  return {
    targetArtifact: {
      mediaType: stringField(target, 'mediaType'),
      digest: stringField(target, 'digest'),
      size: comparableSize(target),
      annotations: stringMapField(target, 'annotations') ?? new Map(),
    },
  };
}

/** The other fields of Go's descriptor type: not used, but a wrong type in them fails the payload. */
function checkUnusedFields(target: JsonObject): void {
  stringArrayField(target, 'urls');
  bytesField(target, 'data');
  stringField(target, 'artifactType');
  const platform = objectField(target, 'platform');
  if (platform === undefined) return;
  for (const name of ['architecture', 'os', 'os.version', 'variant']) stringField(platform, name);
  stringArrayField(platform, 'os.features');
}

/** The size; one that a number cannot hold would compare equal to its neighbours and is refused. */
function comparableSize(target: JsonObject): number {
  const size = Number(int64Field(target, 'size'));
  if (Number.isSafeInteger(size)) return size;
  throw malformedAt(target.at, 'targetArtifact.size is beyond what an artifact can have');
}

/**
 * The descriptor with user metadata among its annotations. Throws `input-invalid` for a reserved key and for one that is an
 * annotation already.
 */
export function addUserMetadata(descriptor: Descriptor, metadata: ReadonlyMap<string, string>): Descriptor {
  if (metadata.size === 0) return descriptor;
  const annotations = new Map(Object.entries(descriptor.annotations ?? {}));
  for (const [key, value] of metadata) {
    if (key.startsWith(reservedPrefix)) {
      throw metadataError(`metadata key ${key} has reserved prefix ${reservedPrefix}`);
    }
    if (annotations.has(key)) throw metadataError(`metadata key ${key} is already present in the target artifact`);
    annotations.set(key, value);
  }
  // fromEntries defines properties, so that `__proto__` is a key like any other
  return { ...descriptor, annotations: Object.fromEntries(annotations) };
}

function metadataError(reason: string): NotaryError {
  return new NotaryError('input-invalid', `error adding user metadata: ${reason}`, {
    hint: 'Choose another key in {input:userMetadata}.',
  });
}

/**
 * Reads `key=value` lines, split at the first `=`; a repeated key overwrites. Throws `input-invalid` for a line without
 * `=`, without a key or without a value.
 */
export function parseUserMetadata(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(lines.map(parsePair));
}

function parsePair(line: string): [string, string] {
  const separator = line.indexOf('=');
  const value = line.slice(separator + 1);
  if (separator > 0 && value !== '') return [line.slice(0, separator), value];
  const message = `could not parse {input:userMetadata}: key-value pair requires "=" as separator, got ${quote(line)}`;
  throw new NotaryError('input-invalid', message, {
    hint: 'Write one key=value per line in {input:userMetadata}; neither key nor value may be empty.',
  });
}
