// SPDX-License-Identifier: Apache-2.0
import { type LayoutReference, layoutPrefix, parseLayoutReference } from './layout-reference.ts';
import { type Reference, parseReference } from './reference.ts';

/** An artifact in a registry or in an OCI image layout on disk. */
export type ArtifactReference = Reference | LayoutReference;

/** Whether an artifact is in an OCI image layout. */
export function isLayoutReference(reference: ArtifactReference): reference is LayoutReference {
  return 'layout' in reference;
}

/** Parses `registry/repository…` or `oci-layout:<path>…`. Throws `reference-invalid`. */
export function parseArtifactReference(text: string): ArtifactReference {
  return text.startsWith(layoutPrefix) ? parseLayoutReference(text) : parseReference(text);
}

/** What stands before tag or digest: `registry/repository` or `oci-layout:<path>`. */
export function nameOf(reference: ArtifactReference): string {
  if (isLayoutReference(reference)) return `${layoutPrefix}${reference.layout}`;
  return `${reference.registry}/${reference.repository}`;
}

/** What a source is asked for: the digest, else the tag; '' asks a layout for its only artifact. */
export function tagOrDigestOf(reference: ArtifactReference): string {
  return reference.digest ?? reference.tag ?? '';
}
