// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { shareInFlight } from '../../../shared/adapters/share-in-flight.ts';

describe('shareInFlight', () => {
  it('does a work once at a time, and anew afterwards', async () => {
    const underWay = new Map<string, Promise<number>>();
    let done = 0;
    const work = async (): Promise<number> => {
      await new Promise((resolve) => setImmediate(resolve));
      return ++done;
    };
    const ask = (key: string) => shareInFlight(underWay, key, work);
    expect(await Promise.all([ask('a'), ask('a'), ask('b')])).toEqual([1, 1, 2]);
    expect(underWay.size).toBe(0);
    expect(await ask('a')).toBe(3);
  });

  it('shares a failure, and forgets it', async () => {
    const underWay = new Map<string, Promise<number>>();
    const fail = () => Promise.reject(new Error('no'));
    const settled = await Promise.allSettled([shareInFlight(underWay, 'a', fail), shareInFlight(underWay, 'a', fail)]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await shareInFlight(underWay, 'a', () => Promise.resolve(7))).toBe(7);
  });
});
