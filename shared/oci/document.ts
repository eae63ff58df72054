// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { encodeGoJson } from '../primitives/json-encode.ts';
import { bytesField, stringArrayField, stringField } from '../primitives/json-fields.ts';
import { malformedAt } from '../primitives/json-position.ts';
import { parseJson, type JsonObject, type JsonValue } from '../primitives/json.ts';
import { parseDigest } from '../primitives/digest.ts';
import type { Descriptor } from './descriptor.ts';

/** Levels of nesting: manifests and indexes have about five, the rest is room for annotations of others. */
const maximumDepth = 32;

/**
 * Parses a JSON document of a registry into an object. Stricter than Go (REG 2.7): valid UTF-8, no duplicate members, at
 * most 32 levels, so that no two readers can see different documents in it. Throws `malformed`.
 */
export function parseDocument(bytes: Uint8Array): JsonObject {
  const value = parseJson(decodeUtf8(bytes));
  if (value.kind !== 'object') throw malformedAt(value.at, 'the document is not a JSON object');
  refuseAmbiguity(value, 1);
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new NotaryError('malformed', 'the document is not valid UTF-8', { cause: error });
  }
}

function refuseAmbiguity(value: JsonValue, depth: number): void {
  if (depth > maximumDepth) throw malformedAt(value.at, `nested deeper than ${maximumDepth} levels`);
  if (value.kind === 'array') {
    for (const item of value.items) refuseAmbiguity(item, depth + 1);
  } else if (value.kind === 'object') {
    const keys = new Set<string>();
    for (const { key, value: item } of value.members) {
      if (keys.has(key)) throw malformedAt(item.at, `duplicate member ${JSON.stringify(key.slice(0, 100))}`);
      keys.add(key);
      refuseAmbiguity(item, depth + 1);
    }
  }
}

/** A member; null counts as absent. */
export function memberOf(object: JsonObject, key: string): JsonValue | undefined {
  const value = object.members.find((candidate) => candidate.key === key)?.value;
  return value?.kind === 'null' ? undefined : value;
}

/** A member that is a string. Throws `malformed` for another type. */
export function textMember(object: JsonObject, key: string): string | undefined {
  const value = memberOf(object, key);
  if (value === undefined || value.kind === 'string') return value?.value;
  throw malformedAt(value.at, `${key} is not a string`);
}

/** A member that is an object. Throws `malformed` for another type. */
export function objectMember(object: JsonObject, key: string): JsonObject | undefined {
  const value = memberOf(object, key);
  if (value === undefined || value.kind === 'object') return value;
  throw malformedAt(value.at, `${key} is not an object`);
}

/** The objects of an array member; undefined when it is absent. Throws `malformed` for anything else. */
export function objectsMember(object: JsonObject, key: string): readonly JsonObject[] | undefined {
  const value = memberOf(object, key);
  if (value === undefined) return undefined;
  if (value.kind !== 'array') throw malformedAt(value.at, `${key} is not an array`);
  return value.items.map((item) => {
    if (item.kind === 'object') return item;
    throw malformedAt(item.at, `an entry of ${key} is not an object`);
  });
}

/** A member that is a whole number from 0 to 2^53 - 1, written as digits. Throws `malformed` when it is anything else. */
export function sizeMember(object: JsonObject, key: string): number {
  const value = memberOf(object, key);
  const literal = value?.kind === 'number' ? value.literal : '';
  const size = /^[0-9]{1,16}$/.test(literal) ? Number(literal) : Number.NaN;
  if (Number.isSafeInteger(size)) return size;
  throw malformedAt((value ?? object).at, `${key} is not a size in bytes`);
}

/** A map of strings, with every key an ordinary one. Throws `malformed` for other values. */
export function annotationsMember(object: JsonObject, key: string): Readonly<Record<string, string>> | undefined {
  const map = objectMember(object, key);
  if (map === undefined) return undefined;
  const annotations = Object.create(null) as Record<string, string>;
  for (const member of map.members) {
    if (member.value.kind !== 'string') throw malformedAt(member.value.at, `an entry of ${key} is not a string`);
    annotations[member.key] = member.value.value;
  }
  return annotations;
}

/** Reads a descriptor (image-spec descriptor.md). `urls` and `data` are not read: content comes from the repository only. */
export function parseDescriptor(object: JsonObject): Descriptor {
  const digest = digestMember(object);
  const annotations = annotationsMember(object, 'annotations');
  const artifactType = textMember(object, 'artifactType');
  refuseWrongTypes(object);
  return {
    mediaType: textMember(object, 'mediaType') ?? '',
    digest,
    size: sizeMember(object, 'size'),
    ...(annotations === undefined ? {} : { annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

/** Members that are not read; of another type they are an error to other readers. */
function refuseWrongTypes(object: JsonObject): void {
  stringArrayField(object, 'urls');
  bytesField(object, 'data');
  const platform = objectMember(object, 'platform');
  if (platform === undefined) return;
  for (const key of ['architecture', 'os', 'os.version', 'variant']) stringField(platform, key);
  stringArrayField(platform, 'os.features');
}

function digestMember(object: JsonObject): Descriptor['digest'] {
  try {
    return parseDigest(textMember(object, 'digest') ?? '');
  } catch (error) {
    throw malformedAt(object.at, messageOf(error));
  }
}

/** Writes a parsed value again, with members in their order and numbers as they stood. */
export function encodeJsonValue(value: JsonValue): string {
  switch (value.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(value.value);
    case 'number':
      return value.literal;
    case 'string':
      return encodeText(value.value);
    case 'array':
      return `[${value.items.map(encodeJsonValue).join(',')}]`;
    case 'object':
      return `{${value.members.map(({ key, value: item }) => `${encodeText(key)}:${encodeJsonValue(item)}`).join(',')}}`;
  }
}

function encodeText(text: string): string {
  return Buffer.from(encodeGoJson(text)).toString();
}
