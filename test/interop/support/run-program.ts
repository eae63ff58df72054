// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';

/** How a program ended. */
export interface ProgramRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** The whole environment: nothing of the user's is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly directory?: string;
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramRun> {
  const child = spawn(program, args, {
    env: options.environment,
    cwd: options.directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => (texts[stream] += text));
  }
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(code ?? -1);
    });
  });
  return { status, ...texts };
}
