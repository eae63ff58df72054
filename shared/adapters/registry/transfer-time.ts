// SPDX-License-Identifier: Apache-2.0

/** Bytes in a millisecond: a copy that is slower than 64 KB/s does not end within a job. */
const slowest = 64;
/** Milliseconds that even a small blob may take. */
const least = 60_000;

/** Milliseconds in which so many bytes must have come or gone. */
export function transferTime(size: number): number {
  // Timers end at 2^31 milliseconds.
  return Math.min(least + Math.ceil(size / slowest), 2 ** 31 - 1 - 600_000);
}
