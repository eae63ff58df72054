// SPDX-License-Identifier: Apache-2.0
import { vaultError, type FakeKeyVault } from './key-vault.ts';

export interface ThrottleOptions {
  /** Signatures within any second. */
  readonly rate: number;
  /** Seconds in `Retry-After`; without it the header is missing, as it often is. */
  readonly retryAfter?: string | undefined;
  /** Milliseconds of a clock. */
  readonly now: () => number;
}

/** Lets a vault sign so many times a second, and answer 429 beyond. Returns how many it took and refused so far. */
export function throttle(vault: FakeKeyVault, { rate, retryAfter, now }: ThrottleOptions) {
  const counts = { taken: 0, refused: 0 };
  const times: number[] = [];
  vault.script(({ kind }) => {
    if (kind !== 'sign') return undefined;
    while ((times[0] ?? Infinity) <= now() - 1000) times.shift();
    if (times.length < rate) {
      times.push(now());
      counts.taken += 1;
      return undefined;
    }
    counts.refused += 1;
    const reply = vaultError(429, 'Throttled', 'Too many requests');
    return retryAfter === undefined ? reply : { ...reply, headers: { 'retry-after': retryAfter } };
  });
  return counts;
}
