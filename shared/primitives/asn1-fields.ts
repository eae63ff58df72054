// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader, tag, type DerElement } from './asn1.ts';

interface Header {
  readonly tag: number;
  readonly contentStart: number;
  readonly length: number;
}

/**
 * Reads the members of a SEQUENCE or SET as Go's `encoding/asn1` does, which is what the reference reads CMS and
 * timestamps with. It differs from `DerReader` (Go's `cryptobyte`, for certificates) in what it lets pass: optional members
 * that do not fit are passed over, whatever follows the last known member is not looked at, and identifiers may have
 * several octets. Every failure is a NotaryError `malformed` in Go's words.
 */
export class Asn1Fields {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything has been read. */
  get empty(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** The next value, whatever its identifier; `tag` is -1 if that has several octets. */
  any(): DerElement {
    const element = this.optionalAny();
    if (element === undefined) throw malformed('syntax error: sequence truncated');
    return element;
  }

  /** The next value, whatever its identifier; undefined at the end. */
  optionalAny(): DerElement | undefined {
    const header = this.#header();
    return header && this.#take(header);
  }

  /** The next value, which must have one of these tags. */
  required(...tags: readonly number[]): DerElement {
    const element = this.any();
    if (!tags.includes(element.tag)) throw malformed("structure error: tags don't match");
    return element;
  }

  /** The next value if it has one of these tags; identifier and length must be well-formed all the same. */
  optional(...tags: readonly number[]): DerElement | undefined {
    const header = this.#header();
    return header === undefined || !tags.includes(header.tag) ? undefined : this.#take(header);
  }

  /** The members of the next value, which must be a SEQUENCE, or have another tag. */
  fields(expected: number = tag.sequence): Asn1Fields {
    return new Asn1Fields(this.required(expected).content);
  }

  /** The members of the next value if it has this tag. */
  optionalFields(expected: number = tag.sequence): Asn1Fields | undefined {
    const element = this.optional(expected);
    return element === undefined ? undefined : new Asn1Fields(element.content);
  }

  /**
   * The value inside `[n] EXPLICIT` (`outer` is its constructed tag), if that is next and the value has one of these tags.
   * As in Go, the length of the outer is not held against that of the value.
   */
  optionalExplicit(outer: number, ...tags: readonly number[]): DerElement | undefined {
    const start = this.#position;
    const header = this.#header();
    if (header === undefined) return undefined;
    const { contentStart, length } = header;
    if (contentStart === this.#bytes.length) throw malformed('structure error: explicit tag has no child');
    const primitive = outer & ~0x20;
    if (header.tag !== outer && !(header.tag === primitive && length === 0)) return undefined;
    if (length === 0) throw malformed('structure error: zero length explicit tag was not an asn1.Flag');
    this.#position = contentStart;
    const value = this.optional(...tags);
    if (value === undefined) this.#position = start;
    return value;
  }

  /** INTEGER of any size. */
  integer(): bigint {
    return integerOf(this.required(tag.integer));
  }

  /** INTEGER that fits a signed 64-bit number. */
  int64(): bigint {
    return int64Of(this.required(tag.integer));
  }

  /** OBJECT IDENTIFIER in dotted form. */
  objectIdentifier(): string {
    return new DerReader(this.required(tag.objectIdentifier).encoded).objectIdentifier(problemOf('object identifier'));
  }

  /** OCTET STRING in one piece. */
  octetString(): Uint8Array {
    return this.required(tag.octetString).content;
  }

  #header(): Header | undefined {
    const start = this.#position;
    const first = this.#bytes[start];
    if (first === undefined) return undefined;
    const multiple = (first & 0x1f) === 0x1f;
    const afterTag = multiple ? this.#tagNumberEnd(start + 1) : start + 1;
    return { tag: multiple ? -1 : first, ...this.#length(afterTag) };
  }

  #take({ tag: own, contentStart, length }: Header): DerElement {
    const end = contentStart + length;
    if (end > this.#bytes.length) throw malformed('syntax error: data truncated');
    const element = {
      tag: own,
      content: this.#bytes.subarray(contentStart, end),
      encoded: this.#bytes.subarray(this.#position, end),
    };
    this.#position = end;
    return element;
  }

  /** X.690 8.1.2.4: base 128, minimal, at least 31, at most 2³¹−1. */
  #tagNumberEnd(start: number): number {
    let number = 0;
    for (let position = start; ; position++) {
      const octet = this.#bytes[position];
      if (octet === undefined) throw malformed('syntax error: truncated base 128 integer');
      if (position === start && octet === 0x80) throw malformed('syntax error: integer is not minimally encoded');
      number = number * 128 + (octet & 0x7f);
      if (number >= 2 ** 31) throw malformed('structure error: base 128 integer too large');
      if (octet >= 0x80) continue;
      if (number < 0x1f) throw malformed('syntax error: non-minimal tag');
      return position + 1;
    }
  }

  #length(position: number): { contentStart: number; length: number } {
    const first = this.#bytes[position];
    if (first === undefined) throw malformed('syntax error: truncated tag or length');
    if (first < 0x80) return { contentStart: position + 1, length: first };
    const octets = first & 0x7f;
    if (octets === 0) throw malformed('syntax error: indefinite length found (not DER)');
    let length = 0;
    for (let i = 1; i <= octets; i++) {
      const octet = this.#bytes[position + i];
      if (octet === undefined) throw malformed('syntax error: truncated tag or length');
      if (length >= 2 ** 23) throw malformed('structure error: length too large');
      length = length * 0x100 + octet;
      if (length === 0) throw malformed('structure error: superfluous leading zeros in length');
    }
    if (length < 0x80) throw malformed('structure error: non-minimal length');
    return { contentStart: position + 1 + octets, length };
  }
}

/** The members of a SEQUENCE that stands at the start of the bytes; what follows it is not looked at. */
export function sequenceAt(bytes: Uint8Array): Asn1Fields {
  return new Asn1Fields(bytes).fields();
}

/** The values of a SEQUENCE OF or SET OF, which must all have one tag. */
export function valuesOf(content: Uint8Array, expected: number): DerElement[] {
  const values: DerElement[] = [];
  for (const fields = new Asn1Fields(content); !fields.empty;) values.push(fields.required(expected));
  return values;
}

/** INTEGER of any size, under whatever tag. */
export function integerOf({ tag: own, encoded }: DerElement): bigint {
  return new DerReader(encoded).integer(problemOf('integer'), own);
}

/** INTEGER that fits a signed 64-bit number, under whatever tag. */
export function int64Of({ tag: own, encoded }: DerElement): bigint {
  return new DerReader(encoded).int64(problemOf('integer'), own);
}

function problemOf(what: string): string {
  return `asn1: structure error: malformed ${what}`;
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', `asn1: ${problem}`);
}
