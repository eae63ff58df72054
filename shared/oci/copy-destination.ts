// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { Digest } from '../primitives/digest.ts';
import { quote } from '../primitives/quote.ts';
import { type ArtifactReference, isLayoutReference } from './artifact-reference.ts';
import { layoutPrefix, parseLayoutReference } from './layout-reference.ts';
import { parseReference, parseRepositoryName } from './reference.ts';

/** Where copies go: a repository, repositories named as those of the artifacts below a prefix, or a layout on disk. */
export type CopyDestination = {
  /** The user's words. */
  readonly text: string;
  /** Instead of the tags that the artifact was named by. */
  readonly tag?: string;
} & (
  | { readonly registry: string; readonly repository: string }
  /** Without a slash at its end; '' for the registry itself. */
  | { readonly registry: string; readonly prefix: string }
  | { readonly layout: string }
);

/**
 * Parses `registry/repository[:tag]`, `registry/[path/]*[:tag]`, where `*` stands for the repository of the artifact, or
 * `oci-layout:<path>[:tag]`. Throws `reference-invalid`; a digest is not for us to choose.
 */
export function parseCopyDestination(text: string): CopyDestination {
  if (text.startsWith(layoutPrefix)) {
    const { layout, digest, tag } = parseLayoutReference(text);
    if (digest !== undefined) throw digestGiven(text);
    return { text, layout, ...(tag === undefined ? {} : { tag }) };
  }
  if (text.includes('@')) throw digestGiven(text);
  const all = /^(.+)\/\*(?::([^/]*))?$/.exec(text);
  // A name in the place of the star: what is left is a reference as any other.
  const { tag, ...name } = parseTarget(all === null ? text : text.replace('*', 'repository'));
  const tagged = tag === undefined ? {} : { tag };
  if (all === null) return { text, ...name, ...tagged };
  return { text, registry: name.registry, prefix: name.repository.replace(/\/?repository$/, ''), ...tagged };
}

function parseTarget(text: string): { registry: string; repository: string; tag?: string } {
  if (!text.slice(text.indexOf('/') + 1).includes(':')) return parseRepositoryName(text);
  const { registry, repository, tag = '' } = parseReference(text);
  return { registry, repository, tag };
}

/** The copy of an artifact at a destination. Throws `input-invalid` for an artifact without a repository below `*`. */
export function copyAt(destination: CopyDestination, source: ArtifactReference, digest: Digest): ArtifactReference {
  if ('layout' in destination) return { layout: destination.layout, digest };
  if ('repository' in destination) {
    return { registry: destination.registry, repository: destination.repository, digest };
  }
  if (isLayoutReference(source)) {
    const text = `${quote(destination.text)} names no repository for an artifact of an OCI image layout`;
    throw new NotaryError('input-invalid', text, { hint: 'Name the repository in {input:copyTo} instead of *.' });
  }
  const repository = [destination.prefix, source.repository].filter((part) => part !== '').join('/');
  return { registry: destination.registry, repository, digest };
}

function digestGiven(text: string): NotaryError {
  return new NotaryError('reference-invalid', `${quote(text.slice(0, 300))}: a copy has the digest of its artifact`, {
    hint: 'Leave out @ and the digest; name a tag, or none.',
  });
}
