// SPDX-License-Identifier: Apache-2.0
import { parseReference } from './oci/reference.ts';
import type { ArtifactSource, DetectedArtifact } from './ports.ts';

/** Tags of one image that are looked at: with more of them, one that moved is not what matters. */
const maxTags = 8;

/** Images that are asked for at a time. */
const maxConcurrent = 8;

/**
 * A warning for each tag that no longer points at the image that this job has pushed under it: what was pushed is signed, by
 * its digest, and whoever pulls the tag gets something else. A tag that cannot be read is no reason to warn.
 */
export async function movedTags(
  artifacts: readonly DetectedArtifact[],
  sourceFor: (registry: string, repository: string) => ArtifactSource,
): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (let start = 0; start < artifacts.length; start += maxConcurrent) {
    const group = artifacts.slice(start, start + maxConcurrent);
    const found = await Promise.all(group.map((artifact) => movedTagsOf(artifact, sourceFor)));
    warnings.push(...found.flat());
  }
  return warnings;
}

async function movedTagsOf(
  { reference, tags }: DetectedArtifact,
  sourceFor: (registry: string, repository: string) => ArtifactSource,
): Promise<string[]> {
  const { registry, repository, digest } = parseReference(reference);
  const source = sourceFor(registry, repository);
  const checks = tags.slice(0, maxTags).map(async (tag) => {
    const now = await source.resolve(tag).catch(() => undefined);
    if (now === undefined || now.digest === digest) return [];
    return [
      `${registry}/${repository}:${tag} now points at ${now.digest}, no longer at what this job has pushed: ${reference} is signed`,
    ];
  });
  return (await Promise.all(checks)).flat();
}
