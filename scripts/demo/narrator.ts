// SPDX-License-Identifier: Apache-2.0
import { styleText } from 'node:util';

/** Prints what happens, and keeps count of what did not happen as it should. */
export class Narrator {
  readonly #broken: string[] = [];

  say(text: string): void {
    console.log(text);
  }

  scene(title: string): void {
    console.log(`\n${styleText('bold', `=== ${title} ===`)}`);
  }

  /** Shows a text that the user would see, set apart from the demo's own words. */
  show(title: string, text: string): void {
    console.log(styleText('dim', `--- ${title}`));
    for (const line of text.trim().split('\n')) console.log(`    ${line}`);
  }

  /** Says what should hold and whether it does. */
  expect(what: string, holds: boolean): void {
    console.log(holds ? styleText('green', `✓ ${what}`) : styleText('red', `✗ ${what}`));
    if (!holds) this.#broken.push(what);
  }

  /** The exit status: 0 if everything held. */
  conclude(): number {
    if (this.#broken.length === 0) {
      console.log(styleText('green', '\nEvery step did what it should.'));
      return 0;
    }
    console.log(styleText('red', `\nNot as it should be: ${this.#broken.join('; ')}`));
    return 1;
  }
}
