// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { Slots } from '../../../shared/adapters/slots.ts';

it('lets no more work go on than there are slots, and all of it in the end', async () => {
  const slots = new Slots(2);
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const work = Array.from({ length: 10 }, (_, index) =>
    slots.run(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      done.push(index);
      if (index === 3) throw new Error('a failure frees its slot');
    }),
  );
  const ended = await Promise.allSettled(work);
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  expect(most).toBe(2);
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
