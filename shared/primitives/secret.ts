// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';

/** A text that must not be printed: every conversion gives a placeholder, only `reveal` gives the text. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself; for adapters that hand it to its destination. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
