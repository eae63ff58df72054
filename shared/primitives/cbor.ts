// SPDX-License-Identifier: Apache-2.0
import { Decoder } from 'cbor-x/decode';
import { NotaryError } from '../errors.ts';
import { utf8OfBytes } from './bytes.ts';
import type { CborFloat, CborItem, CborMap, CborSimple, CborTagged } from './cbor-item.ts';
import { checkMapKeys, checkTag } from './cbor-validity.ts';

export interface CborOptions {
  readonly tags: 'allowed' | 'forbidden';
}

// Limits of go-cose's decoder (fxamacker/cbor defaults): what it refuses, we refuse.
const maximumDepth = 32;
const maximumElements = 131_072;

/**
 * Decodes one CBOR data item and nothing after it (RFC 8949), as strictly as go-cose: definite lengths, no duplicate keys,
 * valid UTF-8, at most 32 levels and 131072 elements; longer heads than needed pass. Throws `malformed`.
 *
 * The walk over heads is ours, because cbor-x gives tags meanings of its own (dates, patterns, references), merges duplicate
 * keys, repairs text and takes `1.0` for `1`; it decodes the scalars.
 */
export function parseCbor(bytes: Uint8Array, options: CborOptions): CborItem {
  const reader: Reader = { bytes, offset: 0, tags: options.tags };
  const item = readItem(reader, 0);
  if (reader.offset !== bytes.length) {
    throw malformed(`${bytes.length - reader.offset} bytes of extraneous data starting at index ${reader.offset}`);
  }
  return item;
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly tags: CborOptions['tags'];
  offset: number;
}

interface Head {
  readonly major: number;
  /** Low five bits of the first byte. */
  readonly info: number;
  readonly argument: bigint;
  readonly start: number;
}

function readItem(reader: Reader, depth: number): CborItem {
  const head = readHead(reader);
  switch (head.major) {
    case 0:
    case 1:
      return { kind: 'integer', value: integerOf(head, BigInt(scalar(reader, head) as number | bigint)) };
    case 2:
      return { kind: 'bytes', value: readString(reader, head).slice() };
    case 3:
      return { kind: 'text', value: textOf(readString(reader, head)) };
    case 4: {
      const headLength = reader.offset - head.start;
      return { kind: 'array', headLength, items: readItems(reader, countOf(reader, head, 1), depth + 1) };
    }
    case 5:
      return readMap(reader, countOf(reader, head, 2), depth + 1);
    case 6:
      return readTag(reader, head, depth);
    default:
      return readSimple(reader, head);
  }
}

function readHead(reader: Reader): Head {
  const start = reader.offset;
  const first = take(reader, 1)[0] ?? 0;
  const [major, info] = [first >> 5, first & 0x1f];
  if (info < 24) return { major, info, argument: BigInt(info), start };
  if (info === 31) throw malformed(`indefinite length or break at index ${start} is not allowed`);
  if (info > 27) throw malformed(`invalid additional information ${info} at index ${start}`);
  let argument = 0n;
  for (const byte of take(reader, 1 << (info - 24))) argument = (argument << 8n) | BigInt(byte);
  return { major, info, argument, start };
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.offset + length;
  if (end > reader.bytes.length) throw malformed('unexpected end of data');
  const taken = reader.bytes.subarray(reader.offset, end);
  reader.offset = end;
  return taken;
}

const scalars = new Decoder({ useRecords: false, mapsAsObjects: false });

/** The value of an item that is nothing but its head. */
function scalar(reader: Reader, head: Head): unknown {
  return scalars.decode(reader.bytes.slice(head.start, reader.offset));
}

/** Go keeps integers in 64 bits with a sign; a larger negative one becomes a big integer, a larger positive one fails. */
function integerOf(head: Head, value: bigint): bigint {
  if (value > 0x7fff_ffff_ffff_ffffn) throw malformed(`integer at index ${head.start} overflows int64`);
  return value;
}

function readString(reader: Reader, { argument }: Head): Uint8Array {
  if (argument > BigInt(reader.bytes.length - reader.offset)) throw malformed('unexpected end of data');
  return take(reader, Number(argument));
}

function textOf(bytes: Uint8Array): string {
  const text = utf8OfBytes(bytes);
  if (text === undefined) throw malformed('invalid UTF-8 string');
  return text;
}

/** The number of elements or pairs, once it is known that they could all be there. */
function countOf(reader: Reader, { argument, start }: Head, bytesPerElement: number): number {
  if (argument > maximumElements) throw malformed(`more than ${maximumElements} elements at index ${start}`);
  const count = Number(argument);
  if (count * bytesPerElement > reader.bytes.length - reader.offset) throw malformed('unexpected end of data');
  return count;
}

function readItems(reader: Reader, count: number, depth: number): CborItem[] {
  checkDepth(depth);
  return Array.from({ length: count }, () => readItem(reader, depth));
}

function readMap(reader: Reader, pairs: number, depth: number): CborMap {
  checkDepth(depth);
  const entries = Array.from({ length: pairs }, () => [readItem(reader, depth), readItem(reader, depth)] as const);
  checkMapKeys(entries.map(([key]) => key));
  return { kind: 'map', entries };
}

/** A tag directly inside another one is a level of its own, as for go-cose. */
function readTag(reader: Reader, head: Head, depth: number): CborTagged {
  if (reader.tags === 'forbidden') throw malformed(`CBOR tag at index ${head.start} is not allowed`);
  const nested = (reader.bytes[reader.offset] ?? 0) >> 5 === 6;
  if (nested) checkDepth(depth + 1);
  const content = readItem(reader, nested ? depth + 1 : depth);
  checkTag(head.argument, content);
  return { kind: 'tag', tag: head.argument, content };
}

function readSimple(reader: Reader, head: Head): CborFloat | CborSimple {
  if (head.info >= 25) return { kind: 'float', value: Number(scalar(reader, head)) };
  if (head.info === 24 && head.argument < 32n) throw malformed(`invalid simple value at index ${head.start}`);
  return { kind: 'simple', value: Number(head.argument) };
}

function checkDepth(depth: number): void {
  if (depth > maximumDepth) throw malformed(`exceeded max nested level ${maximumDepth}`);
}

function malformed(message: string): NotaryError {
  return new NotaryError('malformed', `cbor: ${message}`);
}
