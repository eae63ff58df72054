// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Manifest, manifestTypes, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import type { Digest } from '../../primitives/digest.ts';

/** A manifest that can be reached from index.json. */
export interface ManifestNode {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/** Manifests that are looked at, and their bytes together: thousands of signed images, and no more. */
const maxManifests = 10_000;
const maxTotalBytes = 256 * 1024 * 1024;

const known: ReadonlySet<string> = new Set(Object.values(manifestTypes));

/**
 * Every manifest that can be reached from entries, each once: an entry, then the manifests of an index and the subject.
 * `read` gives the checked bytes of a manifest, or undefined when it is not there; such a one is passed over, because a
 * layout may hold only some platforms of an index. Throws for one that is not what its descriptor says.
 */
export async function* walkManifests(
  entries: readonly Descriptor[],
  read: (descriptor: Descriptor) => Promise<Uint8Array | undefined>,
): AsyncGenerator<ManifestNode> {
  const seen = new Set<Digest>();
  const waiting = [...entries].reverse();
  let total = 0;
  for (let descriptor = waiting.pop(); descriptor !== undefined; descriptor = waiting.pop()) {
    if (!known.has(descriptor.mediaType) || seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    total += descriptor.size;
    if (seen.size > maxManifests || total > maxTotalBytes) {
      const limits = `${maxManifests} manifests or ${maxTotalBytes} bytes of them`;
      throw new NotaryError('registry-limit', `the OCI image layout has more than ${limits}`);
    }
    if (descriptor.size > maxManifestSize) {
      throw new NotaryError('registry-limit', `referrer node too large: ${descriptor.size} bytes`);
    }
    const bytes = await read(descriptor);
    if (bytes === undefined) continue;
    const manifest = parseManifest(bytes, descriptor.mediaType);
    yield { descriptor, manifest };
    const next = [...(manifest.kind === 'index' ? manifest.manifests : []), manifest.subject];
    for (const each of next.reverse()) if (each !== undefined) waiting.push(each);
  }
}
