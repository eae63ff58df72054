// SPDX-License-Identifier: Apache-2.0
import { decodeBase64 } from './base64.ts';
import { type Instant, parseGoTime } from './instant.ts';
import { malformedAt } from './json-position.ts';
import type { JsonArray, JsonObject, JsonValue } from './json.ts';
import { quote } from './quote.ts';

// How `json.Unmarshal` fills the fields of a struct (reference 0.2.1). Every value whose name matches is decoded into the
// same field in document order, so that the last one wins, a `null` leaves text and numbers as they are and empties lists.

/** A member by Go's rule: the last one whose name is equal under simple case folding. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return membersNamed(object, name).at(-1);
}

/** All values that decode into the field of a name, in document order. */
export function membersNamed(object: JsonObject, name: string): readonly JsonValue[] {
  return object.members.filter(({ key }) => foldsTo(key, name)).map(({ value }) => value);
}

/**
 * Whether Go would decode a member of this key into a field of this ASCII name. Beside upper and lower case, two characters
 * outside ASCII fold into it: the long s and the Kelvin sign.
 */
export function foldsTo(key: string, name: string): boolean {
  return key === name || (key.length === name.length && foldAscii(key) === foldAscii(name));
}

function foldAscii(text: string): string {
  return text
    .replace(/[a-z]+/g, (letters) => letters.toUpperCase())
    .replaceAll('\u017f', 'S')
    .replaceAll('\u212a', 'K');
}

/** The value as an object; `null` is an empty one, because Go leaves the struct as it was. Throws `malformed`. */
export function objectOf(value: JsonValue, what: string): JsonObject {
  if (value.kind === 'null') return { kind: 'object', at: value.at, members: [] };
  return expectKind(value, 'object', what);
}

/** A string field; '' when it is absent. Throws `malformed` for any other type. */
export function stringField(object: JsonObject, name: string): string {
  let field = '';
  for (const value of membersNamed(object, name)) {
    if (value.kind !== 'null') field = expectKind(value, 'string', name).value;
  }
  return field;
}

/** A boolean field; false when it is absent. Throws `malformed` for any other type. */
export function booleanField(object: JsonObject, name: string): boolean {
  let field = false;
  for (const value of membersNamed(object, name)) {
    if (value.kind !== 'null') field = expectKind(value, 'boolean', name).value;
  }
  return field;
}

/** An int64 field; 0 when it is absent. Throws `malformed` for `1.0`, `1e2` and whatever does not fit. */
export function int64Field(object: JsonObject, name: string): bigint {
  let field = 0n;
  for (const value of membersNamed(object, name)) {
    if (value.kind !== 'null') field = int64Of(value, name);
  }
  return field;
}

function int64Of(value: JsonValue, what: string): bigint {
  const { literal } = expectKind(value, 'number', what);
  // 19 digits hold every 64-bit integer; longer literals need no arithmetic to be refused
  if (/^-?[0-9]{1,19}$/.test(literal)) {
    const integer = BigInt(literal);
    if (BigInt.asIntN(64, integer) === integer) return integer;
  }
  throw malformedAt(value.at, `${what}: number ${literal.slice(0, 40)} is not a 64-bit integer`);
}

/**
 * A struct field: the members of all objects of that name, in document order, so that a later one is merged over an earlier
 * one. Undefined when it is absent. Throws `malformed` for any other type.
 */
export function objectField(object: JsonObject, name: string): JsonObject | undefined {
  const objects = membersNamed(object, name).map((value) => objectOf(value, name));
  const [first] = objects;
  return first && { kind: 'object', at: first.at, members: objects.flatMap(({ members }) => members) };
}

/** An array field; undefined when it is absent or finally `null`. Throws `malformed` for any other type. */
export function arrayField(object: JsonObject, name: string): JsonArray | undefined {
  let field: JsonArray | undefined;
  for (const value of membersNamed(object, name)) {
    field = value.kind === 'null' ? undefined : expectKind(value, 'array', name);
  }
  return field;
}

/** A field of type `[]string`; undefined when it is absent or finally `null`. */
export function stringArrayField(object: JsonObject, name: string): readonly string[] | undefined {
  return listField(object, name, '', (value) => expectKind(value, 'string', name).value);
}

/**
 * A field that is a slice of structs. Of several the members of objects at the same position are merged, a `null` adds none;
 * all must decode, also those that do not count in the end. Undefined when it is absent or finally `null`. Throws `malformed`
 * for any other type.
 */
export function structArrayField<T>(
  object: JsonObject,
  name: string,
  decode: (element: JsonObject) => T,
): readonly T[] | undefined {
  const nothing: JsonObject = { kind: 'object', at: object.at, members: [] };
  const elements = listField(object, name, nothing, (value, before) => {
    const { at, members } = expectKind(value, 'object', name);
    const element: JsonObject = { kind: 'object', at, members: [...before.members, ...members] };
    decode(element);
    return element;
  });
  return elements?.map(decode);
}

/** A field of type `[]byte`: base64, or an array of numbers 0 to 255. Undefined when it is absent or finally `null`. */
export function bytesField(object: JsonObject, name: string): Uint8Array | undefined {
  let field: Uint8Array | undefined;
  for (const value of membersNamed(object, name)) {
    field = value.kind === 'null' ? undefined : bytesOf(value, field, name);
  }
  return field;
}

/** A field of type `[][]byte`; an element that is `null` is empty. Undefined when it is absent or finally `null`. */
export function bytesArrayField(object: JsonObject, name: string): readonly Uint8Array[] | undefined {
  const nothing: Uint8Array = new Uint8Array();
  return listField(object, name, nothing, (value, before) => bytesOf(value, before, name), nothing);
}

/** A field of type `map[string]string`; maps of the same name are merged. Undefined when it is absent or finally `null`. */
export function stringMapField(object: JsonObject, name: string): ReadonlyMap<string, string> | undefined {
  let field: Map<string, string> | undefined;
  for (const value of membersNamed(object, name)) {
    if (value.kind === 'null') {
      field = undefined;
      continue;
    }
    field ??= new Map();
    for (const { key, value: item } of expectKind(value, 'object', name).members) {
      field.set(key, item.kind === 'null' ? '' : expectKind(item, 'string', `${name}.${key}`).value);
    }
  }
  return field;
}

/**
 * A field of type `*time.Time`, RFC 3339 as Go reads it; undefined when it is absent or finally `null`. Throws `malformed`
 * for anything else, also for a text with escapes, which Go does not decode here.
 */
export function timeField(object: JsonObject, name: string): Instant | undefined {
  let field: Instant | undefined;
  for (const value of membersNamed(object, name)) {
    field = value.kind === 'null' ? undefined : timeOf(value, name);
  }
  return field;
}

function timeOf(value: JsonValue, what: string): Instant {
  const { value: text, escaped } = expectKind(value, 'string', what);
  const instant = escaped ? undefined : parseGoTime(text);
  if (instant === undefined)
    throw malformedAt(value.at, `${what}: ${quote(text.slice(0, 60))} is not an RFC 3339 time`);
  return instant;
}

/**
 * A slice field. Go decodes a second array over the elements of the first one, so that a `null` in it leaves what stood
 * there, except where `onNull` says what a `null` makes of an element.
 */
function listField<T>(
  object: JsonObject,
  name: string,
  zero: T,
  decode: (value: JsonValue, before: T) => T,
  onNull?: T,
): readonly T[] | undefined {
  let memory: T[] = [];
  let field: readonly T[] | undefined;
  for (const value of membersNamed(object, name)) {
    if (value.kind === 'null') {
      memory = [];
      field = undefined;
      continue;
    }
    const { items } = expectKind(value, 'array', name);
    items.forEach((item, index) => {
      const before = memory[index] ?? zero;
      memory[index] = item.kind === 'null' ? (onNull ?? before) : decode(item, before);
    });
    if (items.length === 0) memory = [];
    field = memory.slice(0, items.length);
  }
  return field;
}

function bytesOf(value: JsonValue, before: Uint8Array | undefined, what: string): Uint8Array {
  if (value.kind === 'string') return decodeBase64(value.value);
  const { items } = expectKind(value, 'array', what);
  return Uint8Array.from(items, (item, index) => (item.kind === 'null' ? (before?.[index] ?? 0) : byteOf(item, what)));
}

function byteOf(value: JsonValue, what: string): number {
  const { literal } = expectKind(value, 'number', what);
  if (!/^[0-9]{1,3}$/.test(literal) || Number(literal) > 255) {
    throw malformedAt(value.at, `${what}: number ${literal.slice(0, 40)} is not a byte`);
  }
  return Number(literal);
}

type OfKind<K extends JsonValue['kind']> = Extract<JsonValue, { kind: K }>;

/** Narrows a value to the kind that a reader needs. Throws `malformed`, naming what was read. */
export function expectKind<K extends JsonValue['kind']>(value: JsonValue, kind: K, what: string): OfKind<K> {
  if (value.kind !== kind) throw malformedAt(value.at, `${what}: expected ${kind}, found ${value.kind}`);
  return value as OfKind<K>;
}
