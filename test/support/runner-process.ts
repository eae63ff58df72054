// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cancelProcess } from './cancel-process.ts';
import type { RunnerLog } from './runner-log.ts';

const root = join(import.meta.dirname, '..', '..');

/** A step that takes longer hangs. */
const stepTimeoutMs = 120_000;

/** Node 24 as the development dependency has it, whatever runs the tests. */
function nodeBinary(): string {
  const path = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(path) ? path : process.execPath;
}

/**
 * Runs a script; both streams are read for commands, a line ends at CR, LF or both. When it is cancelled the process gets
 * the signals that runner and agent send.
 */
export async function runNode(
  script: string,
  cwd: string,
  env: Record<string, string>,
  log: RunnerLog,
  cancelled?: AbortSignal,
): Promise<number> {
  const child = spawn(nodeBinary(), [script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: stepTimeoutMs });
  if (cancelled !== undefined) cancelProcess(child, cancelled);
  const streams = [child.stdout, child.stderr].map(async (input) => {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      for (const part of line.split('\r')) log.line(part);
    }
  });
  const exit = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
  await Promise.all(streams);
  return exit;
}
