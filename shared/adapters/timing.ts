// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import { NotaryError } from '../errors.ts';

/** Time and chance as adapters use them for waiting; tests bring their own. */
export interface Timing {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  sleep(milliseconds: number): Promise<void>;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** On the clock of `now`: when all work must have ended, so that nothing is repeated beyond it. */
  readonly deadline?: number;
}

/** The machine's clock. */
export const systemTiming: Timing = {
  now: () => performance.now(),
  sleep: async (milliseconds) => {
    await delay(milliseconds);
  },
  random: () => Math.random(),
};

/** What ends the work of a run. */
export interface RunBounds {
  /** Milliseconds from now. */
  readonly total: number;
  /** Aborted when the run is cancelled: sleeping then ends at once with the error `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/** Time of a run that ends. */
export function boundedTiming(timing: Timing, { total, signal }: RunBounds): Timing {
  return {
    now: () => timing.now(),
    random: () => timing.random(),
    sleep: (milliseconds) =>
      signal === undefined ? timing.sleep(milliseconds) : unlessAborted(signal, timing.sleep(milliseconds)),
    deadline: timing.now() + total,
  };
}

async function unlessAborted(signal: AbortSignal, sleep: Promise<void>): Promise<void> {
  const cancelled = (): NotaryError => new NotaryError('cancelled', 'the work was cancelled');
  if (signal.aborted) throw cancelled();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(cancelled());
    };
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([sleep, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
