// SPDX-License-Identifier: Apache-2.0
import { Encoder, Tag } from 'cbor-x/encode';
import { NotaryError } from '../errors.ts';

/** What can be written: numbers are integers where they are whole, else 64-bit floats. */
export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | CborEpochTime
  | readonly CborValue[]
  | ReadonlyMap<string | number | bigint, CborValue>;

/** Tag 1 with whole seconds (RFC 8949 section 3.4.2). */
export interface CborEpochTime {
  readonly epochSeconds: bigint;
}

/** Deeper values than this could not be read again. */
const maximumDepth = 32;

const encoder = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false, variableMapSize: true });

/**
 * Encodes by the core deterministic rules (RFC 8949 section 4.2.1): shortest heads, map keys sorted by their encoding.
 * Throws `malformed` for what CBOR or Go cannot hold.
 */
export function encodeCbor(value: CborValue): Uint8Array {
  return encodeAny(prepare(value, 0));
}

function encodeAny(value: unknown): Uint8Array {
  // a copy, because the encoder's buffer holds the next value too
  return new Uint8Array(encoder.encode(value));
}

/** Arranges a value so that cbor-x, which keeps the order of maps and writes large numbers as floats, writes it as we must. */
function prepare(value: CborValue, depth: number): unknown {
  if (depth > maximumDepth) throw new NotaryError('malformed', `cbor: exceeded max nested level ${maximumDepth}`);
  if (typeof value === 'number' || typeof value === 'bigint') return integerOrFloat(value);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (value instanceof Map) return sortedMap(value as ReadonlyMap<string | number | bigint, CborValue>, depth);
  if (isList(value)) return value.map((item) => prepare(item, depth + 1));
  if ('epochSeconds' in value) return new Tag(integerOrFloat(value.epochSeconds), 1);
  throw new NotaryError('malformed', 'cbor: unsupported value');
}

function isList(value: object): value is readonly CborValue[] {
  return Array.isArray(value);
}

/** cbor-x writes numbers up to 32 bits and bigints of 64 bits; in between it would write a float. */
function integerOrFloat(value: number | bigint): number | bigint {
  if (typeof value === 'number' && !Number.isInteger(value)) return value;
  const integer = BigInt(value);
  if (BigInt.asIntN(64, integer) !== integer) throw new NotaryError('malformed', 'cbor: integer overflows int64');
  return integer >= -0x1_0000_0000n && integer <= 0xffff_ffffn ? Number(integer) : integer;
}

function sortedMap(map: ReadonlyMap<string | number | bigint, CborValue>, depth: number): Map<unknown, unknown> {
  const entries = [...map].map(([key, item]) => {
    const plainKey = prepare(key, depth + 1);
    return { key: plainKey, encodedKey: encodeAny(plainKey), value: prepare(item, depth + 1) };
  });
  entries.sort((a, b) => Buffer.compare(a.encodedKey, b.encodedKey));
  return new Map(entries.map(({ key, value }) => [key, value]));
}
