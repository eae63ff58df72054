// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Answer, Family, FuzzCase } from './family.ts';
import { type KnownDifference, knownDifferences } from './known-differences.ts';
import type { Oracle } from './oracle.ts';
import { Random } from './random.ts';

export interface FuzzOptions {
  readonly seed: string;
  /** Number of the first case. */
  readonly first?: number;
  readonly cases: number;
  /** Without an oracle only crashes, untyped errors and slow cases are found. */
  readonly oracle: Oracle | undefined;
  /** Told of each case before it is made. */
  readonly onCase?: (index: number) => void;
}

/** A case in which something is wrong. */
export interface Finding {
  readonly family: string;
  readonly seed: string;
  readonly index: number;
  readonly kind: 'disagreement' | 'untyped error' | 'slow' | 'oracle';
  readonly theirs: Answer | undefined;
  readonly ours: Answer | undefined;
  readonly detail: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What came of the cases of a family. */
export interface FuzzResult {
  readonly family: string;
  readonly cases: number;
  readonly accepted: number;
  readonly findings: readonly Finding[];
  /** Known differences by their name. */
  readonly known: ReadonlyMap<string, number>;
}

/** No case needs nearly as long, even on a busy machine. */
const slowMilliseconds = 10_000;

/** Findings kept of a family: one defect shows in many cases. */
const maxFindings = 20;

/** Decides cases of a family, and compares with the oracle. */
export async function fuzz(family: Family, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, first = 0, cases, oracle } = options;
  const findings: Finding[] = [];
  const known = new Map<string, number>();
  let acceptedCount = 0;
  const comparisons = new Set<Promise<void>>();
  for (let index = first; index < first + cases; index++) {
    options.onCase?.(index);
    const each = await caseOf(family, seed, index);
    const found = (kind: Finding['kind'], detail: string, ours?: Answer, theirs?: Answer) => {
      if (findings.length >= maxFindings) return;
      findings.push({ family: family.name, seed, index, kind, detail, ours, theirs, input: each.input });
    };
    const asked = oracle === undefined ? undefined : await oracle.ask(family.oracle, each.input);
    const ours = await decideSafely(each, found);
    if (ours?.accepted === true) acceptedCount++;
    if (asked === undefined || ours === undefined) continue;
    const comparison = asked.answer.then((theirs) => {
      comparisons.delete(comparison);
      const difference = findDifference(family, theirs, ours);
      if (difference === undefined) return;
      const recognised = recognise(family, each, theirs, ours);
      if (recognised === undefined) found('disagreement', difference, ours, theirs);
      else known.set(recognised.name, (known.get(recognised.name) ?? 0) + 1);
    });
    comparisons.add(comparison);
  }
  await Promise.all(comparisons);
  return { family: family.name, cases, accepted: acceptedCount, findings, known };
}

/** The case of a family with a number: always the same for a seed. */
export function caseOf(family: Family, seed: string, index: number): FuzzCase | Promise<FuzzCase> {
  return family.generate(new Random(`${seed}/${family.name}/${index}`));
}

async function decideSafely(
  each: FuzzCase,
  found: (kind: Finding['kind'], detail: string) => void,
): Promise<Answer | undefined> {
  const started = performance.now();
  try {
    return await each.decide();
  } catch (thrown) {
    found('untyped error', thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
    return undefined;
  } finally {
    const took = performance.now() - started;
    if (took > slowMilliseconds) found('slow', `${Math.round(took)} ms`);
  }
}

function findDifference({ reasonOf }: Family, theirs: Answer, ours: Answer): string | undefined {
  if (theirs.accepted !== ours.accepted) return theirs.accepted ? 'we refuse' : 'we accept';
  if ((theirs.stage ?? '') !== (ours.stage ?? '')) return 'stage';
  if (!isDeepStrictEqual(theirs.facts ?? null, plain(ours.facts ?? null))) return 'facts';
  if (reasonOf === undefined || theirs.accepted) return undefined;
  const reasons = [theirs, ours].map(({ text = '', stage = '' }) => reasonOf(text, stage));
  return reasons[0] === reasons[1] ? undefined : 'reason';
}

/** As it would come out of JSON. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function recognise(family: Family, each: FuzzCase, theirs: Answer, ours: Answer): KnownDifference | undefined {
  return knownDifferences.find(
    (known) => known.families.includes(family.name) && known.explains({ input: each.input, theirs, ours }),
  );
}
