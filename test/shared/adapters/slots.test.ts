// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { Slots } from '../../../shared/adapters/slots.ts';

describe('slots', () => {
  it('let work begin in its order, no more at a time than there are', async () => {
    const slots = new Slots(2);
    const begun: number[] = [];
    let [open, most] = [0, 0];
    const work = (number: number) => async () => {
      begun.push(number);
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      return number * 10;
    };
    const results = await Promise.all([1, 2, 3, 4, 5].map((number) => slots.run(work(number))));
    expect(results).toEqual([10, 20, 30, 40, 50]);
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('let the next one in after a failure', async () => {
    const slots = new Slots(1);
    await expect(slots.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(slots.run(() => Promise.resolve('fine'))).resolves.toBe('fine');
  });
});
