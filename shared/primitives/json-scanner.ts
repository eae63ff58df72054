// SPDX-License-Identifier: Apache-2.0
import type { NotaryError } from '../errors.ts';
import { type JsonPosition, malformedAt } from './json-position.ts';

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

/** Reads the tokens of a JSON text one after the other. Its methods throw `malformed` with line and column. */
export class JsonScanner {
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
