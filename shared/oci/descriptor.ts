// SPDX-License-Identifier: Apache-2.0
import type { Digest } from '../primitives/digest.ts';

/** An OCI content descriptor (image-spec descriptor.md), as far as this product reads it. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Present on entries of a referrers listing. */
  readonly artifactType?: string;
}

/** Whether two descriptors name the same content: size, digest and media type, nothing else (oras `content.Equal`). */
export function sameContent(a: Descriptor, b: Descriptor): boolean {
  return a.size === b.size && a.digest === b.digest && a.mediaType === b.mediaType;
}
