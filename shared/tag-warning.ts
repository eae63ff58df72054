// SPDX-License-Identifier: Apache-2.0
import { type ArtifactReference, nameOf } from './oci/artifact-reference.ts';

/** Tells that a tag was given, and which digest it named when it was resolved: that digest was used from then on. */
export function tagWarning(reference: ArtifactReference, digest: string): string {
  const named = nameOf(reference);
  return (
    `${named}:${reference.tag ?? ''} is a tag, and a tag can be moved. It was resolved once, and ${named}@${digest} was used. ` +
    'Give the digest to be sure which artifact is meant.'
  );
}
