// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { createVaultPace } from '../../../../shared/adapters/signers/azure-key-vault-pace.ts';
import type { VaultAnswer } from '../../../../shared/adapters/signers/azure-key-vault-retry.ts';
import { eventClock } from '../../../fakes/event-clock.ts';

/** Whether a vault takes a request at a time in milliseconds. */
type Limit = (time: number) => boolean;

const limits: Readonly<Record<string, () => Limit>> = {
  'refills twenty a second': () => {
    let [tokens, last] = [20, 0];
    return (time) => {
      tokens = Math.min(20, tokens + (time - last) / 50);
      last = time;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    };
  },
  'counts the last second': () => {
    const taken: number[] = [];
    return (time) => {
      while ((taken[0] ?? Infinity) <= time - 1000) taken.shift();
      return taken.length < 20 && taken.push(time) > 0;
    };
  },
  'counts each second anew': () => {
    let [current, taken] = [-1, 0];
    return (time) => {
      const now = Math.floor(time / 1000);
      if (now !== current) [current, taken] = [now, 0];
      return taken < 20 && ++taken > 0;
    };
  },
};

/** 200 signatures, 128 at a time as a step makes them, of which each request takes 20 ms of the clock. */
async function signAll(takes: Limit, retryAfter?: number) {
  const clock = eventClock();
  const pace = createVaultPace(clock);
  const counts = { signed: 0, refused: 0, failed: 0 };
  const attempt = async (): Promise<VaultAnswer> => {
    await clock.sleep(10);
    const taken = takes(clock.now());
    counts[taken ? 'signed' : 'refused'] += 1;
    await clock.sleep(10);
    return taken ? { status: 200, body: '', retryAfter: undefined } : { status: 429, body: '', retryAfter };
  };
  let left = 200;
  const worker = async (): Promise<void> => {
    while (left-- > 0) if ((await pace.run(attempt)).status !== 200) counts.failed += 1;
  };
  await clock.until(Promise.all(Array.from({ length: 128 }, worker)));
  return { ...counts, seconds: clock.now() / 1000 };
}

describe('a vault that takes twenty a second', () => {
  it.each(Object.entries(limits))('[KEY-46] keeps one busy that %s', async (_, limit) => {
    const { signed, refused, failed, seconds } = await signAll(limit());
    expect({ signed, failed }).toEqual({ signed: 200, failed: 0 });
    // the clock is a counted one: ten seconds are needed, and no more than a tenth of the time may be lost
    expect(seconds).toBeLessThan(10 / 0.9);
    // 108 are refused at once, as nobody knows the limit before; then some, to find the limit
    expect(refused).toBeLessThan(250);
  });

  it('[KEY-46] waits as long as it says', async () => {
    const { signed, refused, failed } = await signAll((limits['refills twenty a second'] as () => Limit)(), 1000);
    expect({ signed, failed }).toEqual({ signed: 200, failed: 0 });
    // a second each time: hardly anything is asked in vain after the first 108
    expect(refused).toBeLessThan(200);
  });
});

it('[KEY-46] gives up when everything is refused for a minute, whatever it was asked before', async () => {
  const clock = eventClock();
  const pace = createVaultPace(clock);
  let tried = 0;
  const work = pace.run(() => {
    tried += 1;
    return Promise.resolve({ status: 429, body: '', retryAfter: undefined });
  });
  await clock.until(work);
  expect(await work).toMatchObject({ status: 429 });
  expect(clock.now()).toBeLessThanOrEqual(60_000);
  expect(tried).toBeGreaterThan(10);
});

it('sends at once what no vault refuses, and hands on other answers', async () => {
  const clock = eventClock();
  const pace = createVaultPace(clock);
  const answer: VaultAnswer = { status: 403, body: 'no', retryAfter: undefined };
  const answers = await Promise.all(Array.from({ length: 500 }, () => pace.run(() => Promise.resolve(answer))));
  expect(new Set(answers)).toEqual(new Set([answer]));
  expect(clock.now()).toBe(0);
});
