// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { parseRepositoryName } from '../../oci/reference.ts';
import { parseDigest } from '../../primitives/digest.ts';
import { isImageId, parseBuildMetadata } from './build-metadata.ts';
import type { BuildMetadata } from './build-metadata.ts';
import { repositoryOf } from './image-name.ts';

/** An artifact with the tags that were given to it. */
export interface NamedArtifact {
  /** `registry/repository@digest`. */
  readonly reference: string;
  readonly tags: readonly string[];
}

/**
 * The artifacts of a `metadata` output of docker's build-push or bake action: one per repository and digest. Whoever
 * passes it says that they were pushed. Throws `input-invalid` when it names none.
 */
export function referencesFromMetadata(metadata: string): NamedArtifact[] {
  let builds: readonly BuildMetadata[];
  try {
    builds = parseBuildMetadata(metadata);
  } catch (cause) {
    throw invalid('does not hold the metadata output of docker/build-push-action or docker/bake-action', cause);
  }
  const found = new Map<string, Set<string>>();
  for (const build of builds) addBuild(found, build);
  if (found.size === 0) throw invalid('names no image with a digest', undefined);
  return [...found].map(([reference, tags]) => ({ reference, tags: [...tags] }));
}

/** `repository@digest` for every repository. Throws `input-missing`, `input-invalid` or `reference-invalid`. */
export function referencesFromDigest(digest: string, repositories: readonly string[]): string[] {
  if (digest === '' || repositories.length === 0) {
    const [missing, given] = digest === '' ? ['digest', 'repository'] : ['repository', 'digest'];
    throw new NotaryError('input-missing', `{input:${given}} is given without {input:${missing}}`, {
      hint: 'Give both: the digest, and each repository that holds it, such as ghcr.io/owner/app.',
    });
  }
  const parsed = parseDigest(digest);
  return [...new Set(repositories.map((name) => `${repositoryOf(parseRepositoryName(name))}@${parsed}`))];
}

function addBuild(found: Map<string, Set<string>>, build: BuildMetadata): void {
  if (build.digest === undefined) return;
  if (isImageId(build)) {
    throw invalid(
      `holds ${build.digest} as digest, which is the id of a local image, not a digest in a registry`,
      undefined,
    );
  }
  for (const name of build.names) {
    const reference = `${repositoryOf(name)}@${build.digest}`;
    const tags = found.get(reference) ?? new Set();
    if (name.tag !== undefined) tags.add(name.tag);
    found.set(reference, tags);
  }
}

function invalid(reason: string, cause: unknown): NotaryError {
  return new NotaryError('input-invalid', `{input:imageMetadata} ${reason}`, {
    hint: 'Pass ${{ steps.<id>.outputs.metadata }} of a build that pushed, or {input:digest} and {input:repository}.',
    cause,
  });
}
