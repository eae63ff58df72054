// SPDX-License-Identifier: Apache-2.0
import type { ArtifactStorage } from './compose.ts';
import { concurrently } from './concurrently.ts';
import { copyArtifact } from './copy.ts';
import { readCopyGraph } from './copy-graph.ts';
import type { CopyTarget } from './copy-ports.ts';
import { NotaryError } from './errors.ts';
import { type ArtifactReference, nameOf } from './oci/artifact-reference.ts';
import { type CopyDestination, copyAt } from './oci/copy-destination.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { isTag } from './oci/reference.ts';
import type { ReferrersMode } from './ports.ts';
import { type CopyReportEntry, copiesJson, copyLine } from './report/copy-report.ts';
import { failureText } from './report/failure.ts';
import { count } from './report/shown.ts';
import { DeferredLog, type Step } from './step.ts';

/** An artifact to copy. */
export interface CopyItem {
  readonly reference: ArtifactReference;
  /** As it was signed or verified. */
  readonly artifact: Descriptor;
  readonly tags: readonly string[];
  /** Why it must not be copied at all. */
  readonly refusal?: NotaryError | undefined;
  /** Judges a copy named so; throws when it must not be used. */
  readonly confirm: (target: CopyTarget, name: string, log: DeferredLog) => Promise<void>;
}

/** How the copies of a step are made. */
export interface CopyPlan {
  readonly destinations: readonly CopyDestination[];
  readonly storage: ArtifactStorage;
  readonly referrersMode: ReferrersMode;
}

/** Artifacts copied at a time: blobs are what takes time, and few of them use all of a network. */
const maxConcurrentCopies = 4;

interface CopyTask {
  readonly item: CopyItem;
  readonly destination: CopyDestination;
  readonly tags: readonly string[];
}

/** Copies artifacts to every destination; all are tried, and each tells in the log what became of it. */
export async function copyAll(step: Step, items: readonly CopyItem[], plan: CopyPlan): Promise<CopyReportEntry[]> {
  const tasks = items.flatMap((item) =>
    plan.destinations.map((destination) => ({ item, destination, tags: tagsFor(item, destination) })),
  );
  const taken = conflicts(tasks);
  if (tasks.length > 0) step.log.info(`Copying ${count(items.length, 'artifact')}`);
  const entries: CopyReportEntry[] = [];
  const logs = new Map(tasks.map((task) => [task, new DeferredLog()]));
  const work = (task: CopyTask): Promise<CopyReportEntry['outcome']> =>
    copyOne(task, plan, logs.get(task) ?? new DeferredLog(), taken);
  await concurrently(tasks, maxConcurrentCopies, work, (task, settled) => {
    logs.get(task)?.release(step.log);
    const entry = entryOf(task, 'error' in settled ? settled : settled.result);
    step.log.info(copyLine(entry));
    if ('error' in entry.outcome) step.log.info(step.words(failureText(entry.outcome.error)));
    entries.push(entry);
  });
  if (plan.destinations.length > 0) step.host.setOutput('copies', copiesJson(entries));
  return entries;
}

async function copyOne(
  { item, destination, tags }: CopyTask,
  { storage, referrersMode }: CopyPlan,
  log: DeferredLog,
  taken: ReadonlyMap<string, string>,
): Promise<CopyReportEntry['outcome']> {
  const { reference, artifact, refusal, confirm } = item;
  if (refusal !== undefined) throw refusal;
  const copy = copyAt(destination, reference, artifact.digest);
  const name = nameOf(copy);
  for (const tag of tags) {
    const reason = taken.get(`${name}:${tag}`);
    if (reason !== undefined) throw new NotaryError('input-invalid', reason, { hint: conflictHint });
  }
  const source = storage.open(reference);
  const target = storage.openTarget(copy);
  const graph = await readCopyGraph(source, artifact);
  for (const text of graph.leftOut) log.warning(`Not copied: ${text}`);
  const ports = { source, target, confirm: () => confirm(target, name, log) };
  return { counts: await copyArtifact({ graph, tags, referrersMode }, ports) };
}

/** The tag of the destination, else those by which the artifact is known here; layouts have names that are no tags. */
function tagsFor({ reference, tags }: CopyItem, { tag, ...place }: CopyDestination): readonly string[] {
  if (tag !== undefined) return [tag];
  const known = [...new Set([...(reference.tag === undefined ? [] : [reference.tag]), ...tags])];
  return 'layout' in place ? known : known.filter(isTag);
}

const conflictHint =
  'Name other repositories in {input:copyTo}, with * for those of the artifacts, or give artifacts by digest.';

/** Tags that different artifacts would take from each other. */
function conflicts(tasks: readonly CopyTask[]): ReadonlyMap<string, string> {
  const digests = new Map<string, Set<string>>();
  for (const task of tasks) {
    const { reference } = entryOf(task, { error: undefined });
    const name = reference.slice(0, reference.lastIndexOf('@'));
    for (const tag of task.tags) {
      const named = `${name}:${tag}`;
      digests.set(named, (digests.get(named) ?? new Set()).add(task.item.artifact.digest));
    }
  }
  return new Map(
    [...digests].flatMap(([named, found]) =>
      found.size < 2 ? [] : [[named, `${found.size} artifacts would be copied to ${named}`]],
    ),
  );
}

function entryOf({ item, destination, tags }: CopyTask, outcome: CopyReportEntry['outcome']): CopyReportEntry {
  const { digest } = item.artifact;
  return {
    source: `${nameOf(item.reference)}@${digest}`,
    reference: copyName(destination, item, digest),
    ...{ digest, tags, outcome },
  };
}

function copyName(destination: CopyDestination, { reference }: CopyItem, digest: Descriptor['digest']): string {
  try {
    return `${nameOf(copyAt(destination, reference, digest))}@${digest}`;
  } catch (thrown) {
    if (thrown instanceof NotaryError) return destination.text;
    throw thrown;
  }
}

/** Ends a step by what failed in it: its own work, as `failIfAny` tells, and its copies. */
export function failWithCopies(copies: readonly CopyReportEntry[], failIfAny: () => void): void {
  const failed = copies.flatMap(({ reference, outcome }) =>
    'error' in outcome ? [{ reference, error: outcome.error }] : [],
  );
  const [first] = failed;
  if (first === undefined) {
    failIfAny();
    return;
  }
  const other = thrownBy(failIfAny);
  if (other === undefined && copies.length === 1) throw first.error;
  throw new NotaryError(
    'artifacts-failed',
    [
      ...(other === undefined ? [] : [failureText(other)]),
      `${failed.length} of ${copies.length} copies were not made:`,
      ...failed.map(({ reference, error }) => `${reference}: ${failureText(error)}`),
    ].join('\n'),
  );
}

function thrownBy(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
