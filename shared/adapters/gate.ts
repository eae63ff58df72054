// SPDX-License-Identifier: Apache-2.0

/** Lets work begin in the order in which it comes, and no more of it at a time than it was made for. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** A gate for `width` pieces of work at a time. */
export function openGate(width: number): Gate {
  const waiting: (() => void)[] = [];
  let free = width;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
