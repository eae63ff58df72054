// SPDX-License-Identifier: Apache-2.0
import type { Timing } from '../../shared/adapters/timing.ts';

/** Time that passes only by sleeping, and at once. */
export interface VirtualTiming extends Timing {
  /** Milliseconds of every sleep, in order. */
  readonly sleeps: number[];
}

/** `random` gives the same number each time: 0.5 unless told. */
export function virtualTiming(random = 0.5): VirtualTiming {
  const sleeps: number[] = [];
  let time = 0;
  return {
    sleeps,
    now: () => time,
    random: () => random,
    sleep: (milliseconds) => {
      sleeps.push(milliseconds);
      time += milliseconds;
      return Promise.resolve();
    },
  };
}
