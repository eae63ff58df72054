// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { isDerInBase64, isPemInBase64 } from './adapters/signers/pem-text.ts';
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import { inputTable } from './inputs.ts';
import type { InputName, InputRow } from './inputs.ts';

/** A PEM file of an input: a chain of five RSA-4096 certificates is about 12 KiB. */
const maxInputFileBytes = 1024 * 1024;

/** The first byte of a PKCS#12 file. */
const derSequence = 0x30;

/** Whether the value of an input is itself a key or a chain, not the path of one. */
export function isKeyText(value: string): boolean {
  return value.includes('-----BEGIN') || isDerInBase64(value) || isPemInBase64(value);
}

/** The spellings that YAML 1.2 has for booleans, which are also those of @actions/core. */
const booleans = new Map([
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
]);

/**
 * Reads inputs of a step and gathers everything that is wrong with them, so that the author of the pipeline sees all
 * mistakes at once. After the last read, `finish` throws what was found.
 */
export class InputReader {
  readonly #host: Host;
  readonly #problems: NotaryError[] = [];

  constructor(host: Host) {
    this.#host = host;
  }

  /** The text of an input, '' when it is not given or the host does not have it. */
  text(name: InputName): string {
    const row: InputRow = inputTable[name];
    if (row[this.#host.product] === undefined) return '';
    const value = this.#host.input(name).trim();
    const macro = this.#host.product === 'azure' ? /\$\([A-Za-z_][\w.-]*\)/.exec(value) : null;
    if (macro !== null) {
      this.report(
        new NotaryError('input-invalid', `{input:${name}} contains ${macro[0]}, a variable that is not defined`, {
          hint: 'Set the variable in an earlier step of this job, or correct its name.',
        }),
      );
      return '';
    }
    return value;
  }

  given(name: InputName): boolean {
    return this.text(name) !== '';
  }

  /** Items one a line; blanks and lines starting with # are left out. */
  lines(name: InputName, separator: RegExp = /\r?\n/): string[] {
    return this.text(name)
      .split(separator)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
  }

  /** A boolean, `otherwise` when not given. */
  flag(name: InputName, otherwise: boolean): boolean {
    const value = this.text(name);
    if (value === '') return otherwise;
    const found = booleans.get(value);
    if (found !== undefined) return found;
    this.report(new NotaryError('input-invalid', `{input:${name}} must be set to 'true' or 'false'. Got '${value}'`));
    return otherwise;
  }

  /** One of some values, in any letter case; the first one when not given. */
  choice<const T extends string>(name: InputName, values: readonly [T, ...T[]]): T {
    const value = this.text(name);
    if (value === '') return values[0];
    const found = values.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (found !== undefined) return found;
    this.report(
      new NotaryError('input-invalid', `{input:${name}} must be one of ${values.join(', ')}. Got '${value}'`),
    );
    return values[0];
  }

  /** PEM text or base64 of a key or certificate file, given as such or as the path of a file; a binary file becomes base64. */
  async pem(name: InputName): Promise<string> {
    const value = this.text(name);
    if (value === '' || isKeyText(value)) return value;
    const bytes = await this.attempt(() => this.fileBytes(name));
    if (bytes === undefined) return '';
    return bytes[0] === derSequence ? bytes.toString('base64') : bytes.toString('utf8');
  }

  /** The text of the file that an input names, relative to the workspace. Throws `input-invalid`. */
  async file(name: InputName, maxBytes = maxInputFileBytes): Promise<string> {
    return (await this.fileBytes(name, maxBytes)).toString('utf8');
  }

  /** The bytes of the file that an input names, as a whole or in a part of it, relative to the workspace. Throws `input-invalid`. */
  async fileBytes(name: InputName, maxBytes = maxInputFileBytes, value = this.text(name)): Promise<Buffer> {
    // A pasted secret that lost its PEM header must not be repeated in a message.
    const shown = value.length <= 260 && !/[\r\n]/.test(value) ? ` ${JSON.stringify(value)}` : '';
    const path = resolve(this.#host.workspace, value);
    try {
      const found = await stat(path);
      if (!found.isFile()) throw new Error('it is not a regular file');
      if (found.size > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
      return await readFile(path);
    } catch (cause) {
      const reason = isMissing(cause) ? 'there is no such file' : reasonOf(cause);
      throw new NotaryError('input-invalid', `{input:${name}}${shown} cannot be read: ${reason}`, {
        hint: `Give {input:${name}} as PEM text (-----BEGIN …) or as the path of a file, relative to ${this.#host.workspace}.`,
        cause,
      });
    }
  }

  /** Runs a parser; what it throws is kept for `finish`. */
  async attempt<T>(parse: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await parse();
    } catch (thrown) {
      if (!(thrown instanceof NotaryError)) throw thrown;
      this.report(thrown);
      return undefined;
    }
  }

  report(problem: NotaryError): void {
    if (!this.#problems.some((known) => known.message === problem.message)) this.#problems.push(problem);
  }

  /** Throws the problem, or all of them as one. */
  finish(): void {
    const [first, ...others] = this.#problems;
    if (first === undefined) return;
    if (others.length === 0) throw first;
    const list = this.#problems.map(
      ({ message, hint }) => `- ${indented(hint === undefined ? message : `${message}\n${hint}`)}`,
    );
    throw new NotaryError('input-invalid', `${this.#problems.length} inputs are wrong:\n${list.join('\n')}`);
  }
}

/** Lines after the first one moved below the text of a list item. */
function indented(text: string): string {
  return text.replaceAll('\n', '\n  ');
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
