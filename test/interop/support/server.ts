// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Long enough for the slowest start seen on a loaded machine, with much to spare. */
const startMilliseconds = 30_000;
const pollMilliseconds = 25;

/** A server program that runs until it is stopped. */
export interface Server {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts a server on a free port of loopback and waits until it answers HTTP on `/v2/`, whatever it answers. */
export async function startServer(
  program: string,
  argumentsFor: (port: number) => readonly string[],
  directory: string,
): Promise<Server> {
  const port = await freePort();
  const child = spawn(program, argumentsFor(port), { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-2000)));
  const failed = once(child, 'error').then(([error]) => {
    throw new Error(`cannot start ${program}`, { cause: error });
  });
  try {
    await Promise.race([answers(port, child, () => errors), failed]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { port, stop: () => stop(child) };
}

async function answers(port: number, child: ChildProcess, errors: () => string): Promise<void> {
  const deadline = Date.now() + startMilliseconds;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended at once:\n${errors()}`);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v2/`);
      await response.body?.cancel();
      return;
    } catch {
      await sleep(pollMilliseconds);
    }
  }
  throw new Error(`${child.spawnfile} does not answer on port ${port}:\n${errors()}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
