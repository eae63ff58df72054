// SPDX-License-Identifier: Apache-2.0
import {
  absentTag,
  type ReferrersTagStore,
  type TagState,
  type WriteOutcome,
} from '../../shared/adapters/registry/referrers-index.ts';
import type { Timing } from '../../shared/adapters/timing.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import {
  descriptorsOf,
  encodeReferrersIndex,
  parseReferrersIndex,
  type ReferrersIndex,
} from '../../shared/oci/referrers.ts';
import { digestOf, type Digest } from '../../shared/primitives/digest.ts';

/** A world with its own time in which every request takes a while; the seed decides all of it. */
export class Simulation {
  readonly #events: { readonly at: number; readonly order: number; readonly resume: () => void }[] = [];
  #now = 0;
  #order = 0;
  #state: number;

  constructor(seed: number) {
    this.#state = seed * 2 + 1;
  }

  readonly timing: Timing = {
    now: () => this.#now,
    random: () => this.random(),
    sleep: (milliseconds) => this.wait(milliseconds),
  };

  /** From 0 up to 1 (xorshift). */
  random(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }

  wait(milliseconds: number): Promise<void> {
    return new Promise((resume) => {
      this.#events.push({ at: this.#now + milliseconds, order: this.#order++, resume });
    });
  }

  /** Lets time pass, event by event, until all of the work is done. */
  async run<T>(work: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
    const progress = { done: false };
    const results = Promise.allSettled(work).finally(() => {
      progress.done = true;
    });
    for (;;) {
      // Everything that follows from the last event happens before the next one.
      await new Promise((resolve) => setImmediate(resolve));
      if (progress.done) return await results;
      const next = this.#events.sort((a, b) => a.at - b.at || a.order - b.order).shift();
      if (next === undefined) throw new Error('the work waits for nothing');
      this.#now = next.at;
      next.resume();
    }
  }
}

interface Version {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A referrers tag without compare-and-swap. A request takes effect after one delay, and is answered after another. */
export class SimulatedTag {
  readonly #simulation: Simulation;
  readonly #delays: { readonly request: number; readonly answer: number };
  readonly #versions: Version[] = [];
  /** Milliseconds for which reads may show what was there before. */
  staleness = 0;
  readonly manifests = new Set<Digest>();
  /** Whether a manifest goes with the index that named it when another one does not name it: zot 2.1. */
  prunes = false;

  constructor(simulation: Simulation, delays: { readonly request: number; readonly answer: number }) {
    this.#simulation = simulation;
    this.#delays = delays;
  }

  /** What is there at last. */
  get index(): ReferrersIndex {
    const latest = this.#versions.at(-1);
    return latest === undefined ? absentTag.index : parseReferrersIndex(latest.bytes);
  }

  /** Writes without looking, as a careless writer does. */
  set(index: ReferrersIndex): void {
    if (this.prunes) {
      const kept = new Set(descriptorsOf(index).map(({ digest }) => digest));
      for (const { digest } of descriptorsOf(this.index)) if (!kept.has(digest)) this.manifests.delete(digest);
    }
    this.#versions.push({ at: this.#simulation.timing.now(), bytes: encodeReferrersIndex(index) });
  }

  store(): ReferrersTagStore {
    return {
      read: () => this.#exchange(() => this.#read()),
      digest: () => this.#exchange(() => this.#read().digest),
      exists: (descriptor: Descriptor) => this.#exchange(() => this.manifests.has(descriptor.digest)),
      write: (index) => this.#exchange((): WriteOutcome => (this.set(index), 'written')),
    };
  }

  #read(): TagState {
    const visible = this.#versions.findLast(
      ({ at }) => this.staleness === 0 || at <= this.#simulation.timing.now() - this.staleness,
    );
    if (visible === undefined) return absentTag;
    return { index: parseReferrersIndex(visible.bytes), digest: digestOf(visible.bytes), etag: undefined };
  }

  async #exchange<T>(effect: () => T): Promise<T> {
    await this.#simulation.wait(this.#simulation.random() * this.#delays.request);
    const result = effect();
    await this.#simulation.wait(this.#simulation.random() * this.#delays.answer);
    return result;
  }
}
