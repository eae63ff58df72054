// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { sameContent, type Descriptor } from '../../oci/descriptor.ts';
import {
  addReferrers,
  descriptorsOf,
  emptyReferrersIndex,
  removeReferrers,
  type ReferrersIndex,
} from '../../oci/referrers.ts';
import type { Digest } from '../../primitives/digest.ts';
import type { Timing } from '../timing.ts';
import type { ReferrersMemory } from './referrers-memory.ts';

/** What the tag held when it was read. */
export interface TagState {
  readonly index: ReferrersIndex;
  /** Undefined when there was no such tag. */
  readonly digest: Digest | undefined;
  readonly etag: string | undefined;
}

export type WriteOutcome =
  | 'written'
  /** The registry compared and someone else was faster. */
  | 'conflict'
  /** The registry refuses an index that names a manifest it does not have. */
  | 'missing-child'
  /** No answer, or one that leaves open whether the index was stored. */
  | 'unknown';

/** The referrers tag of one subject. There is no compare-and-swap to rely on: most registries ignore conditions (REG 4.4). */
export interface ReferrersTagStore {
  read(): Promise<TagState>;
  /** The digest under the tag, or undefined. */
  digest(): Promise<Digest | undefined>;
  /** Replaces the index, on condition that it is still the one that was read where the registry understands that. */
  write(index: ReferrersIndex, replaced: TagState, timeout: number): Promise<WriteOutcome>;
  /** Whether a manifest is in the repository. */
  exists(descriptor: Descriptor): Promise<boolean>;
}

export interface ReferrersIndexOptions {
  readonly store: ReferrersTagStore;
  readonly timing: Timing;
  /** Milliseconds of the shortest wait between two confirming reads; 0 for a repository that nobody else writes to. */
  readonly settle: SettleTime;
  /** Names what failed: registry, repository, subject. */
  readonly place: string;
  /** What earlier steps of the job listed. */
  readonly memory?: ReferrersMemory | undefined;
}

/** How long to watch an index after writing it. */
export interface SettleTime {
  /** Milliseconds while no other writer was noticed. */
  readonly quiet: number;
  /** Milliseconds once one was. */
  readonly contended: number;
}

/** Rounds of one update: fifty writers at once need about as many. */
const maxRounds = 300;
/** Milliseconds of one update, raised for registries whose reads are stale for long. */
const updateBudget = 180_000;
/** Milliseconds from reading to writing beyond which what was read is too old to be replaced. */
const maxAge = 2_000;
/** Milliseconds that the wait between confirming reads grows to at most by measuring. */
const maxSettle = 5_000;
/** Milliseconds that it grows to at most where reads are found to lag behind writes. */
const maxLag = 60_000;
/** Milliseconds for writing the tag; later the outcome counts as unknown and the loop goes on. */
const writeTimeout = 10_000;

/**
 * The index of the referrers of one subject, for as long as the process lives (REG 4.5). It writes only what it has just
 * seen to be current, looks again after a while, and adds what was lost, its own and others'. Nothing is lost as long as
 * every such writer gets from its check to the effect of its write within 1.5 settle times.
 */
export class ReferrersIndexUpdate {
  readonly #store: ReferrersTagStore;
  readonly #timing: Timing;
  readonly #settleTime: SettleTime;
  readonly #place: string;
  readonly #memory: ReferrersMemory | undefined;
  readonly #own = new Map<Digest, Descriptor>();
  /** How to put own manifests once more. */
  readonly #pushes = new Map<Digest, () => Promise<unknown>>();
  /** Everything that was ever in the index or should be. */
  readonly #seen = new Map<Digest, Descriptor>();
  readonly #gone = new Set<Digest>();
  /** Digests the tag has had, to tell a stale read from another writer. */
  readonly #history = new Set<Digest | undefined>();
  #running: Promise<void> | undefined;
  #settle = 0;
  /** Own entries of indexes that the registry has accepted, and when it last did. */
  readonly #accepted = new Set<Digest>();
  #acceptedAt = 0;

  constructor(options: ReferrersIndexOptions) {
    this.#store = options.store;
    this.#timing = options.timing;
    this.#settleTime = options.settle;
    this.#settle = options.settle.quiet;
    this.#place = options.place;
    this.#memory = options.memory;
  }

  /**
   * Makes a referrer listed. Calls that come while one is at work join it. Throws `push-failed` when that cannot be confirmed.
   * `push` puts its manifest once more, for registries that may drop it together with an index that another writer replaces.
   */
  async publish(descriptor: Descriptor, push?: () => Promise<unknown>): Promise<void> {
    this.#own.set(descriptor.digest, descriptor);
    if (push !== undefined) this.#pushes.set(descriptor.digest, push);
    this.#seen.set(descriptor.digest, descriptor);
    this.#running ??= this.#converge();
    await Promise.all([this.#running, this.#memory?.remember(descriptor)]);
  }

  async #converge(): Promise<void> {
    try {
      const ownDeadline = this.#timing.now() + updateBudget + 20 * this.#settleTime.quiet;
      const deadline = Math.min(ownDeadline, this.#timing.deadline ?? ownDeadline);
      await this.#recall();
      let confirmations = 0;
      let wrote = false;
      for (let round = 1; round <= maxRounds && this.#timing.now() < deadline; round++) {
        const readAt = this.#timing.now();
        const state = await this.#store.read();
        this.#observe(state);
        const missing = this.#missingIn(state.index);
        if (missing.length === 0) {
          confirmations = (await this.#restore()) ? 0 : confirmations + 1;
          if (confirmations === this.#needed(wrote)) return;
          await this.#pause(this.#settle, 1, 1.5);
          continue;
        }
        confirmations = 0;
        wrote = (await this.#replace(state, missing, readAt, round)) || wrote;
      }
    } finally {
      // Before anyone else runs: a call that comes now must start anew.
      this.#running = undefined;
    }
    throw this.#unconfirmed();
  }

  /** Entries of earlier steps that the index may not show yet; each is confirmed before it is written. */
  async #recall(): Promise<void> {
    for (const descriptor of (await this.#memory?.recall()) ?? []) {
      if (!this.#seen.has(descriptor.digest)) this.#seen.set(descriptor.digest, descriptor);
    }
  }

  /** An index that already was as it should be needs no watching, nor does one that nobody else writes. */
  #needed(wrote: boolean): number {
    return wrote && this.#settleTime.quiet > 0 ? 2 : 1;
  }

  /** One attempt to write. Returns whether an index may have been stored. */
  async #replace(state: TagState, missing: readonly Descriptor[], readAt: number, round: number): Promise<boolean> {
    const slept = round === 1 ? 0 : await this.#pause(Math.min(2_000, 50 * 2 ** Math.min(round, 10)), 0, 1);
    const added = await this.#confirmed(missing);
    if (added.length === 0) return false;
    if (round > 1) await this.#restore();
    const checkedAt = this.#timing.now();
    if ((await this.#store.digest()) !== state.digest) return false;
    if (this.#timing.now() - readAt - slept > Math.max(maxAge, this.#settle)) return false;
    const kept = removeReferrers(state.index, ({ digest }) => this.#gone.has(digest) && !this.#own.has(digest));
    const outcome = await this.#store.write(addReferrers(kept, added), state, Math.max(writeTimeout, this.#settle));
    this.#measure(this.#timing.now() - checkedAt);
    if (outcome === 'written') {
      for (const { digest } of added) if (this.#own.has(digest)) this.#accepted.add(digest);
      this.#acceptedAt = this.#timing.now();
      await this.#pause(this.#settle, 0.5, 1);
    } else if (outcome === 'missing-child') {
      await this.#findGone([...descriptorsOf(state.index), ...added]);
    }
    return outcome === 'written' || outcome === 'unknown';
  }

  /**
   * Puts own manifests that the registry has dropped, and returns whether there were any. zot drops those that the index
   * under a tag named when one that does not name them replaces it.
   */
  async #restore(): Promise<boolean> {
    let restored = false;
    for (const [digest, push] of this.#pushes) {
      const descriptor = this.#own.get(digest);
      if (descriptor === undefined || (await this.#store.exists(descriptor))) continue;
      await push();
      restored = true;
    }
    return restored;
  }

  /** Own entries, and those of others that vanished although their manifests are still there. */
  async #confirmed(missing: readonly Descriptor[]): Promise<readonly Descriptor[]> {
    await this.#findGone(missing);
    return missing.filter(({ digest }) => !this.#gone.has(digest));
  }

  async #findGone(descriptors: readonly Descriptor[]): Promise<void> {
    for (const descriptor of descriptors) {
      if (this.#own.has(descriptor.digest) || this.#gone.has(descriptor.digest)) continue;
      if (!(await this.#store.exists(descriptor))) this.#gone.add(descriptor.digest);
    }
  }

  #missingIn(index: ReferrersIndex): Descriptor[] {
    const listed = descriptorsOf(index);
    return [...this.#seen.values()].filter(
      (descriptor) => !this.#gone.has(descriptor.digest) && !listed.some((entry) => sameContent(entry, descriptor)),
    );
  }

  /** Learns from what was read: entries to keep, other writers, and how late reads are. */
  #observe(state: TagState): void {
    const isNew = !this.#history.has(state.digest);
    for (const descriptor of descriptorsOf(state.index)) {
      this.#seen.set(descriptor.digest, this.#own.get(descriptor.digest) ?? descriptor);
      // Its writer may have put the manifest once more.
      if (isNew) this.#gone.delete(descriptor.digest);
    }
    const lost = this.#missingIn(state.index).some(({ digest }) => this.#accepted.has(digest));
    if (lost && this.#settleTime.quiet > 0) {
      // An index of before ours: reads lag behind writes by at least this much. Another one: there are other writers.
      const lag = this.#history.has(state.digest) ? 2 * (this.#timing.now() - this.#acceptedAt) : 0;
      this.#settle = Math.max(this.#settle, Math.min(lag, maxLag), this.#settleTime.contended);
    }
    this.#history.add(state.digest);
  }

  /** Whoever writes as slowly as we do must still be noticed. */
  #measure(span: number): void {
    if (this.#settleTime.quiet === 0) return;
    this.#settle = Math.max(this.#settle, Math.min(maxSettle, 3 * span));
  }

  async #pause(base: number, from: number, to: number): Promise<number> {
    const time = base * (from + (to - from) * this.#timing.random());
    if (time > 0) await this.#timing.sleep(time);
    return time;
  }

  #unconfirmed(): NotaryError {
    const digests = [...this.#own.keys()].join(', ');
    return new NotaryError('push-failed', `${digests} is stored but could not be listed (${this.#place})`, {
      hint: 'Many jobs write signatures of this artifact at once, or the registry answers with old content: sign it in one job after the other.',
    });
  }
}

/** A tag that does not exist. */
export const absentTag: TagState = { index: emptyReferrersIndex, digest: undefined, etag: undefined };
