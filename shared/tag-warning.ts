// SPDX-License-Identifier: Apache-2.0
import type { Reference } from './oci/reference.ts';

/** Tells that a tag was given, and which digest it named when it was resolved: that digest was used from then on. */
export function tagWarning(reference: Reference, digest: string): string {
  const named = `${reference.registry}/${reference.repository}`;
  return (
    `${named}:${reference.tag ?? ''} is a tag, and a tag can be moved. It was resolved once, and ${named}@${digest} was used. ` +
    'Give the digest to be sure which artifact is meant.'
  );
}
