// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import type { RejectedCandidate } from '../../ports.ts';
import { parseDigest } from '../../primitives/digest.ts';
import { isObject } from './build-metadata.ts';
import { candidatesOf } from './candidate.ts';
import type { Candidate, ChannelFindings } from './candidate.ts';
import { parseImageName } from './image-name.ts';

export const artifactsList = 'artifacts-list';

/** The runner keeps at most 500 subjects a job. */
const maxSubjects = 500;

interface Subject {
  readonly name: string;
  readonly digest: string;
  readonly kind: 'oci' | 'file';
}

/**
 * The images in a `GITHUB_ARTIFACTS_LIST` (GH 2.2): what earlier steps declared in `GITHUB_ARTIFACTS`. `text` is undefined
 * when the variable is not set. Throws `malformed` for anything but a version 1 list:
 * an author's declaration is never half understood.
 */
export function findInArtifactsList(text: string | undefined): ChannelFindings {
  if (text === undefined) return findings('not set: this runner does not have it');
  if (text === '') return findings('off: the runner keeps no list');
  const subjects = parseList(text);
  if (subjects.length === 0) return findings('empty: no step has declared an artifact');
  const images = subjects.filter(({ kind }) => kind === 'oci').flatMap(candidateOf);
  const files = subjects.filter(({ kind }) => kind === 'file');
  const rejected = files.map(({ name }) => ({ what: name, source: artifactsList, reason: 'a file, not an image' }));
  return findings(images.length === 0 ? 'only files' : `${images.length} found`, images, rejected);
}

function findings(
  state: string,
  candidates: readonly Candidate[] = [],
  rejected: readonly RejectedCandidate[] = [],
): ChannelFindings {
  return { name: artifactsList, state, candidates, rejected };
}

function parseList(text: string): Subject[] {
  if (text.startsWith('\uFEFF')) throw malformed('it starts with a byte-order mark');
  const list = parseJson(text);
  if (!isObject(list)) throw malformed('it is not a JSON object');
  if (list['version'] !== 1) throw malformed(`its version is ${shown(list['version'])}, not 1`);
  if (!Array.isArray(list['subjects'])) throw malformed('it has no array "subjects"');
  if (list['subjects'].length > maxSubjects) throw malformed(`it has more than ${maxSubjects} subjects`);
  const subjects = list['subjects'].map(parseSubject);
  refuseConflicts(subjects);
  return subjects;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
}

function parseSubject(value: unknown, index: number): Subject {
  const { name, digest, kind }: Readonly<Record<string, unknown>> = isObject(value) ? value : {};
  if (typeof name !== 'string' || name === '') throw malformed(`subject ${index + 1} has no name`);
  if (kind !== 'oci' && kind !== 'file')
    throw malformed(`subject ${shown(name)} is of the unknown kind ${shown(kind)}`);
  if (typeof digest !== 'string') throw malformed(`subject ${shown(name)} has no digest`);
  try {
    parseDigest(digest);
  } catch (cause) {
    throw malformed(`subject ${shown(name)}: ${messageOf(cause)}`, cause);
  }
  return { name, digest, kind };
}

function refuseConflicts(subjects: readonly Subject[]): void {
  const digests = new Map<string, string>();
  for (const { name, digest } of subjects) {
    const known = digests.get(name) ?? digest;
    if (known !== digest) throw malformed(`subject ${shown(name)} has two digests, ${known} and ${digest}`);
    digests.set(name, digest);
  }
}

function candidateOf({ name, digest }: Subject): Candidate[] {
  const image = parseImageName(name);
  if (image === undefined) throw malformed(`subject ${shown(name)} is not the name of an image`);
  return candidatesOf([image], parseDigest(digest), ['declared in GITHUB_ARTIFACTS']);
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value).slice(0, 200);
}

function malformed(reason: string, cause?: unknown): NotaryError {
  return new NotaryError('malformed', `the list of artifacts in GITHUB_ARTIFACTS_LIST cannot be used: ${reason}`, {
    hint: 'Correct what earlier steps write to GITHUB_ARTIFACTS, or name the artifacts in {input:artifacts}.',
    cause,
  });
}
