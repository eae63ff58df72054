// SPDX-License-Identifier: Apache-2.0
import { eachConcurrently } from './concurrently.ts';
import type { CopySource } from './copy-ports.ts';
import { type ErrorCode, NotaryError } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { type Manifest, manifestTypes, maxManifestSize, parseManifest } from './oci/manifest.ts';
import type { Digest } from './primitives/digest.ts';
import { quote } from './primitives/quote.ts';

/** A manifest that belongs to an artifact. */
export interface CopyNode {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
}

/** Everything that belongs to an artifact. */
export interface CopyGraph {
  readonly root: CopyNode;
  /** All manifests in levels, each of which only names what is in earlier ones: platforms, then their index. */
  readonly levels: readonly (readonly CopyNode[])[];
  /** Those of them that have a subject, in levels, each of which has its subjects in earlier ones. */
  readonly referrers: readonly (readonly CopyNode[])[];
  readonly blobs: readonly Descriptor[];
  /** What the listings name and does not belong to the artifact, or is not there. */
  readonly leftOut: readonly string[];
}

/** Manifests of one artifact: thousands of signatures and platforms, and no more. */
export const maxManifests = 5_000;
/** Bytes of these manifests together: they are held until the last of them is written. */
const maxManifestBytes = 128 * 1024 * 1024;
/** Steps from the artifact, through indexes and listings: an attestation of a signature of an SBOM takes four. */
export const maxDepth = 10;
/** Blobs of one artifact. */
const maxBlobs = 20_000;
/** Bytes of one artifact: twice the largest images with models inside, and an end to what a registry can make us store. */
const maxTotalBytes = 256 * 1024 ** 3;
/** Requests for one artifact at a time. */
const concurrency = 8;

const known: ReadonlySet<string> = new Set(Object.values(manifestTypes));

/** Layers that registries do not hold (image-spec "Non-Distributable Layers"). */
const notHeld = /\.nondistributable\.|\.foreign\./;

/**
 * Reads everything that belongs to an artifact: its manifests, their referrers and the referrers of these. Throws
 * `registry-limit` for more than an artifact can have, `malformed` for contents that are not known, and what the source
 * throws; a referrer that cannot be had is left out and told.
 */
export async function readCopyGraph(source: CopySource, artifact: Descriptor): Promise<CopyGraph> {
  return new GraphReader(source).read(artifact);
}

class GraphReader {
  readonly #source: CopySource;
  /** What belongs to the artifact. */
  readonly #nodes = new Map<Digest, CopyNode>();
  readonly #fetched = new Map<Digest, CopyNode>();
  readonly #leftOut: string[] = [];
  #count = 0;
  #bytes = 0;

  constructor(source: CopySource) {
    this.#source = source;
  }

  async read(artifact: Descriptor): Promise<CopyGraph> {
    let level = await this.#closure([artifact], 0);
    const [root] = level;
    if (root === undefined) throw new Error('an artifact is in its own graph');
    const levels = [level];
    for (let depth = 1; level.length > 0; depth++) {
      level = await this.#closure(await this.#referrersOf(level), depth);
      levels.push(level);
    }
    const referrers = levels.map((nodes) => nodes.filter(({ manifest }) => manifest.subject !== undefined));
    const blobs = blobsOf(this.#nodes.values());
    return { root, levels: childrenFirst(this.#nodes), referrers, blobs, leftOut: this.#leftOut };
  }

  /** Manifests that were not seen before, with everything in the indexes among them. */
  async #closure(wanted: readonly Descriptor[], depth: number): Promise<CopyNode[]> {
    const found: CopyNode[] = [];
    for (let next = wanted, step = depth; next.length > 0; step++) {
      if (step > maxDepth) throw limit(`more than ${maxDepth} steps from the artifact to what belongs to it`);
      const fresh = unique(next).filter(({ digest }) => !this.#nodes.has(digest));
      // Before any of them is asked for: an index of 4 MiB names tens of thousands.
      if (this.#fetched.size + fresh.filter(({ digest }) => !this.#fetched.has(digest)).length > maxManifests) {
        throw limit(`more than ${maxManifests} manifests`);
      }
      await eachConcurrently(fresh, concurrency, async (descriptor) => {
        this.#nodes.set(descriptor.digest, await this.#fetch(descriptor));
      });
      const nodes = fresh.flatMap(({ digest }) => this.#nodes.get(digest) ?? []);
      found.push(...nodes);
      next = nodes.flatMap(({ manifest }) => childrenOf(manifest));
    }
    return found;
  }

  /** The referrers that the listings of manifests name, each looked at before it counts. */
  async #referrersOf(nodes: readonly CopyNode[]): Promise<Descriptor[]> {
    const found: Descriptor[] = [];
    await eachConcurrently(nodes, concurrency, async ({ descriptor: subject }) => {
      for await (const listed of this.#source.listAllReferrers(subject)) {
        if (this.#nodes.has(listed.digest)) continue;
        const reason = await this.#judge(listed, subject);
        if (reason === undefined) found.push(listed);
        else this.#leftOut.push(`${listed.digest}, listed as a referrer of ${subject.digest}: ${reason}`);
      }
    });
    return found;
  }

  /** Why a referrer is left out. Whoever can push can make a listing name anything: that must not keep others from copying. */
  async #judge(listed: Descriptor, subject: Descriptor): Promise<string | undefined> {
    if (!known.has(listed.mediaType)) return `${quote(listed.mediaType.slice(0, 200))} is no manifest that is known`;
    if (listed.size > maxManifestSize) return `${listed.size} bytes are more than a manifest has`;
    try {
      const { manifest } = await this.#fetch(listed);
      return manifest.subject?.digest === subject.digest ? undefined : 'it says that it is not';
    } catch (thrown) {
      if (thrown instanceof NotaryError && unusable.includes(thrown.code)) return thrown.message;
      throw thrown;
    }
  }

  async #fetch({ mediaType, digest, size }: Descriptor): Promise<CopyNode> {
    const seen = this.#fetched.get(digest);
    if (seen !== undefined) return seen;
    if (!known.has(mediaType)) {
      const text = `${digest} is ${quote(mediaType.slice(0, 200))}, whose contents are not known`;
      throw new NotaryError('malformed', text, { hint: 'Copy it with the tool that made it.' });
    }
    this.#count++;
    this.#bytes += size;
    if (this.#count > maxManifests) throw limit(`more than ${maxManifests} manifests`);
    if (this.#bytes > maxManifestBytes) throw limit(`more than ${maxManifestBytes} bytes of manifests`);
    const descriptor = { mediaType, digest, size };
    const bytes = await this.#source.fetchManifest(descriptor);
    const node = { descriptor, bytes, manifest: parseManifest(bytes, mediaType) };
    this.#fetched.set(digest, node);
    return node;
  }
}

/** What makes one referrer unusable, while a registry that fails makes the whole listing doubtful. */
const unusable: readonly ErrorCode[] = ['malformed', 'artifact-not-found'];

function childrenOf(manifest: Manifest): readonly Descriptor[] {
  return manifest.kind === 'index' ? manifest.manifests : [];
}

function unique(descriptors: readonly Descriptor[]): Descriptor[] {
  return [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
}

/** By how far a manifest is from what has no children; digests cannot lead back to themselves. */
function childrenFirst(nodes: ReadonlyMap<Digest, CopyNode>): CopyNode[][] {
  const heights = new Map<Digest, number>();
  const heightOf = ({ descriptor: { digest }, manifest }: CopyNode): number => {
    const children = childrenOf(manifest).flatMap((child) => nodes.get(child.digest) ?? []);
    const height = heights.get(digest) ?? children.reduce((most, child) => Math.max(most, heightOf(child) + 1), 0);
    heights.set(digest, height);
    return height;
  };
  const levels: CopyNode[][] = [];
  for (const node of nodes.values()) (levels[heightOf(node)] ??= []).push(node);
  return levels;
}

/** Each blob once. */
function blobsOf(nodes: Iterable<CopyNode>): Descriptor[] {
  const blobs = new Map<Digest, Descriptor>();
  let total = 0;
  for (const { manifest } of nodes) {
    if (manifest.kind === 'index') continue;
    for (const { mediaType, digest, size } of [...(manifest.config ? [manifest.config] : []), ...manifest.layers]) {
      if (blobs.has(digest) || notHeld.test(mediaType)) continue;
      blobs.set(digest, { mediaType, digest, size });
      total += size;
      if (blobs.size > maxBlobs) throw limit(`more than ${maxBlobs} blobs`);
      if (total > maxTotalBytes) throw limit(`more than ${maxTotalBytes} bytes`);
    }
  }
  return [...blobs.values()];
}

function limit(reason: string): NotaryError {
  return new NotaryError('registry-limit', `the artifact cannot be copied: ${reason}`, {
    hint: 'Delete referrers that are not needed, or look for what adds them.',
  });
}
