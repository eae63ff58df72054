// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { AgentCommand } from './azure-agent-command.ts';
import type { AgentMasker } from './azure-agent-masker.ts';

export type StepResultName = 'Succeeded' | 'SucceededWithIssues' | 'Failed';

/** What a step did, as the page of the run would show it. */
export interface StepResult {
  readonly result: StepResultName;
  readonly exitCode: number | null;
  /** The log, masked. */
  readonly log: readonly string[];
  /** What the process printed, unmasked, commands included. */
  readonly printed: readonly string[];
  readonly commands: readonly AgentCommand[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** Complaints of the agent itself: unknown or refused commands. */
  readonly complaints: readonly string[];
  readonly summaries: readonly { readonly name: string; readonly markdown: string }[];
  /** Masked lines that still show a secret. */
  readonly leaks: readonly string[];
}

const severity: Readonly<Record<StepResultName, number>> = { Succeeded: 0, SucceededWithIssues: 1, Failed: 2 };

/** The page of a step while its lines arrive. */
export class StepPage {
  readonly #masker: AgentMasker;
  readonly #debug: boolean;
  readonly #log: string[] = [];
  readonly #commands: AgentCommand[] = [];
  readonly #errors: string[] = [];
  readonly #warnings: string[] = [];
  readonly #complaints: string[] = [];
  readonly #summaries: string[] = [];
  #result: StepResultName = 'Succeeded';

  constructor(masker: AgentMasker, debug: boolean) {
    this.#masker = masker;
    this.#debug = debug;
  }

  write(text: string, tag = ''): void {
    for (const line of text.split(/\r\n|\n/)) this.#log.push(this.#masker.mask(tag + line));
  }

  complain(text: string): void {
    this.#complaints.push(text);
    this.write(text, '##[warning]');
  }

  fail(text: string): void {
    this.complain(text);
    this.#worsen('Failed');
  }

  complete(result: string, message: string): void {
    const results: readonly string[] = ['Succeeded', 'SucceededWithIssues', 'Failed'];
    if (!results.includes(result)) throw new Error(`not a result: ${result}`);
    this.#worsen(result as StepResultName);
    this.debug(`complete: ${message}`);
  }

  issue(type: string, message: string): void {
    if (type !== 'error' && type !== 'warning') throw new Error(`not a type of issue: ${type}`);
    (type === 'error' ? this.#errors : this.#warnings).push(this.#masker.mask(message));
    this.write(message, `##[${type}]`);
  }

  /** The file is uploaded later, and must be there now and then. */
  summary(path: string): void {
    if (!existsSync(path)) throw new Error(`no such file: ${path}`);
    this.#summaries.push(path);
  }

  debug(text: string): void {
    if (this.#debug) this.write(text, '##[debug]');
  }

  processed(command: AgentCommand, line: string): void {
    this.#commands.push(command);
    if (command.name !== 'task.debug') this.debug(`Processed: ${line}`);
  }

  result(printed: readonly string[], exitCode: number | null): StepResult {
    const summaries = this.#summaries.map((path) => ({ name: basename(path), markdown: readFileSync(path, 'utf8') }));
    return {
      ...{ result: this.#result, exitCode, printed, log: this.#log, commands: this.#commands, summaries },
      ...{ errors: this.#errors, warnings: this.#warnings, complaints: this.#complaints },
      leaks: this.#log.filter((line) => this.#masker.shows(line)),
    };
  }

  #worsen(result: StepResultName): void {
    if (severity[result] > severity[this.#result]) this.#result = result;
  }
}
