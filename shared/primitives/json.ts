// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { decodeUtf8 } from './utf8.ts';

/** A parsed JSON value that still knows where and how it was written, so that a reader can be as exact as Go's. */
export type JsonValue = JsonNull | JsonBoolean | JsonNumber | JsonString | JsonArray | JsonObject;

interface JsonNode {
  /** Where the value begins, for messages. */
  readonly at: JsonPosition;
}

export interface JsonNull extends JsonNode {
  readonly kind: 'null';
}

export interface JsonBoolean extends JsonNode {
  readonly kind: 'boolean';
  readonly value: boolean;
}

/** A number as its literal: `481.0` is not an integer, and 64 bits do not fit a JavaScript number. */
export interface JsonNumber extends JsonNode {
  readonly kind: 'number';
  readonly literal: string;
}

export interface JsonString extends JsonNode {
  readonly kind: 'string';
  readonly value: string;
  /** Whether it was written with escapes: Go's time parser sees the text between the quotes undecoded. */
  readonly escaped: boolean;
}

export interface JsonArray extends JsonNode {
  readonly kind: 'array';
  readonly items: readonly JsonValue[];
}

/** An object with its members in document order, duplicates included. */
export interface JsonObject extends JsonNode {
  readonly kind: 'object';
  readonly members: readonly JsonMember[];
}

export interface JsonMember {
  readonly key: string;
  readonly value: JsonValue;
}

/** Position in a document; line and column are found only when a message needs them. */
export interface JsonPosition {
  readonly text: string;
  readonly offset: number;
}

export interface JsonOptions {
  /** What to do with anything but white space after the value: `json.Unmarshal` rejects, `json.Decoder` ignores. */
  readonly trailing: 'reject' | 'ignore';
}

/** Go's limit of nesting; deeper documents are refused (`encoding/json` maxNestingDepth). */
const maximumDepth = 10_000;

/**
 * Parses JSON as Go's `encoding/json` does (reference 0.2.1): invalid UTF-8 and lone surrogates in strings become U+FFFD.
 * Throws `malformed` with line and column.
 */
export function parseJson(input: Uint8Array | string, options: JsonOptions = { trailing: 'reject' }): JsonValue {
  const scanner = new Scanner(typeof input === 'string' ? input : decodeUtf8(input));
  const value = readDocument(scanner);
  if (options.trailing === 'reject') {
    scanner.skipSpace();
    if (!scanner.atEnd()) throw scanner.unexpected('after top-level value');
  }
  return value;
}

/** An error that points at a position of a JSON document. */
export function malformedAt(position: JsonPosition, message: string): NotaryError {
  const before = position.text.slice(0, position.offset);
  const line = before.split('\n').length;
  const column = position.offset - before.lastIndexOf('\n');
  return new NotaryError('malformed', `${message} (line ${line}, column ${column})`, {
    location: { line, column },
    hint: 'The document must be valid JSON with members of the documented types.',
  });
}

interface OpenArray {
  readonly node: JsonArray;
  readonly items: JsonValue[];
}

interface OpenObject {
  readonly node: JsonObject;
  readonly members: JsonMember[];
  key: string;
}

type Open = OpenArray | OpenObject;

/** Reads one value with a stack of its own: the document decides the depth, the JavaScript stack must not. */
function readDocument(scanner: Scanner): JsonValue {
  const open: Open[] = [];
  for (;;) {
    scanner.skipSpace();
    if (open.length === maximumDepth && /[[{]/.test(scanner.peek())) throw scanner.error('exceeded max depth');
    const started = startValue(scanner);
    if ('node' in started) {
      open.push(started);
      continue;
    }
    let value: JsonValue = started;
    for (;;) {
      const parent = open.at(-1);
      if (parent === undefined) return value;
      if (attach(scanner, parent, value) === 'open') break;
      open.pop();
      value = parent.node;
    }
  }
}

/** A whole scalar or empty container, or a container that waits for its first value. */
function startValue(scanner: Scanner): JsonValue | Open {
  const at = scanner.position();
  switch (scanner.peek()) {
    case '{':
      return startObject(scanner, at);
    case '[': {
      const items: JsonValue[] = [];
      scanner.take();
      scanner.skipSpace();
      const node: JsonArray = { kind: 'array', at, items };
      return scanner.takeIf(']') ? node : { node, items };
    }
    case '"': {
      const { value, escaped } = scanner.string();
      return { kind: 'string', at, value, escaped };
    }
    case 't':
      scanner.word('true');
      return { kind: 'boolean', at, value: true };
    case 'f':
      scanner.word('false');
      return { kind: 'boolean', at, value: false };
    case 'n':
      scanner.word('null');
      return { kind: 'null', at };
    default:
      return { kind: 'number', at, literal: scanner.number() };
  }
}

function startObject(scanner: Scanner, at: JsonPosition): JsonObject | OpenObject {
  const members: JsonMember[] = [];
  const node: JsonObject = { kind: 'object', at, members };
  scanner.take();
  scanner.skipSpace();
  return scanner.takeIf('}') ? node : { node, members, key: scanner.key() };
}

/** Adds a value to its container and reads the separator; tells whether the container goes on. */
function attach(scanner: Scanner, parent: Open, value: JsonValue): 'open' | 'closed' {
  scanner.skipSpace();
  if ('items' in parent) {
    parent.items.push(value);
    if (scanner.takeIf(',')) return 'open';
    if (scanner.takeIf(']')) return 'closed';
    throw scanner.unexpected('after array element');
  }
  parent.members.push({ key: parent.key, value });
  if (scanner.takeIf(',')) {
    parent.key = scanner.key();
    return 'open';
  }
  if (scanner.takeIf('}')) return 'closed';
  throw scanner.unexpected('after object key:value pair');
}

const space = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
const hexDigits = /[0-9a-fA-F]{4}/y;

const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Tokens of a JSON text. */
class Scanner {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  position(): JsonPosition {
    return { text: this.#text, offset: this.#offset };
  }

  atEnd(): boolean {
    return this.#offset >= this.#text.length;
  }

  peek(): string {
    return this.#text.charAt(this.#offset);
  }

  take(): string {
    return this.#text.charAt(this.#offset++);
  }

  takeIf(character: string): boolean {
    if (this.peek() !== character) return false;
    this.#offset++;
    return true;
  }

  skipSpace(): void {
    this.#match(space);
  }

  word(expected: string): void {
    for (const character of expected) {
      if (!this.takeIf(character)) throw this.unexpected(`in literal ${expected}`);
    }
  }

  number(): string {
    const literal = this.#match(number);
    if (literal === '') throw this.unexpected('looking for beginning of value');
    // a longest match that stops inside a number, such as `1.` or `2e`, is not a number
    if (/[.eE0-9]/.test(this.peek())) throw this.unexpected('in numeric literal');
    return literal;
  }

  /** A member's name with its colon. */
  key(): string {
    this.skipSpace();
    if (this.peek() !== '"') throw this.unexpected('looking for beginning of object key string');
    const { value } = this.string();
    this.skipSpace();
    if (!this.takeIf(':')) throw this.unexpected('after object key');
    return value;
  }

  string(): { value: string; escaped: boolean } {
    this.#offset++;
    let value = this.#match(plainText);
    let escaped = false;
    while (!this.takeIf('"')) {
      if (this.peek() !== '\\') throw this.unexpected('in string literal');
      escaped = true;
      value += this.#escape() + this.#match(plainText);
    }
    return { value, escaped };
  }

  error(message: string): NotaryError {
    return malformedAt(this.position(), message);
  }

  unexpected(where: string): NotaryError {
    if (this.atEnd()) return this.error('unexpected end of JSON input');
    const character = String.fromCodePoint(this.#text.codePointAt(this.#offset) ?? 0);
    return this.error(`invalid character '${character}' ${where}`);
  }

  #escape(): string {
    this.#offset++;
    const simple = simpleEscapes[this.peek()];
    if (simple !== undefined) {
      this.#offset++;
      return simple;
    }
    if (this.peek() !== 'u') throw this.unexpected('in string escape code');
    const unit = this.#unicodeEscape();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    return this.#surrogate(unit);
  }

  /** A pair of escapes, or U+FFFD for half of one; what follows a lone half is read again on its own. */
  #surrogate(high: number): string {
    const resume = this.#offset;
    if (high <= 0xdbff && this.#text.startsWith('\\u', this.#offset)) {
      this.#offset++;
      const low = this.#unicodeEscape();
      if (low >= 0xdc00 && low <= 0xdfff) return String.fromCharCode(high, low);
      this.#offset = resume;
    }
    return '\ufffd';
  }

  #unicodeEscape(): number {
    this.#offset++;
    const digits = this.#match(hexDigits);
    if (digits === '') throw this.unexpected('in \\u hexadecimal character escape');
    return Number.parseInt(digits, 16);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#offset += found.length;
    return found;
  }
}
