// SPDX-License-Identifier: Apache-2.0
import { Worker } from 'node:worker_threads';

/** Ends the process when one case takes for ever, which only another thread can notice. */
export interface Watchdog {
  /** A case begins. */
  tell(family: number, index: number): void;
  close(): Promise<unknown>;
}

/** Milliseconds without a new case: the slowest takes far below a second, on the busiest machine. */
const patience = 120_000;

const program = `
const { workerData: { seen, names, patience } } = require('node:worker_threads');
const view = new Int32Array(seen);
let last = '';
setInterval(() => {
  const now = Atomics.load(view, 0) + ' ' + Atomics.load(view, 1);
  if (now === last) {
    require('node:fs').writeSync(2, 'hangs in ' + names[view[0]] + ', case ' + view[1] + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
  last = now;
}, patience);
`;

export function startWatchdog(names: readonly string[]): Watchdog {
  const seen = new SharedArrayBuffer(8);
  const view = new Int32Array(seen);
  const worker = new Worker(program, { eval: true, workerData: { seen, names, patience } });
  return {
    tell: (family, index) => {
      Atomics.store(view, 0, family);
      Atomics.store(view, 1, index);
    },
    close: () => worker.terminate(),
  };
}
