// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from 'node:os';
import * as core from '@actions/core';
import { NotaryError, cancellationSignal, detectOnGitHub, inputTable, writeSigned } from '../shared/index.ts';
import type {
  CommandName,
  DetectOptions,
  Detection,
  Host,
  InputName,
  InputRow,
  SourceLocation,
} from '../shared/index.ts';
import { appendSummary } from './job-summary.ts';
import { RunnerLog } from './log.ts';
import { safeLine, safeText } from './safe-text.ts';

const commands: readonly CommandName[] = ['setup', 'sign', 'verify', 'inspect'];

/** Masking texts this short would replace parts of ordinary words all over the log (GH 3.6). */
const minSecretLength = 4;

/** The line around a PEM block is no secret, and masking it would hide it wherever certificates are shown. */
const pemBoundary = /^-----(?:BEGIN|END) [A-Z0-9 ]+-----$/;

/** The GitHub Actions runner. */
export class GitHubHost implements Host {
  readonly product = 'github';
  readonly log = new RunnerLog();
  readonly environment = process.env;
  readonly workspace = process.env['GITHUB_WORKSPACE'] ?? process.cwd();
  readonly tempDirectory = process.env['RUNNER_TEMP'] ?? tmpdir();
  readonly conventions = {
    trustPolicy: ['.github/trustpolicy/trustpolicy.json'],
    trustStore: '.github/truststore',
  };
  readonly detectsFor: readonly CommandName[] = ['sign'];
  readonly cancelled = cancellationSignal();
  readonly #command: CommandName | undefined;

  /** Without a command, the `command` input of the root action tells it. */
  constructor(command?: CommandName) {
    this.#command = command;
  }

  command(): CommandName {
    if (this.#command !== undefined) return this.#command;
    const given = core.getInput('command');
    const found = commands.find((command) => command === given);
    if (given === '') return 'setup';
    if (found !== undefined) return found;
    throw new NotaryError(
      'input-invalid',
      `command must be one of ${commands.join(', ')}. Got ${JSON.stringify(given)}`,
    );
  }

  input(name: InputName): string {
    const row: InputRow = inputTable[name];
    return row.github === undefined ? '' : core.getInput(row.github);
  }

  /** The runner replaces whole lines, so each line is a secret of its own. */
  mask(text: string): void {
    for (const line of text.split(/[\r\n]+/)) {
      const secret = line.trim();
      if (secret.length >= minSecretLength && !pemBoundary.test(secret)) core.setSecret(secret);
    }
  }

  setOutput(name: string, value: string): void {
    if (this.environment['GITHUB_OUTPUT'] === undefined) throw unwritable(name, 'GITHUB_OUTPUT is not set');
    try {
      core.setOutput(name, value);
    } catch (cause) {
      throw unwritable(name, 'the file of GITHUB_OUTPUT cannot be written', cause);
    }
  }

  async showSummary(markdown: string): Promise<void> {
    try {
      await appendSummary(this.environment['GITHUB_STEP_SUMMARY'] ?? '', markdown);
    } catch (thrown) {
      this.log.debug(`the job summary is not shown: ${String(thrown)}`);
    }
  }

  fail(message: string, location?: SourceLocation): void {
    const text = safeText(message);
    if (location?.file === undefined) core.error(text);
    else core.error(text, { file: safeLine(location.file), startLine: location.line, startColumn: location.column });
    process.exitCode = core.ExitCode.Failure;
  }

  finish(result: 'succeeded' | 'warning' | 'failed'): void {
    if (result === 'failed') process.exitCode = core.ExitCode.Failure;
  }

  detectPushed(options: DetectOptions): Promise<Detection> {
    return detectOnGitHub(this.environment, options);
  }

  async rememberSigned(references: readonly string[]): Promise<void> {
    try {
      await writeSigned(this.tempDirectory, references);
    } catch (thrown) {
      this.log.debug(`later steps will not know what was signed: ${String(thrown)}`);
    }
  }

  async setup(): Promise<void> {
    // @actions/tool-cache is as large as everything else together, and only setup needs it.
    const { installNotation } = await import('./install-notation.ts');
    await installNotation(this);
  }
}

function unwritable(name: string, reason: string, cause?: unknown): NotaryError {
  return new NotaryError('internal', `the output ${name} cannot be set: ${reason}`, {
    hint: 'Outputs need a GitHub Actions runner, or something that acts as one.',
    cause,
  });
}
