// SPDX-License-Identifier: Apache-2.0

/** Random choices that a seed repeats: the same seed, family and index always give the same case. */
export class Random {
  #state: number;

  constructor(seed: string) {
    // FNV-1a
    this.#state = 0x811c9dc5;
    for (const byte of Buffer.from(seed)) this.#state = Math.imul(this.#state ^ byte, 0x01000193);
  }

  /** From 0 up to, but not, 1 (mulberry32). */
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number below a limit. */
  below(limit: number): number {
    return Math.floor(this.float() * limit);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** One of several values; throws when there is none. */
  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new RangeError('nothing to pick from');
    return values[this.below(values.length)] as T;
  }

  /** As many values as a function makes, 0 to a limit. */
  some<T>(limit: number, make: () => T): T[] {
    return this.times(this.below(limit + 1), make);
  }

  times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  /** The value itself, or in one of some cases another. */
  sometimes<T>(probability: number, other: () => T, usual: T): T {
    return this.chance(probability) ? other() : usual;
  }

  shuffle<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, order: this.float() }))
      .sort((a, b) => a.order - b.order)
      .map(({ value }) => value);
  }
}
