// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';

/**
 * What Go could marshal: a plain object is a struct (members in the order given, undefined ones left out), a Map is a map
 * (keys sorted by bytes), a bigint an integer, a number a float64.
 */
export type GoJson =
  null | boolean | number | bigint | string | readonly GoJson[] | ReadonlyMap<string, GoJson> | GoJsonStruct;

export interface GoJsonStruct {
  readonly [member: string]: GoJson | undefined;
}

/** Deeper values than this are refused: nothing that is written here is nested by more than a few levels. */
const maximumDepth = 1000;

/** Encodes JSON byte for byte as Go's `json.Marshal` (reference 0.2.2). Throws `malformed` for what JSON cannot say. */
export function encodeGoJson(value: GoJson): Uint8Array {
  return new TextEncoder().encode(textOf(value, 0));
}

function textOf(value: GoJson, depth: number): string {
  if (depth > maximumDepth) throw new NotaryError('malformed', `JSON value nested deeper than ${maximumDepth} levels`);
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'string') return encodeString(value);
  if (typeof value === 'number') return encodeFloat(value);
  if (isArray(value)) return `[${value.map((item) => textOf(item, depth + 1)).join(',')}]`;
  if (value instanceof Map) return objectText(sortedEntries(value as ReadonlyMap<string, GoJson>), depth);
  return objectText(Object.entries(value), depth);
}

function isArray(value: GoJson): value is readonly GoJson[] {
  return Array.isArray(value);
}

function objectText(entries: readonly (readonly [string, GoJson | undefined])[], depth: number): string {
  const members = entries.flatMap(([key, item]) =>
    item === undefined ? [] : [`${encodeString(key)}:${textOf(item, depth + 1)}`],
  );
  return `{${members.join(',')}}`;
}

function sortedEntries(map: ReadonlyMap<string, GoJson>): (readonly [string, GoJson])[] {
  return [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Go's float64: the digits and the switch to exponents are JavaScript's, except for the negative zero. */
function encodeFloat(value: number): string {
  if (!Number.isFinite(value)) throw new NotaryError('malformed', `unsupported JSON value: ${value}`);
  return Object.is(value, -0) ? '-0' : String(value);
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

const escaped = /["\\<>&\u0000-\u001f\u2028\u2029]|\p{Cs}/gu;

function encodeString(text: string): string {
  return `"${text.replace(escaped, (character) => {
    const code = character.charCodeAt(0);
    if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
    return shortEscapes[character] ?? `\\u${code.toString(16).padStart(4, '0')}`;
  })}"`;
}
