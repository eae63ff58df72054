// SPDX-License-Identifier: Apache-2.0

/** One challenge of a `WWW-Authenticate` header (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case; of repeated ones the first counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parses every challenge of every header value; what follows a syntax error in a value is ignored. */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const values = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  return values.flatMap((value) => new ChallengeScanner(value).challenges());
}

const tokenCharacter = /[!#$%&'*+.^_`|~0-9A-Za-z-]/;
/** Also the characters of token68, which stands where parameters would (RFC 9110, 11.2). */
const looseCharacter = /[!#$%&'*+.^_`|~0-9A-Za-z/:-]/;

class ChallengeScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  challenges(): Challenge[] {
    const found: { scheme: string; parameters: Map<string, string> }[] = [];
    for (;;) {
      this.#skip(/[ \t,]/);
      const name = this.#take(tokenCharacter);
      if (name === '') return found;
      const afterName = this.#at;
      this.#skip(/[ \t]/);
      const current = found.at(-1);
      if (this.#text[this.#at] !== '=' || current === undefined) {
        // A name without a value begins the next challenge, if a space or the end follows it.
        if (this.#at === afterName && this.#at < this.#text.length && this.#text[this.#at] !== ',') return found;
        found.push({ scheme: name.toLowerCase(), parameters: new Map() });
        continue;
      }
      const value = this.#value();
      if (value === undefined) return found;
      const key = name.toLowerCase();
      if (!current.parameters.has(key)) current.parameters.set(key, value);
    }
  }

  /** The value after an equals sign; undefined for a quoted string that does not end. */
  #value(): string | undefined {
    this.#at++;
    this.#skip(/[ \t]/);
    if (this.#text[this.#at] !== '"') {
      const value = this.#take(looseCharacter);
      this.#skip(/=/);
      return value;
    }
    let value = '';
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      let character = this.#text.charAt(this.#at);
      if (character === '"') {
        this.#at++;
        return value;
      }
      if (character === '\\') character = this.#text.charAt(++this.#at);
      value += character;
    }
    return undefined;
  }

  #skip(characters: RegExp): void {
    while (this.#at < this.#text.length && characters.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #take(characters: RegExp): string {
    const start = this.#at;
    this.#skip(characters);
    return this.#text.slice(start, this.#at);
  }
}
