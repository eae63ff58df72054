// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Answer } from './family.ts';

/** A case that is on its way. */
export interface Asked {
  readonly answer: Promise<Answer>;
}

/** The reference implementation in a process of its own (test/interop/oracle). */
export interface Oracle {
  /** What the reference makes of a case. Waits while many are on their way. */
  ask(family: string, input: Readonly<Record<string, unknown>>): Promise<Asked>;
  close(): Promise<void>;
}

/** Cases on their way at once: enough to keep the other process busy. */
const maxPending = 256;

export function startOracle(program: string): Oracle {
  const child = spawn(program, { stdio: ['pipe', 'ignore', 'inherit', 'pipe'] });
  const waiting: ((answer: Answer) => void)[] = [];
  let answered: (() => void) | undefined;
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    waiting.shift()?.(JSON.parse(line) as Answer);
    answered?.();
  });
  const ended = once(child, 'close').then(() => {
    for (const resolve of waiting.splice(0)) resolve({ accepted: false, stage: 'oracle ended' });
    answered?.();
  });
  const { stdin } = child;
  if (stdin === null) throw new Error('no standard input');
  stdin.on('error', () => undefined);
  return {
    ask: async (family, input) => {
      while (waiting.length >= maxPending) {
        await new Promise<void>((resolve) => {
          answered = resolve;
        });
      }
      if (child.exitCode !== null) throw new Error(`the oracle ended with ${child.exitCode}`);
      const answer = new Promise<Answer>((resolve) => waiting.push(resolve));
      stdin.write(`${JSON.stringify({ family, input })}\n`);
      return { answer };
    },
    close: async () => {
      stdin.end();
      await ended;
    },
  };
}
