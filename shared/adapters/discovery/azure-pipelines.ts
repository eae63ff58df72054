// SPDX-License-Identifier: Apache-2.0
import type { DetectOptions, DetectedArtifact, Detection, RejectedCandidate } from '../../ports.ts';
import { readPushLogs } from './push-logs.ts';
import type { PushLogs } from './push-logs.ts';
import { parseResourceUris } from './resource-uris.ts';

/** Where a job of Azure Pipelines tells what it has pushed. */
export interface AzurePushSources {
  /** The variable RESOURCE_URIS, undefined when no step has set it. */
  readonly resourceUris: string | undefined;
  /** Agent.TempDirectory. */
  readonly tempDirectory: string;
}

/** Evidence for one artifact, gathered from both channels. */
interface Candidate {
  readonly source: Channel;
  readonly tags: Set<string>;
  readonly evidence: string[];
  readonly confirmedBy: Set<Channel>;
}

type Channel = 'RESOURCE_URIS' | 'push logs';

/**
 * What Docker@2 has pushed in this job: the entries of RESOURCE_URIS, which the last push step has set, completed by the
 * push logs of all its push steps. Both are only hints that any step could have written.
 */
export async function detectAzurePushes(sources: AzurePushSources, options: DetectOptions): Promise<Detection> {
  if (options.detect === 'off')
    return { artifacts: [], rejected: [], channels: [{ name: 'detection', state: 'off' }], fix };
  return judgeAzurePushes(sources.resourceUris, await readPushLogs(sources.tempDirectory));
}

/** Puts both channels together; `logs` is undefined when there are none. */
export function judgeAzurePushes(resourceUris: string | undefined, logs: PushLogs | undefined): Detection {
  const candidates = new Map<string, Candidate>();
  const rejected: RejectedCandidate[] = [];
  for (const uri of parseResourceUris(resourceUris ?? '')) {
    const reason = 'rejected' in uri ? uri.reason : misreadRegistry(uri.reference, logs);
    const what = 'rejected' in uri ? uri.rejected : uri.reference;
    if (reason !== undefined) rejected.push({ what, source: 'RESOURCE_URIS', reason, warn: true });
    else candidateFor(candidates, what, 'RESOURCE_URIS').evidence.push('set by a push step');
  }
  const listed = candidates.size;
  const logged = addPushLogs(candidates, rejected, logs);
  return {
    artifacts: [...candidates].map(([reference, candidate]) => artifactOf(reference, candidate)),
    rejected,
    channels: [
      { name: 'RESOURCE_URIS', state: stateOfVariable(resourceUris, listed) },
      { name: 'push logs of Docker@2', state: stateOfLogs(logs, logged) },
    ],
    fix,
  };
}

/** Of `host:5000/a/b/c`, Docker@2 takes `host` for an image of Docker Hub: the log of the push tells. */
function misreadRegistry(reference: string, logs: PushLogs | undefined): string | undefined {
  const [, host, digest] = /^docker\.io\/library\/([^/@]+)@(.+)$/.exec(reference) ?? [];
  if (host === undefined) return undefined;
  const pushes = (logs?.files ?? []).flatMap(({ pushed }) => pushed);
  const meant = pushes.find((push) => push.digest === digest && push.repository.startsWith(`${host}:`));
  return meant === undefined ? undefined : `it was pushed to ${meant.repository}`;
}

/** A tag that was pushed again has left its first digest: only the last one is what the job meant to publish. */
function addPushLogs(
  candidates: Map<string, Candidate>,
  rejected: RejectedCandidate[],
  logs: PushLogs | undefined,
): number {
  const pushes = (logs?.files ?? []).flatMap(({ name, pushed }) => pushed.map((push) => ({ ...push, file: name })));
  const latest = new Map(pushes.map(({ repository, tag, digest }) => [`${repository}:${tag}`, digest]));
  const found = new Set<string>();
  const left = new Map<string, RejectedCandidate>();
  for (const { repository, tag, digest, file } of pushes) {
    const reference = `${repository}@${digest}`;
    const now = latest.get(`${repository}:${tag}`);
    if (now !== digest) {
      const reason = `the tag ${tag} was pushed again in this job, as ${now ?? ''}`;
      left.set(reference, { what: reference, source: 'push logs', reason, warn: true });
      continue;
    }
    const candidate = candidateFor(candidates, reference, 'push logs');
    if (!candidate.tags.has(tag)) candidate.evidence.push(`${file}: pushed as ${tag}`);
    candidate.tags.add(tag);
    found.add(reference);
  }
  rejected.push(...[...left.values()].filter(({ what }) => !candidates.has(what)));
  return found.size;
}

function candidateFor(candidates: Map<string, Candidate>, reference: string, channel: Channel): Candidate {
  const known = candidates.get(reference);
  if (known !== undefined) {
    if (known.source !== channel) known.confirmedBy.add(channel);
    return known;
  }
  const candidate: Candidate = { source: channel, tags: new Set(), evidence: [], confirmedBy: new Set() };
  candidates.set(reference, candidate);
  return candidate;
}

function artifactOf(reference: string, { source, tags, evidence, confirmedBy }: Candidate): DetectedArtifact {
  return {
    reference,
    tags: [...tags],
    source,
    evidence,
    ...(confirmedBy.size === 0 ? {} : { confirmedBy: [...confirmedBy] }),
  };
}

function stateOfVariable(value: string | undefined, found: number): string {
  if (value === undefined) return 'not set by any step of this job';
  return value.trim() === '' ? 'empty' : `${found} found`;
}

function stateOfLogs(logs: PushLogs | undefined, found: number): string {
  if (logs === undefined) return 'no folder task_outputs in Agent.TempDirectory';
  const state = logs.files.length === 0 ? 'empty' : `${found} found`;
  return logs.incomplete === undefined ? state : `${state}, ${logs.incomplete}`;
}

/** What to write into the pipeline when nothing was found. */
const fix = [
  'Name the artifacts in the inputs of this step, by digest:',
  '  {input:artifacts}: myregistry.azurecr.io/app@sha256:<digest>',
  'RESOURCE_URIS is set by push and buildAndPush of Docker@2, and seen by later steps of the same job only.',
].join('\n');
