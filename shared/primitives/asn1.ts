// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { hexOfBytes } from './bytes.ts';

/** Identifier octets of the types that are read here (ITU-T X.690, 8.1.2). */
export const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n] IMPLICIT` of a primitive type. */
export function contextTag(number: number): number {
  return 0x80 | number;
}

/** `[n]` of a constructed type, or `[n] EXPLICIT`. */
export function contextConstructedTag(number: number): number {
  return 0xa0 | number;
}

/** One value as it stands in its encoding. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Identifier, length and content. */
  readonly encoded: Uint8Array;
}

/** Bits of a BIT STRING, first bit in the top position of the first byte; the last byte may have unused low bits. */
export interface BitString {
  readonly bytes: Uint8Array;
  readonly unusedBits: number;
}

/**
 * Reads DER from front to back, as strictly as Go's `cryptobyte`: definite and minimal lengths, single-octet identifiers,
 * canonical values. It goes only as deep as it is asked to, so depth is bounded by the caller's grammar, and what the
 * grammar does not name is not looked at: exactly that decides what Go accepts, which no tree-building decoder follows.
 * Every failure is a NotaryError `malformed` with the text that the caller gives.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything has been read. */
  get empty(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** Whether the next value, if there is one, has this tag. */
  nextIs(expected: number): boolean {
    return this.#bytes[this.#position] === expected;
  }

  /** The next value, whatever its tag. */
  any(problem: string): DerElement {
    const start = this.#position;
    const identifier = this.#bytes[start];
    if (identifier === undefined || (identifier & 0x1f) === 0x1f) throw malformed(problem);
    const { contentStart, length } = this.#length(start + 1, problem);
    const end = contentStart + length;
    if (end > this.#bytes.length) throw malformed(problem);
    this.#position = end;
    return {
      tag: identifier,
      content: this.#bytes.subarray(contentStart, end),
      encoded: this.#bytes.subarray(start, end),
    };
  }

  /** X.690 8.1.3, restricted by 10.1 to the shortest form; four length octets are as many as Go reads. */
  #length(position: number, problem: string): { contentStart: number; length: number } {
    const first = this.#bytes[position];
    if (first === undefined) throw malformed(problem);
    if (first < 0x80) return { contentStart: position + 1, length: first };
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4) throw malformed(problem);
    let length = 0;
    for (let i = 1; i <= octets; i++) {
      const octet = this.#bytes[position + i];
      if (octet === undefined) throw malformed(problem);
      length = length * 0x100 + octet;
    }
    if (length < 0x80 || length < 0x100 ** (octets - 1)) throw malformed(problem);
    return { contentStart: position + 1 + octets, length };
  }

  /** The next value, which must have this tag, with its encoding. */
  element(expected: number, problem: string): DerElement {
    const element = this.any(problem);
    if (element.tag !== expected) throw malformed(problem);
    return element;
  }

  /** The content of the next value, which must have this tag. */
  content(expected: number, problem: string): Uint8Array {
    return this.element(expected, problem).content;
  }

  /** A reader of the content of the next value, which must have this tag. */
  enter(expected: number, problem: string): DerReader {
    return new DerReader(this.content(expected, problem));
  }

  /** Like `enter`, or undefined if the next value has another tag. */
  enterOptional(expected: number, problem: string): DerReader | undefined {
    return this.nextIs(expected) ? this.enter(expected, problem) : undefined;
  }

  /** BOOLEAN: 00 or FF only. */
  boolean(problem: string): boolean {
    const content = this.content(tag.boolean, problem);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw malformed(problem);
    return content[0] === 0xff;
  }

  /** INTEGER of any size, or the same under an implicit tag. */
  integer(problem: string, expected: number = tag.integer): bigint {
    const content = this.content(expected, problem);
    const [first, second = 0] = content;
    if (first === undefined) throw malformed(problem);
    const redundant = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
    if (content.length > 1 && redundant) throw malformed(problem);
    const unsigned = BigInt(`0x${hexOfBytes(content)}`);
    return first < 0x80 ? unsigned : unsigned - (1n << BigInt(8 * content.length));
  }

  /** INTEGER that fits a signed 64-bit number. */
  int64(problem: string, expected: number = tag.integer): bigint {
    const value = this.integer(problem, expected);
    if (BigInt.asIntN(64, value) !== value) throw malformed(problem);
    return value;
  }

  /** BIT STRING whose unused bits are zero. */
  bitString(problem: string): BitString {
    const content = this.content(tag.bitString, problem);
    const unusedBits = content[0];
    const bytes = content.subarray(1);
    if (unusedBits === undefined || unusedBits > 7) throw malformed(problem);
    if (((bytes.at(-1) ?? 0) & ((1 << unusedBits) - 1)) !== 0 || (bytes.length === 0 && unusedBits > 0)) {
      throw malformed(problem);
    }
    return { bytes, unusedBits };
  }

  /** OBJECT IDENTIFIER in dotted form; no arc above 2³¹−1, as in Go. */
  objectIdentifier(problem: string): string {
    const content = this.content(tag.objectIdentifier, problem);
    const arcs: number[] = [];
    let position = 0;
    while (position < content.length) {
      const arc = readArc(content, position);
      if (arc === undefined) throw malformed(problem);
      position += arc.octets;
      if (arcs.length > 0) arcs.push(arc.value);
      else arcs.push(...firstArcs(arc.value));
    }
    if (arcs.length === 0) throw malformed(problem);
    return arcs.join('.');
  }
}

/** X.690 8.19.4: the first two arcs share one subidentifier. */
function firstArcs(subidentifier: number): [number, number] {
  const first = Math.min(Math.floor(subidentifier / 40), 2);
  return [first, subidentifier - 40 * first];
}

/** One subidentifier (X.690 8.19.2), without a leading 0x80. */
function readArc(content: Uint8Array, start: number): { value: number; octets: number } | undefined {
  let value = 0;
  for (let position = start; position < content.length; position++) {
    const octet = content[position] ?? 0;
    if (value >= 2 ** 24 || (position === start && octet === 0x80)) return undefined;
    value = value * 128 + (octet & 0x7f);
    if (octet < 0x80) return { value, octets: position - start + 1 };
  }
  return undefined;
}

/** The bits as a whole number of bytes, shifted so that the last bit is the lowest one (Go's `RightAlign`). */
export function rightAligned({ bytes, unusedBits }: BitString): Uint8Array {
  if (unusedBits === 0) return bytes;
  return bytes.map((byte, i) => (byte >> unusedBits) | (i === 0 ? 0 : (bytes[i - 1] ?? 0) << (8 - unusedBits)));
}

/** Whether the bit at a position is set; bits beyond the end are not. */
export function bitAt({ bytes, unusedBits }: BitString, position: number): boolean {
  if (position >= bytes.length * 8 - unusedBits) return false;
  return ((bytes[position >> 3] ?? 0) & (0x80 >> (position & 7))) !== 0;
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
