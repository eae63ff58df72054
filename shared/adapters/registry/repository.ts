// SPDX-License-Identifier: Apache-2.0
import type { BlobCopy, CopySource, CopyTarget } from '../../copy-ports.ts';
import { NotaryError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { artifactTypeOf, manifestTypes, parseManifest } from '../../oci/manifest.ts';
import { descriptorsOf } from '../../oci/referrers.ts';
import type { RepositoryName } from '../../oci/reference.ts';
import type { Log, PushedReferrer, ReferrerManifest, ReferrersMode } from '../../ports.ts';
import type { Digest } from '../../primitives/digest.ts';
import type { Timing } from '../timing.ts';
import type { Actions } from './authorization.ts';
import type { Blobs } from './blobs.ts';
import type { Manifests } from './manifests.ts';
import { askReferrersApi, type ReferrersPage } from './referrers-api.ts';
import { ReferrersIndexUpdate, type SettleTime } from './referrers-index.ts';
import type { ReferrersMemory } from './referrers-memory.ts';
import { openReferrersTag, readReferrersTag } from './referrers-tag.ts';
import { setTag } from './set-tag.ts';
import type { Transport } from './transport.ts';

export interface RepositoryOptions {
  readonly transport: Transport;
  readonly manifests: Manifests;
  readonly blobs: Blobs;
  readonly timing: Timing;
  readonly log: Log;
  readonly reading: Actions;
  readonly settle: SettleTime;
  /** Opens what earlier steps of the job know about a subject. */
  readonly memoryOf?: ((subject: Digest) => ReferrersMemory) | undefined;
}

/** Type of the configuration of manifests that have their own artifact type; some indexes show it instead (REG 4.1). */
const emptyType = 'application/vnd.oci.empty.v1+json';
/** Entries without a type whose manifests are fetched to learn it: as many as signatures are looked at. */
const maxUntyped = 100;
/** Reads of the Referrers API until an entry just pushed must be there, and milliseconds before the second. */
const maxApiReads = 8;
const apiReadDelay = 100;

/** One repository of a registry, with what was learned about it in this run. */
export class Repository implements CopyTarget {
  readonly origin: RepositoryName;
  readonly #options: RepositoryOptions;
  readonly #resolved = new Set<Digest>();
  readonly #updates = new Map<Digest, ReferrersIndexUpdate>();
  /** Set by the first answer that tells; another repository of the same host may differ. */
  #referrersApi: 'supported' | 'unsupported' | undefined;

  constructor(options: RepositoryOptions) {
    this.#options = options;
    const { registry, repository } = options.transport.operation('');
    this.origin = { registry, repository };
  }

  async resolve(tagOrDigest: string): Promise<Descriptor> {
    const descriptor = await this.#options.manifests.resolve(tagOrDigest);
    this.#resolved.add(descriptor.digest);
    return descriptor;
  }

  async fetchManifest(descriptor: Descriptor): Promise<Uint8Array> {
    const bytes = await this.#options.manifests.fetch(descriptor);
    this.#resolved.add(descriptor.digest);
    return bytes;
  }

  fetchBlob(descriptor: Descriptor): Promise<Uint8Array> {
    return this.#options.blobs.fetch(descriptor);
  }

  pushBlob(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    return this.#options.blobs.push(mediaType, bytes);
  }

  readBlob(descriptor: Descriptor): AsyncIterable<Uint8Array> {
    return this.#options.blobs.stream(descriptor);
  }

  copyBlob(descriptor: Descriptor, source: CopySource): Promise<BlobCopy> {
    return this.#options.blobs.copy(descriptor, source);
  }

  async pushManifest(descriptor: Descriptor, bytes: Uint8Array): Promise<void> {
    const { manifests } = this.#options;
    if (!(await manifests.exists(descriptor.digest))) {
      await manifests.push(descriptor.mediaType, bytes, descriptor.digest);
    }
    this.#resolved.add(descriptor.digest);
  }

  /** Asked for again while it is not there: some registries read late what was just written (REG-96). */
  async readBack(descriptor: Descriptor): Promise<void> {
    const { timing } = this.#options;
    for (let read = 1; ; read++) {
      try {
        await this.fetchManifest(descriptor);
        return;
      } catch (error) {
        const missing = error instanceof NotaryError && error.code === 'artifact-not-found';
        if (!missing || read === maxApiReads) throw error;
        await timing.sleep(apiReadDelay * 2 ** (read - 1) * (0.5 + timing.random()));
      }
    }
  }

  async publish(artifact: Descriptor, bytes: Uint8Array, tags: readonly string[]): Promise<void> {
    for (const tag of tags) await setTag(this.#options, tag, artifact, bytes);
  }

  /** From the API; where that is not there, or has none of the type, from the referrers tag (REG 4.6). */
  async *listReferrers(subject: Descriptor, artifactType: string): AsyncIterable<Descriptor> {
    const seen = new Set<Digest>();
    const untyped = { left: maxUntyped };
    for await (const candidate of this.#candidates(subject.digest, artifactType, seen)) {
      if (seen.has(candidate.digest)) continue;
      const typed = await this.#withType(candidate, artifactType, untyped);
      if (typed === undefined) continue;
      seen.add(typed.digest);
      yield typed;
    }
  }

  /** Everything that the API and the referrers tag list: whoever copies must not believe one of them alone (REG 4.6). */
  async *listAllReferrers(subject: Descriptor): AsyncIterable<Descriptor> {
    const seen = new Set<Digest>();
    for await (const listed of this.#everything(subject.digest)) {
      if (seen.has(listed.digest)) continue;
      seen.add(listed.digest);
      yield listed;
    }
  }

  async *#everything(subject: Digest): AsyncIterable<Descriptor> {
    const page = await this.#askApi(subject, undefined);
    if (page !== undefined) yield* this.#readPages(page);
    yield* await this.#readTag(subject);
  }

  async #readTag(subject: Digest): Promise<readonly Descriptor[]> {
    const { transport, manifests } = this.#options;
    const { index } = await readReferrersTag(transport, manifests, subject);
    const descriptors = descriptorsOf(index);
    this.#warnUnreadable(index.entries.length - descriptors.length);
    return descriptors;
  }

  async *#candidates(subject: Digest, artifactType: string, found: ReadonlySet<Digest>): AsyncIterable<Descriptor> {
    const filtered = await this.#askApi(subject, artifactType);
    if (filtered !== undefined) yield* this.#readPages(filtered);
    if (filtered !== undefined && found.size > 0) return;
    // Some registries cannot filter by what they do not know: ask for everything before believing in nothing.
    const all = filtered === undefined ? undefined : await this.#askApi(subject, undefined);
    if (all !== undefined) yield* this.#readPages(all);
    if (found.size === 0) yield* await this.#readTag(subject);
  }

  /** The first page of a listing, or undefined when the registry has no Referrers API. */
  async #askApi(subject: Digest, artifactType: string | undefined): Promise<ReferrersPage | undefined> {
    if (this.#referrersApi === 'unsupported') return undefined;
    const { transport, reading, log } = this.#options;
    const page = await askReferrersApi(transport, reading, subject, artifactType, this.#resolved.has(subject));
    if (!('unsupported' in page)) {
      this.#referrersApi = 'supported';
      return page;
    }
    const { registry } = transport.operation('');
    const text = `${registry} does not have the Referrers API (it answered ${page.unsupported}): the referrers tag is used`;
    if (page.odd && this.#referrersApi === undefined) log.warning(text);
    else log.debug(text);
    this.#referrersApi = 'unsupported';
    return undefined;
  }

  /** A candidate of the type, or undefined. Entries without a type are judged by their manifest (REG 4.1). */
  async #withType(
    candidate: Descriptor,
    artifactType: string,
    untyped: { left: number },
  ): Promise<Descriptor | undefined> {
    const shown = candidate.artifactType ?? '';
    if (shown === artifactType) return candidate;
    if (shown !== '' && shown !== emptyType) return undefined;
    if (candidate.mediaType !== manifestTypes.image && candidate.mediaType !== manifestTypes.artifact) return undefined;
    if (untyped.left-- <= 0) {
      const { text } = this.#options.transport.operation('listing referrers');
      throw new NotaryError('registry-limit', `${text}: more than ${maxUntyped} entries without artifact type`);
    }
    const own = await this.#typeOf(candidate);
    // What cannot be read may be a signature: whoever verifies it tells why it cannot be.
    return own === artifactType || own === 'unreadable' ? { ...candidate, artifactType } : undefined;
  }

  async #typeOf(candidate: Descriptor): Promise<string | undefined> {
    const { manifests, log } = this.#options;
    try {
      return artifactTypeOf(parseManifest(await manifests.fetch(candidate), candidate.mediaType));
    } catch (error) {
      if (!(error instanceof NotaryError)) throw error;
      if (error.code !== 'artifact-not-found') return 'unreadable';
      log.warning(`The listing names ${candidate.digest}, which is not in the repository any more.`);
      return undefined;
    }
  }

  async pushReferrer(manifest: ReferrerManifest, mode: ReferrersMode): Promise<PushedReferrer> {
    const { mediaType, bytes, digest } = manifest;
    const { descriptor, subjectIndexed } = await this.#options.manifests.push(mediaType, bytes, digest);
    const entry: Descriptor = {
      ...descriptor,
      ...(Object.keys(manifest.annotations).length === 0 ? {} : { annotations: manifest.annotations }),
      artifactType: manifest.artifactType,
    };
    if (mode === 'api-first' && (await this.#listedByApi(manifest.subject, entry))) {
      return { descriptor, via: 'referrers-api', warnings: [] };
    }
    const pushAgain = () => this.#options.manifests.push(mediaType, bytes, digest);
    await this.#update(manifest.subject).publish(entry, subjectIndexed ? pushAgain : undefined);
    return { descriptor, via: subjectIndexed && mode === 'tag-schema' ? 'both' : 'tag-schema', warnings: [] };
  }

  /** Whether the registry has the API; then the entry must appear there, or nobody would find it (REG-73). */
  async #listedByApi(subject: Descriptor, entry: Descriptor): Promise<boolean> {
    const { timing, transport } = this.#options;
    for (let read = 0; read < maxApiReads; read++) {
      if (read > 0) await timing.sleep(apiReadDelay * 2 ** (read - 1) * (0.5 + timing.random()));
      const page = await this.#askApi(subject.digest, undefined);
      if (page === undefined) return false;
      for await (const listed of this.#readPages(page)) if (listed.digest === entry.digest) return true;
    }
    const { text, registry } = transport.operation(`listing the referrers of ${subject.digest}`);
    throw new NotaryError('push-failed', `${text}: ${entry.digest} is stored but ${registry} does not list it`, {
      hint: 'Set {input:forceReferrersTag} to true so that the signature is listed under the referrers tag.',
    });
  }

  #update(subject: Descriptor): ReferrersIndexUpdate {
    const known = this.#updates.get(subject.digest);
    if (known !== undefined) return known;
    const { transport, manifests, timing, settle, memoryOf } = this.#options;
    const update = new ReferrersIndexUpdate({
      store: openReferrersTag(transport, manifests, subject.digest),
      timing,
      settle,
      place: transport.operation(`listing the referrers of ${subject.digest}`).text,
      memory: memoryOf?.(subject.digest),
    });
    this.#updates.set(subject.digest, update);
    return update;
  }

  async *#readPages(first: ReferrersPage): AsyncIterable<Descriptor> {
    for (let page: ReferrersPage | undefined = first; page !== undefined; page = await page.next?.()) {
      this.#warnUnreadable(page.unreadable);
      yield* page.descriptors;
    }
  }

  #warnUnreadable(count: number): void {
    if (count > 0) this.#options.log.warning(`The listing of referrers has ${count} entries that are no descriptors.`);
  }
}
