// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from './oci/descriptor.ts';
import type { RepositoryName } from './oci/reference.ts';
import type { ArtifactSource, ArtifactTarget } from './ports.ts';

/** A source that artifacts can be copied from, with everything that belongs to them. */
export interface CopySource extends ArtifactSource {
  /** Where it is, for a registry that can take a blob over from another of its repositories; a layout has none. */
  readonly origin: RepositoryName | undefined;
  /** Referrers of every type, by the Referrers API and by the referrers tag together. Throws when they are not known. */
  listAllReferrers(subject: Descriptor): AsyncIterable<Descriptor>;
  /**
   * A blob of any size as it comes. The last piece is given only when size and digest of all are right; throws
   * `digest-mismatch` otherwise, and `artifact-not-found`.
   */
  readBlob(descriptor: Descriptor): AsyncIterable<Uint8Array>;
}

/** How a blob came to be where it should be. */
export type BlobCopy = 'there' | 'mounted' | 'copied';

/** A target that artifacts can be copied to. What is there already is not sent again. */
export interface CopyTarget extends CopySource, ArtifactTarget {
  /** Takes a blob from a source. Afterwards the target says that it has as many bytes. */
  copyBlob(descriptor: Descriptor, source: CopySource): Promise<BlobCopy>;
  /** Stores a manifest by its digest; what it names must be there. */
  pushManifest(descriptor: Descriptor, bytes: Uint8Array): Promise<void>;
  /** Looks that a manifest can be read now, with the right bytes; throws when it cannot. */
  readBack(descriptor: Descriptor): Promise<void>;
  /**
   * Gives an artifact its tags, and has them read back; a layout lists the artifact also without any. Throws `push-failed`
   * for a tag that cannot be set.
   */
  publish(artifact: Descriptor, bytes: Uint8Array, tags: readonly string[]): Promise<void>;
}
