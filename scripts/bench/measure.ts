// SPDX-License-Identifier: Apache-2.0

/** Something that does the same work as the others. */
export interface Candidate<Work> {
  readonly name: string;
  readonly run: (work: Work) => Promise<void>;
}

/** Times of one candidate in milliseconds, and how often it takes the time of the first candidate. */
export interface Measurement {
  readonly name: string;
  readonly median: number;
  readonly fastest: number;
  /** Median of the ratios of each round: a slow moment of the machine slows both sides of a ratio. */
  readonly ratio: number;
}

/**
 * Runs the candidates in rounds, each round beginning with another one, so that none profits from its place. Every run gets
 * work of its own from `prepare`, which is not timed. The first round only warms up.
 */
export async function measure<Work>(
  candidates: readonly Candidate<Work>[],
  rounds: number,
  prepare: () => Promise<Work>,
): Promise<Measurement[]> {
  const times = new Map(candidates.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, run } of rotated(candidates, round)) {
      const work = await prepare();
      const started = performance.now();
      await run(work);
      const elapsed = performance.now() - started;
      if (round > 0) times.get(name)?.push(elapsed);
    }
  }
  const base = times.get(candidates[0]?.name ?? '') ?? [];
  return candidates.map(({ name }) => {
    const own = times.get(name) ?? [];
    const ratios = own.map((time, index) => time / (base[index] ?? Number.NaN));
    return { name, median: median(own), fastest: Math.min(...own), ratio: median(ratios) };
  });
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
