// SPDX-License-Identifier: Apache-2.0

/**
 * Artifacts worked on at a time. Most of the time of a signing goes into watching its referrers tag, so that many can
 * share that wait; how many requests a registry gets at once is bounded by the connections to it.
 */
export const maxConcurrentArtifacts = 128;

/** What became of one item. */
export type Settled<R> = { readonly result: R } | { readonly error: unknown };

/**
 * Works on items concurrently, at most `limit` at a time, and hands each outcome to `tell` in the order of the items, as
 * soon as all earlier ones are told. Every item is tried, whatever happens to the others.
 */
export async function concurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
  tell: (item: T, outcome: Settled<R>) => void | Promise<void>,
): Promise<void> {
  const queue = items.entries();
  const started: ((outcome: Settled<R>) => void)[] = [];
  const outcomes = items.map((_, index) => new Promise<Settled<R>>((resolve) => (started[index] = resolve)));
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) started[index]?.(await settle(() => work(item)));
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  for (const [index, outcome] of outcomes.entries()) await tell(items[index] as T, await outcome);
  await Promise.all(workers);
}

/** Works on items concurrently, at most `limit` at a time; after a failure nothing new is begun, and the first one is thrown. */
export async function eachConcurrently<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return;
      try {
        await work(item);
      } catch (thrown) {
        failed = true;
        throw thrown;
      }
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  const ended = await Promise.allSettled(workers);
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

async function settle<R>(work: () => Promise<R>): Promise<Settled<R>> {
  try {
    return { result: await work() };
  } catch (error) {
    return { error };
  }
}
