// SPDX-License-Identifier: Apache-2.0
import { spawnSync, type SpawnSyncOptions } from 'node:child_process';

/** Standard output of a program. Throws with what it wrote to standard error when it fails or is not there. */
export function output(program: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const run = spawnSync(program, args, { ...options, encoding: 'utf8' });
  if (run.error !== undefined) throw new Error(`${program}: ${run.error.message}`, { cause: run.error });
  if (run.status !== 0) {
    throw new Error(
      `${program} ${args.join(' ')} ended with ${String(run.status ?? run.signal)}:\n${run.stderr.trim()}`,
    );
  }
  return run.stdout;
}

/** Whether a program can be started at all. */
export function isInstalled(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
