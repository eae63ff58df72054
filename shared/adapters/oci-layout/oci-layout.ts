// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import type { BlobCopy, CopySource, CopyTarget } from '../../copy-ports.ts';
import { NotaryError, messageOf } from '../../errors.ts';
import { type Descriptor, sameContent } from '../../oci/descriptor.ts';
import {
  addLayoutEntry,
  checkLayoutFile,
  findTagged,
  notFound,
  parseLayoutIndex,
  tagLayoutEntry,
} from '../../oci/layout-index.ts';
import { type Manifest, artifactTypeOf, manifestTypes, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { emptyConfigMediaType, maxEnvelopeSize } from '../../oci/signature-manifest.ts';
import type { PushedReferrer, ReferrerManifest } from '../../ports.ts';
import { type Digest, algorithmOf, digestOf, parseDigest } from '../../primitives/digest.ts';
import { type Timing, systemTiming } from '../timing.ts';
import { checkedContent } from '../checked-content.ts';
import { LayoutFolder } from './layout-folder.ts';
import { type LayoutFiles, blobPath, isSystemError, layoutError, maxIndexBytes } from './layout-files.ts';
import { createLayoutFolder } from './create-layout.ts';
import { LayoutTar } from './layout-tar.ts';
import { type ManifestNode, walkManifests } from './manifest-graph.ts';

/** The `oci-layout` file has one member. */
const maxLayoutFileBytes = 64 * 1024;
/** Times that a blob is asked for again when the connection to its registry breaks, and milliseconds before the first. */
const maxRereads = 5;
const rereadDelay = 300;

export interface OciLayoutOptions {
  /** What messages call the layout; by default its path. */
  readonly name?: string;
  readonly timing?: Timing;
  /** Makes a folder with an empty layout where there is nothing yet, at the first use. */
  readonly create?: boolean;
}

/**
 * Opens an OCI image layout (image-spec image-layout.md), a folder or a tar archive, as source and target of signatures.
 * Nothing is read before the first use, and reading writes nothing.
 */
export function openOciLayout(path: string, options: OciLayoutOptions = {}): CopyTarget {
  return new OciLayout(path, options);
}

class OciLayout implements CopyTarget {
  readonly origin = undefined;
  readonly #path: string;
  readonly #name: string;
  readonly #timing: Timing;
  readonly #create: boolean;
  #files: Promise<LayoutFiles> | undefined;

  constructor(path: string, { name = path, timing = systemTiming, create = false }: OciLayoutOptions) {
    this.#path = path;
    this.#name = name;
    this.#timing = timing;
    this.#create = create;
  }

  /** By digest any manifest that can be reached, without annotations; by tag an entry; by '' the only artifact. */
  async resolve(tagOrDigest: string): Promise<Descriptor> {
    const entries = await this.#entries();
    const found = tagOrDigest.includes(':')
      ? await this.#findDigest(entries, parseDigest(tagOrDigest))
      : tagOrDigest === ''
        ? await this.#findOnly(entries)
        : findTagged(entries, tagOrDigest);
    const { mediaType, digest, size } = found;
    if (mediaType === '') throw new NotaryError('malformed', `index.json gives no media type for ${digest}`);
    const descriptor = { mediaType, digest, size };
    await this.fetchManifest(descriptor);
    return descriptor;
  }

  async #findDigest(entries: readonly Descriptor[], digest: Digest): Promise<Descriptor> {
    const entry = entries.find((candidate) => candidate.digest === digest);
    if (entry !== undefined) return entry;
    for await (const { descriptor } of this.#walk(entries)) if (descriptor.digest === digest) return descriptor;
    throw notFound(entries, `the OCI image layout ${JSON.stringify(this.#name)} has no manifest ${digest}`);
  }

  /** Signatures and the like are entries too: what has a subject is not what is meant. */
  async #findOnly(entries: readonly Descriptor[]): Promise<Descriptor> {
    const candidates = new Map<Digest, Descriptor>();
    for (const entry of entries) {
      const bytes = await this.#read(entry, maxManifestSize);
      if (bytes === undefined) continue;
      if (parseManifest(bytes, entry.mediaType).subject === undefined) candidates.set(entry.digest, entry);
    }
    const [only, ...others] = candidates.values();
    if (only !== undefined && others.length === 0) return only;
    const text = `the OCI image layout ${JSON.stringify(this.#name)} has ${candidates.size} artifacts, and none is named`;
    throw notFound([...candidates.values()], text);
  }

  async fetchManifest(descriptor: Descriptor): Promise<Uint8Array> {
    return this.#fetch(descriptor, maxManifestSize);
  }

  async fetchBlob(descriptor: Descriptor): Promise<Uint8Array> {
    return this.#fetch(descriptor, maxEnvelopeSize);
  }

  /** Every manifest that can be reached and has the subject, in the order of index.json (NP 11.4). */
  async *listReferrers(subject: Descriptor, artifactType: string): AsyncIterable<Descriptor> {
    for await (const { descriptor, manifest } of this.#walk(await this.#entries())) {
      if (manifest.subject === undefined || !sameContent(manifest.subject, subject)) continue;
      if (!isOfType(manifest, artifactType)) continue;
      const { mediaType, digest, size } = descriptor;
      yield { mediaType, digest, size, annotations: manifest.annotations, artifactType };
    }
  }

  /** As `listReferrers`, of every type. */
  async *listAllReferrers(subject: Descriptor): AsyncIterable<Descriptor> {
    for await (const { descriptor, manifest } of this.#walk(await this.#entries())) {
      if (manifest.subject === undefined || !sameContent(manifest.subject, subject)) continue;
      const { mediaType, digest, size } = descriptor;
      const artifactType = artifactTypeOf(manifest);
      yield { ...{ mediaType, digest, size }, ...(artifactType === undefined ? {} : { artifactType }) };
    }
  }

  async *readBlob(descriptor: Descriptor): AsyncIterable<Uint8Array> {
    const path = blobPath(descriptor.digest);
    try {
      const pieces = (await this.#opened()).stream(path);
      yield* checkedContent(pieces, descriptor, (difference) => this.#altered(path, `has ${difference}`));
    } catch (thrown) {
      if (thrown instanceof NotaryError) throw thrown;
      throw layoutError(this.#name, `reading ${path}: ${messageOf(thrown)}`, thrown);
    }
  }

  async copyBlob(descriptor: Descriptor, source: CopySource): Promise<BlobCopy> {
    if (await this.#holds(descriptor)) return 'there';
    const files = await this.#opened();
    for (let attempt = 0; ; attempt++) {
      try {
        await files.addStream(descriptor.digest, source.readBlob(descriptor));
        return 'copied';
      } catch (thrown) {
        const broken = thrown instanceof NotaryError && thrown.code === 'registry-unreachable';
        if (!broken || attempt === maxRereads) throw thrown;
        await this.#timing.sleep(rereadDelay * 2 ** attempt);
      }
    }
  }

  /** Whether a blob is there as it should be: one that is damaged is written again. */
  async #holds(descriptor: Descriptor): Promise<boolean> {
    const size = await (await this.#opened()).size(blobPath(descriptor.digest));
    if (size !== descriptor.size) return false;
    try {
      const pieces = this.readBlob(descriptor)[Symbol.asyncIterator]();
      while ((await pieces.next()).done !== true);
      return true;
    } catch (thrown) {
      if (thrown instanceof NotaryError && thrown.code === 'digest-mismatch') return false;
      throw thrown;
    }
  }

  async pushManifest(descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
    await this.#add(descriptor.mediaType, bytes, descriptor.digest);
  }

  async readBack(descriptor: Descriptor): Promise<void> {
    await this.fetchManifest(descriptor);
  }

  async publish({ mediaType, digest, size }: Descriptor, _: Uint8Array, tags: readonly string[]): Promise<void> {
    await (await this.#opened()).updateIndex((index) => tagLayoutEntry(index, { mediaType, digest, size }, tags));
  }

  async pushBlob(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    return this.#add(mediaType, bytes, digestOf(bytes));
  }

  async #add(mediaType: string, bytes: Uint8Array, digest: Digest): Promise<Descriptor> {
    await this.#entries();
    await (await this.#opened()).addBlob(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** As Notation does: index.json gets an entry with annotations; in the form of Notation 2 it has an artifact type. */
  async pushReferrer({ mediaType, bytes, annotations, digest }: ReferrerManifest): Promise<PushedReferrer> {
    const descriptor = await this.#add(mediaType, bytes, digest ?? digestOf(bytes));
    const { artifactType } = parseManifest(bytes, mediaType);
    const entry = { ...descriptor, annotations, ...(artifactType === undefined ? {} : { artifactType }) };
    await (await this.#opened()).updateIndex((index) => addLayoutEntry(index, entry));
    return { descriptor, via: 'layout-index', warnings: [] };
  }

  async #entries(): Promise<readonly Descriptor[]> {
    const files = await this.#opened();
    const index = await files.read('index.json', maxIndexBytes);
    if (index === undefined) throw layoutError(this.#name, 'it has no index.json');
    return parseLayoutIndex(index);
  }

  #opened(): Promise<LayoutFiles> {
    return (this.#files ??= this.#open());
  }

  async #open(): Promise<LayoutFiles> {
    if (this.#create) await createLayoutFolder(this.#name, this.#path);
    const files = (await this.#isFolder())
      ? new LayoutFolder(this.#name, this.#path, this.#timing)
      : new LayoutTar(this.#name, this.#path, this.#timing);
    const layoutFile = await files.read('oci-layout', maxLayoutFileBytes);
    if (layoutFile === undefined) throw layoutError(this.#name, 'it has no file oci-layout');
    checkLayoutFile(layoutFile);
    return files;
  }

  async #isFolder(): Promise<boolean> {
    try {
      const found = await stat(this.#path);
      if (found.isDirectory() || found.isFile()) return found.isDirectory();
      throw layoutError(this.#name, 'it is neither a folder nor a tar archive');
    } catch (thrown) {
      if (!isSystemError(thrown, 'ENOENT', 'ENOTDIR')) throw thrown;
      throw layoutError(this.#name, `there is no ${this.#path}`, thrown);
    }
  }

  #walk(entries: readonly Descriptor[]): AsyncGenerator<ManifestNode> {
    return walkManifests(entries, (descriptor) => this.#read(descriptor, maxManifestSize));
  }

  async #fetch(descriptor: Descriptor, maxBytes: number): Promise<Uint8Array> {
    const bytes = await this.#read(descriptor, maxBytes);
    if (bytes !== undefined) return bytes;
    const text = `the OCI image layout ${JSON.stringify(this.#name)} does not have ${descriptor.digest}`;
    throw new NotaryError('artifact-not-found', text);
  }

  /** Exactly the bytes that a descriptor names; undefined when there are none. */
  async #read({ digest, size }: Descriptor, maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes = await (await this.#opened()).read(blobPath(digest), maxBytes);
    if (bytes === undefined) return undefined;
    if (bytes.length === size && digestOf(bytes, algorithmOf(digest)) === digest) return bytes;
    throw this.#altered(blobPath(digest), 'has other content than its name says');
  }

  #altered(path: string, what: string): NotaryError {
    const text = `${path} of the OCI image layout ${JSON.stringify(this.#name)} ${what}`;
    return new NotaryError('digest-mismatch', text, {
      hint: 'The layout is damaged or was tampered with: make it again.',
    });
  }
}

/**
 * Whether a manifest is of a type. Notation 1.3.2 looks at the config media type of images alone, later ones at
 * `artifactType` with the empty config: both are read (NP 11.4, 15.3).
 */
function isOfType(manifest: Manifest, artifactType: string): boolean {
  if (manifest.kind !== 'image') return false;
  const configType = manifest.config?.mediaType;
  if (configType === artifactType) return true;
  const isTyped = manifest.mediaType === manifestTypes.artifact || configType === emptyConfigMediaType;
  return isTyped && manifest.artifactType === artifactType;
}
