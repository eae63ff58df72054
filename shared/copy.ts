// SPDX-License-Identifier: Apache-2.0
import { fetchEnvelope, listSignatures } from './artifact.ts';
import { eachConcurrently } from './concurrently.ts';
import type { CopyGraph, CopyNode } from './copy-graph.ts';
import type { BlobCopy, CopySource, CopyTarget } from './copy-ports.ts';
import { NotaryError } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { artifactTypeOf } from './oci/manifest.ts';
import { signatureFormOf } from './oci/signature-manifest.ts';
import type { ReferrersMode } from './ports.ts';
import type { Digest } from './primitives/digest.ts';

/** A copy to make. */
export interface CopyRequest {
  /** Read from `source`. */
  readonly graph: CopyGraph;
  readonly tags: readonly string[];
  readonly referrersMode: ReferrersMode;
}

/** What a copy needs from outside. */
export interface CopyPorts {
  readonly source: CopySource;
  readonly target: CopyTarget;
  /** Judges the copy by what can be read at the target, before any tag names it; throws when it must not be used. */
  readonly confirm: () => Promise<void>;
}

/** What was copied. */
export interface CopyCounts {
  readonly manifests: number;
  /** Of the manifests: those with a subject, and of these the signatures. */
  readonly referrers: number;
  readonly signatures: number;
  readonly blobs: Readonly<Record<BlobCopy, number>>;
  /** Of the blobs that were sent. */
  readonly bytes: number;
}

/** Blobs and manifests of one artifact under way at a time. */
const concurrency = 8;

/**
 * Copies an artifact with everything that belongs to it: blobs, then manifests by their digests, then the listings. All
 * manifests are read back, the copy is confirmed, and only then it gets its tags: whoever pulls by tag never meets half of it.
 * What is there already is not sent again, so that a second run ends what a first one began. Throws what either side throws.
 */
export async function copyArtifact(request: CopyRequest, ports: CopyPorts): Promise<CopyCounts> {
  const { graph, tags } = request;
  const { source, target, confirm } = ports;
  const blobs = { copied: 0, mounted: 0, there: 0 };
  let bytes = 0;
  await eachConcurrently(graph.blobs, concurrency, async (blob) => {
    const how = await target.copyBlob(blob, source);
    blobs[how]++;
    if (how === 'copied') bytes += blob.size;
  });
  const manifests = graph.levels.flat();
  for (const level of graph.levels) {
    await eachConcurrently(level, concurrency, (node) => target.pushManifest(node.descriptor, node.bytes));
  }
  for (const level of graph.referrers) {
    await eachConcurrently(level, concurrency, (node) => list(target, node, request.referrersMode));
  }
  await eachConcurrently(manifests, concurrency, ({ descriptor }) => target.readBack(descriptor));
  await confirm();
  await target.publish(graph.root.descriptor, graph.root.bytes, tags);
  const signatures = manifests.filter(({ manifest }) => signatureFormOf(manifest) !== undefined).length;
  return { manifests: manifests.length, referrers: graph.referrers.flat().length, signatures, blobs, bytes };
}

/** Makes a referrer known at the target, whose listings may be of another kind than those of the source. */
async function list(target: CopyTarget, { descriptor, bytes, manifest }: CopyNode, mode: ReferrersMode): Promise<void> {
  const { subject, annotations } = manifest;
  if (subject === undefined) return;
  const { mediaType, digest } = descriptor;
  await target.pushReferrer(
    { mediaType, bytes, digest, annotations, subject, artifactType: artifactTypeOf(manifest) ?? '' },
    mode,
  );
}

/** That a signature just made is listed at a copy and can be read there. Throws `push-failed` when it is not. */
export async function confirmSignature(target: CopySource, artifact: Descriptor, signature: Digest): Promise<void> {
  for await (const listed of listSignatures(target, artifact)) {
    if (listed.digest !== signature) continue;
    await fetchEnvelope(target, listed);
    return;
  }
  throw new NotaryError('push-failed', `the signature ${signature} is not listed at the copy`, {
    hint: 'Run the step again: what is there already is not copied again.',
  });
}
