// SPDX-License-Identifier: Apache-2.0
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { concurrently } from '../../shared/concurrently.ts';

describe('concurrently', () => {
  it('tells outcomes in the order of the items, whatever the order of completion', async () => {
    const told: string[] = [];
    const finished: number[] = [];
    const work = async (item: number): Promise<number> => {
      for (let turn = 0; turn < 10 - item; turn += 1) await setImmediate();
      finished.push(item);
      return item * 2;
    };
    await concurrently([1, 2, 3, 4], 4, work, (item, outcome) => {
      told.push(`${item}:${'result' in outcome ? outcome.result : 'error'}`);
    });
    expect(told).toEqual(['1:2', '2:4', '3:6', '4:8']);
    expect(finished).toEqual([4, 3, 2, 1]);
  });

  it('tries every item although some fail', async () => {
    const told: string[] = [];
    const work = (item: string) => (item === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve(item));
    await concurrently(['a', 'bad', 'c'], 2, work, (item, outcome) => {
      told.push(`${item} ${'error' in outcome ? 'failed' : 'done'}`);
    });
    expect(told).toEqual(['a done', 'bad failed', 'c done']);
  });

  it('keeps to the limit', async () => {
    let running = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await setImmediate();
      running -= 1;
    };
    await concurrently(
      Array.from({ length: 20 }, (_, index) => index),
      3,
      work,
      () => undefined,
    );
    expect(most).toBe(3);
  });

  it('does nothing with no items', async () => {
    await concurrently(
      [],
      4,
      () => Promise.resolve(),
      () => {
        throw new Error('told');
      },
    );
  });
});
