// SPDX-License-Identifier: Apache-2.0
import type { NotaryError } from '../errors.ts';
import { type JsonPosition, malformedAt } from './json-position.ts';

const space = /[ \t\r\n]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
const hexDigits = /[0-9a-fA-F]{4}/y;

const simpleEscapes = '"\\/bfnrt';

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
    const start = ++this.#offset;
    let escaped = false;
    this.#match(plainText);
    while (!this.takeIf('"')) {
      if (this.peek() !== '\\') throw this.unexpected('in string literal');
      escaped = true;
      this.#escape();
      this.#match(plainText);
    }
    const raw = this.#text.slice(start, this.#offset - 1);
    // decoded as a whole: text put together from millions of pieces would take many times its size
    return { value: escaped ? (JSON.parse(`"${raw}"`) as string).replace(/\p{Surrogate}/gu, '\ufffd') : raw, escaped };
  }

  error(message: string): NotaryError {
    return malformedAt(this.position(), message);
  }

  unexpected(where: string): NotaryError {
    if (this.atEnd()) return this.error('unexpected end of JSON input');
    const character = String.fromCodePoint(this.#text.codePointAt(this.#offset) ?? 0);
    return this.error(`invalid character '${character}' ${where}`);
  }

  #escape(): void {
    this.#offset++;
    if (this.peek() === 'u') {
      this.#offset++;
      if (this.#match(hexDigits) === '') throw this.unexpected('in \\u hexadecimal character escape');
    } else if (!this.atEnd() && simpleEscapes.includes(this.peek())) {
      this.#offset++;
    } else {
      throw this.unexpected('in string escape code');
    }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#offset += found.length;
    return found;
  }
}
