// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';

/** Values of one encoding: the largest timestamp tokens have a few thousand, and each costs memory here. */
const maxValues = 100_000;

/** One value, by its places in the bytes. */
interface Value {
  readonly start: number;
  /** Where its length stands. */
  readonly identifierEnd: number;
  readonly contentStart: number;
  readonly end: number;
  readonly constructed: boolean;
  readonly parent: Value | undefined;
  /** Octets of its content with every length in its shortest form. */
  length: number;
}

/**
 * BER with every length in its shortest form, as the reference makes it from a timestamp token before it reads it as DER
 * (reference section 9.4); nothing else is normalised. Indefinite lengths are refused, as is anything behind the value.
 * Throws `malformed`.
 */
export function derOfBer(ber: Uint8Array): Uint8Array {
  const values = readValues(ber);
  // every value stands behind the one it is in
  for (const value of values.toReversed()) {
    if (value.parent !== undefined) value.parent.length += headerLength(value) + value.length;
  }
  const [outermost] = values;
  const der = Buffer.alloc(outermost === undefined ? 0 : headerLength(outermost) + outermost.length);
  let position = 0;
  for (const value of values) {
    position += write(der, position, ber.subarray(value.start, value.identifierEnd));
    position += write(der, position, lengthOctets(value.length));
    if (!value.constructed) position += write(der, position, ber.subarray(value.contentStart, value.end));
  }
  return new Uint8Array(der);
}

/** All values from front to back, the outer ones before those inside. */
function readValues(ber: Uint8Array): Value[] {
  if (ber.length === 0) throw syntax('BER-encoded ASN.1 data structures is empty');
  const outermost = readValue(ber, 0, ber.length, undefined);
  if (outermost.end !== ber.length) {
    const [length, found] = [outermost.end - outermost.contentStart, ber.length - outermost.contentStart];
    throw syntax(`decoding BER: length octets value ${length} does not match with content length ${found}`);
  }
  const values = [outermost];
  let parent: Value | undefined = outermost.constructed ? outermost : undefined;
  let position = outermost.contentStart;
  while (parent !== undefined) {
    if (position === parent.end) {
      parent = parent.parent;
      continue;
    }
    const value = readValue(ber, position, parent.end, parent);
    if (values.push(value) > maxValues) throw structure(`decoding BER: more than ${maxValues} values`);
    position = value.constructed ? value.contentStart : value.end;
    if (value.constructed) parent = value;
  }
  return values;
}

function readValue(ber: Uint8Array, start: number, limit: number, parent: Value | undefined): Value {
  const identifierEnd = readIdentifier(ber, start, limit);
  const { contentStart, length } = readLength(ber, identifierEnd, limit);
  const constructed = ((ber[start] ?? 0) & 0x20) !== 0;
  const end = contentStart + length;
  return { start, identifierEnd, contentStart, end, constructed, parent, length: constructed ? 0 : length };
}

/** X.690 8.1.2; where the length stands. */
function readIdentifier(ber: Uint8Array, start: number, limit: number): number {
  let position = start + 1;
  if (((ber[start] ?? 0) & 0x1f) === 0x1f) {
    while (position < limit && (ber[position] ?? 0) >= 0x80) position++;
    if (position >= limit) throw syntax('decoding BER identifier octets: high-tag-number form with early EOF');
    position++;
  }
  if (position < limit) return position;
  throw syntax('decoding BER identifier octets: early EOF due to missing length and content octets');
}

/** X.690 8.1.3. A long form without any octet behind it is refused even for a length of zero, as in the reference. */
function readLength(ber: Uint8Array, position: number, limit: number): { contentStart: number; length: number } {
  const decoding = 'decoding BER length octets:';
  const first = ber[position] ?? 0;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const contentStart = position + 1 + octets;
  if (first === 0x80) throw structure(`${decoding} indefinite length not supported`);
  if (octets > 4) throw structure(`${decoding} length of encoded data (${octets} bytes) cannot exceed 4 bytes`);
  if (octets > 0 && contentStart >= limit) {
    throw syntax(`${decoding} long form length octets with early EOF`);
  }
  let length = octets === 0 ? first : 0;
  for (let i = position + 1; i < contentStart; i++) length = length * 0x100 + (ber[i] ?? 0);
  if (length >= 2 ** 31) throw structure(`${decoding} length ${length} does not fit the memory space of int32`);
  if (length <= limit - contentStart) return { contentStart, length };
  const form = octets === 0 ? 'short' : 'long';
  throw syntax(`${decoding} ${form} form length octets value should be less or equal to the subsequent octets length`);
}

function headerLength({ start, identifierEnd, length }: Value): number {
  return identifierEnd - start + lengthOctets(length).length;
}

function lengthOctets(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 0x100)) octets.unshift(rest % 0x100);
  return Uint8Array.of(0x80 | octets.length, ...octets);
}

function write(target: Buffer, position: number, bytes: Uint8Array): number {
  target.set(bytes, position);
  return bytes.length;
}

function syntax(problem: string): NotaryError {
  return new NotaryError('malformed', `asn1: syntax error: ${problem}`);
}

function structure(problem: string): NotaryError {
  return new NotaryError('malformed', `asn1: structure error: ${problem}`);
}
