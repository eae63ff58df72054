// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { openGate } from '../../../shared/adapters/gate.ts';

describe('a gate', () => {
  it('lets work begin in its order, no more at a time than it is wide', async () => {
    const gate = openGate(2);
    const begun: number[] = [];
    let [open, most] = [0, 0];
    const work = (number: number) => async () => {
      begun.push(number);
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      return number * 10;
    };
    const results = await Promise.all([1, 2, 3, 4, 5].map((number) => gate(work(number))));
    expect(results).toEqual([10, 20, 30, 40, 50]);
    expect(begun).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('lets the next one in after a failure', async () => {
    const gate = openGate(1);
    await expect(gate(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(gate(() => Promise.resolve('fine'))).resolves.toBe('fine');
  });
});
