// SPDX-License-Identifier: Apache-2.0

/** Keeps values up to a total size; the oldest make place for new ones, and what is larger than all is not kept. */
export class BoundedMemory<T> {
  readonly #limit: number;
  readonly #entries = new Map<string, { readonly value: T; readonly size: number }>();
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: T, size: number): void {
    this.#remove(key);
    if (size > this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      if (this.#size + size <= this.#limit) break;
      this.#remove(oldest);
    }
    this.#entries.set(key, { value, size });
    this.#size += size;
  }

  #remove(key: string): void {
    this.#size -= this.#entries.get(key)?.size ?? 0;
    this.#entries.delete(key);
  }
}
