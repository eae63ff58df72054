// SPDX-License-Identifier: Apache-2.0
import type { DetectedArtifact, Detection, RejectedCandidate } from '../../ports.ts';
import { referenceOf } from './candidate.ts';
import type { Candidate, ChannelFindings } from './candidate.ts';
import { matchesGlob } from './glob.ts';
import { isLoopback, repositoryOf } from './image-name.ts';

/** More repositories than one job plausibly pushes to: a sign that something else than this job's work was found. */
const maxRepositories = 20;

/** What limits a selection. */
export interface SelectOptions {
  /** Globs over `registry/repository`; empty means all. */
  readonly include: readonly string[];
  /** References that earlier steps of this job have signed. */
  readonly signed: ReadonlySet<string>;
}

type Selection = Pick<Detection, 'artifacts' | 'rejected' | 'channels'> & { readonly ambiguity?: string };

/**
 * Decides what is signed (GH 2.10). The first channel with candidates decides, so that an author's declaration is the whole
 * set; the others only confirm or contradict it.
 */
export function select(channels: readonly ChannelFindings[], options: SelectOptions): Selection {
  const rejected = channels.flatMap((channel) => channel.rejected);
  const decisive = channels.find((channel) => channel.candidates.length > 0);
  const states = channels.map(({ name, state }) => ({ name, state }));
  if (decisive === undefined) return { artifacts: [], rejected, channels: states };
  const others = channels.filter((channel) => channel !== decisive);
  const merged = merge(decisive.candidates);
  const { kept, left } = limit(merged, decisive.name, options);
  const ambiguity = contradiction([kept, ...others.map(({ candidates }) => candidates)], kept) ?? tooMany(kept);
  return {
    artifacts: kept.map((candidate) => artifactOf(candidate, decisive.name, others)),
    rejected: [...rejected, ...left, ...others.flatMap((channel) => unselected(channel, merged, decisive.name))],
    channels: states,
    ...(ambiguity === undefined ? {} : { ambiguity }),
  };
}

/** One candidate per reference, with everything that was said of it. */
function merge(candidates: readonly Candidate[]): Candidate[] {
  const merged = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const known = merged.get(referenceOf(candidate));
    merged.set(referenceOf(candidate), {
      ...candidate,
      tags: [...new Set([...(known?.tags ?? []), ...candidate.tags])],
      evidence: [...new Set([...(known?.evidence ?? []), ...candidate.evidence])],
    });
  }
  return [...merged.values()];
}

function limit(
  candidates: readonly Candidate[],
  source: string,
  { include, signed }: SelectOptions,
): { kept: Candidate[]; left: RejectedCandidate[] } {
  const elsewhere = candidates.some(({ registry }) => !isLoopback(registry));
  const kept: Candidate[] = [];
  const left: RejectedCandidate[] = [];
  for (const candidate of candidates) {
    const reason = reasonAgainst(candidate);
    if (reason === undefined) kept.push(candidate);
    else left.push({ what: referenceOf(candidate), source, reason });
  }
  return { kept, left };

  function reasonAgainst(candidate: Candidate): string | undefined {
    if (include.length > 0 && !include.some((glob) => matchesGlob(glob, repositoryOf(candidate)))) {
      return '{input:detectInclude} does not include it';
    }
    if (include.length === 0 && elsewhere && isLoopback(candidate.registry)) {
      return 'a registry on this machine, while another one is present; include it with {input:detectInclude}';
    }
    return signed.has(referenceOf(candidate)) ? 'already signed by an earlier step of this job' : undefined;
  }
}

/** The same name with two digests, within what is kept or between it and another channel. */
function contradiction(groups: readonly (readonly Candidate[])[], kept: readonly Candidate[]): string | undefined {
  const digests = new Map<string, Set<string>>();
  const concerned = new Set(kept.flatMap(namesOf));
  for (const candidate of groups.flat()) {
    for (const name of namesOf(candidate)) {
      if (concerned.has(name)) digests.set(name, (digests.get(name) ?? new Set()).add(candidate.digest));
    }
  }
  const conflicts = [...digests].filter(([, found]) => found.size > 1);
  if (conflicts.length === 0) return undefined;
  const rows = conflicts.map(([name, found]) => `- ${name}: ${[...found].join(', ')}`);
  return [`the same name has several digests in this job, so that it is not clear what to sign:`, ...rows].join('\n');
}

function namesOf(candidate: Candidate): string[] {
  return candidate.tags.map((tag) => `${repositoryOf(candidate)}:${tag}`);
}

function tooMany(kept: readonly Candidate[]): string | undefined {
  const repositories = new Set(kept.map(repositoryOf));
  if (repositories.size <= maxRepositories) return undefined;
  const rows = [...repositories].map((name) => `- ${name}`);
  return [`artifacts in ${repositories.size} repositories were found, more than ${maxRepositories}:`, ...rows].join(
    '\n',
  );
}

function artifactOf(candidate: Candidate, source: string, others: readonly ChannelFindings[]): DetectedArtifact {
  const reference = referenceOf(candidate);
  const confirmedBy = others.filter(({ candidates }) => candidates.some((other) => referenceOf(other) === reference));
  return {
    reference,
    tags: candidate.tags,
    source,
    evidence: candidate.evidence,
    confirmedBy: confirmedBy.map(({ name }) => name),
  };
}

function unselected(channel: ChannelFindings, selected: readonly Candidate[], decisive: string): RejectedCandidate[] {
  const known = new Set(selected.map(referenceOf));
  const reason = `not selected: ${decisive} decides`;
  return merge(channel.candidates)
    .map(referenceOf)
    .filter((reference) => !known.has(reference))
    .map((what) => ({ what, source: channel.name, reason }));
}
