// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../shared/errors.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import type { ArtifactTarget, PushedReferrer, ReferrerManifest, ReferrersMode } from '../../shared/ports.ts';
import { type Digest, digestOf } from '../../shared/primitives/digest.ts';

interface Stored {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** One repository in memory: what a registry would hold, in the order in which it arrived. */
export class MemoryRepository implements ArtifactTarget {
  /** What was asked for, in order: `resolve …`, `list …`, `manifest …`, `blob …`, `push …`. */
  readonly requests: string[] = [];
  /** Failures to answer a request with, by its text in `requests`. */
  readonly failures = new Map<string, NotaryError>();
  /** What `pushReferrer` was given. */
  readonly pushed: { readonly manifest: ReferrerManifest; readonly mode: ReferrersMode }[] = [];
  readonly #manifests = new Map<string, Stored>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #tags = new Map<string, Digest>();
  readonly #referrers = new Map<string, Descriptor[]>();

  /** Stores a manifest, perhaps with a tag. */
  putManifest(mediaType: string, content: Uint8Array | string, tag?: string): Descriptor {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    this.#manifests.set(descriptor.digest, { descriptor, bytes });
    if (tag !== undefined) this.#tags.set(tag, descriptor.digest);
    return descriptor;
  }

  putBlob(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Lists a manifest among the referrers of a subject, whatever it says of itself. */
  addReferrer(subject: string, descriptor: Descriptor): void {
    this.#referrers.set(subject, [...(this.#referrers.get(subject) ?? []), descriptor]);
  }

  async resolve(tagOrDigest: string): Promise<Descriptor> {
    await this.#answer(`resolve ${tagOrDigest}`);
    return this.#manifest(this.#tags.get(tagOrDigest) ?? tagOrDigest).descriptor;
  }

  async fetchManifest(descriptor: Descriptor): Promise<Uint8Array> {
    await this.#answer(`manifest ${descriptor.digest}`);
    return this.#manifest(descriptor.digest).bytes;
  }

  async fetchBlob(descriptor: Descriptor): Promise<Uint8Array> {
    await this.#answer(`blob ${descriptor.digest}`);
    const bytes = this.#blobs.get(descriptor.digest);
    if (bytes === undefined) throw new NotaryError('artifact-not-found', `no blob ${descriptor.digest}`);
    if (bytes.length !== descriptor.size) throw new NotaryError('digest-mismatch', `size of ${descriptor.digest}`);
    return bytes;
  }

  async *listReferrers(subject: Descriptor, artifactType: string): AsyncGenerator<Descriptor> {
    await this.#answer(`list ${subject.digest}`);
    for (const descriptor of this.#referrers.get(subject.digest) ?? []) {
      if (descriptor.artifactType === artifactType) yield descriptor;
    }
  }

  async pushBlob(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    const descriptor = this.putBlob(mediaType, bytes);
    await this.#answer(`push ${descriptor.digest}`);
    return descriptor;
  }

  async pushReferrer(manifest: ReferrerManifest, mode: ReferrersMode): Promise<PushedReferrer> {
    const descriptor = this.putManifest(manifest.mediaType, manifest.bytes);
    await this.#answer(`push ${descriptor.digest}`);
    this.pushed.push({ manifest, mode });
    const { annotations, artifactType } = manifest;
    this.addReferrer(manifest.subject.digest, { ...descriptor, annotations, artifactType });
    return { descriptor, via: mode === 'tag-schema' ? 'tag-schema' : 'referrers-api', warnings: [] };
  }

  #answer(request: string): Promise<void> {
    this.requests.push(request);
    const failure = this.failures.get(request);
    return failure === undefined ? Promise.resolve() : Promise.reject(failure);
  }

  #manifest(digest: string): Stored {
    const stored = this.#manifests.get(digest);
    if (stored === undefined) throw new NotaryError('artifact-not-found', `${digest}: not found`);
    return stored;
  }
}
