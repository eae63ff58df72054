// SPDX-License-Identifier: Apache-2.0
import { setImmediate } from 'node:timers/promises';
import type { Timing } from '../../shared/adapters/timing.ts';

/** Time that jumps to the next sleeper's end, for many that sleep side by side. The same run always goes the same way. */
export interface EventClock extends Timing {
  /** Lets time pass until the work has ended. */
  until(work: Promise<unknown>): Promise<void>;
}

export function eventClock(): EventClock {
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  let time = 0;
  let seed = 1;
  return {
    now: () => time,
    // Park and Miller's numbers: chance that repeats itself
    random: () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647,
    sleep: (milliseconds) =>
      new Promise((wake) => {
        sleepers.push({ at: time + milliseconds, wake });
      }),
    until: async (work) => {
      const state = { ended: false };
      const end = work.finally(() => (state.ended = true));
      for (;;) {
        await setImmediate();
        if (state.ended) break;
        const next = sleepers.reduce((first, each) => (each.at < first.at ? each : first));
        sleepers.splice(sleepers.indexOf(next), 1);
        time = next.at;
        next.wake();
      }
      await end;
    },
  };
}
