// SPDX-License-Identifier: Apache-2.0
import type { RejectedCandidate } from '../../ports.ts';
import type { Digest } from '../../primitives/digest.ts';
import { repositoryOf } from './image-name.ts';
import type { ImageName } from './image-name.ts';

/** An image of one repository that a channel says this job has pushed. */
export interface Candidate {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Why it counts as pushed by this job. */
  readonly evidence: readonly string[];
}

/** What one channel gave. */
export interface ChannelFindings {
  readonly name: string;
  /** A word or two: `empty`, `off`, `not readable`, `2 found`. */
  readonly state: string;
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly RejectedCandidate[];
}

/** `registry/repository@digest`. */
export function referenceOf(candidate: Candidate): string {
  return `${repositoryOf(candidate)}@${candidate.digest}`;
}

/** One candidate per repository of the names, with the tags given there. */
export function candidatesOf(names: readonly ImageName[], digest: Digest, evidence: readonly string[]): Candidate[] {
  const tags = new Map<string, { readonly image: ImageName; readonly tags: Set<string> }>();
  for (const image of names) {
    const known = tags.get(repositoryOf(image)) ?? { image, tags: new Set() };
    if (image.tag !== undefined) known.tags.add(image.tag);
    tags.set(repositoryOf(image), known);
  }
  return [...tags.values()].map(({ image: { registry, repository }, tags: given }) => {
    return { registry, repository, digest, tags: [...given], evidence };
  });
}
