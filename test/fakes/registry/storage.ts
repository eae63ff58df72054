// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface Upload {
  chunks: Buffer[];
  size: number;
  algorithm: string;
}

interface TagChange {
  readonly at: number;
  readonly digest: string | undefined;
}

/** What one repository holds. */
export class StoredRepository {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, StoredManifest>();
  readonly uploads = new Map<string, Upload>();
  readonly #tags = new Map<string, TagChange[]>();

  /** The digest under a tag, or what it was a while ago. */
  tag(name: string, staleness = 0): string | undefined {
    const history = this.#tags.get(name) ?? [];
    return history.findLast(({ at }) => staleness === 0 || at <= Date.now() - staleness)?.digest;
  }

  setTag(name: string, digest: string | undefined): void {
    const history = this.#tags.get(name) ?? [];
    history.push({ at: Date.now(), digest });
    this.#tags.set(name, history.slice(-1000));
  }

  /** Names of the tags in lexical order. */
  tags(): string[] {
    return [...this.#tags.keys()].filter((name) => this.tag(name) !== undefined).sort();
  }

  deleteManifest(digest: string): boolean {
    for (const name of this.tags()) if (this.tag(name) === digest) this.setTag(name, undefined);
    return this.manifests.delete(digest);
  }

  openUpload(algorithm: string): string {
    const id = randomUUID();
    this.uploads.set(id, { chunks: [], size: 0, algorithm });
    return id;
  }
}

/** Everything in a registry, in memory. */
export class RegistryStorage {
  readonly #repositories = new Map<string, StoredRepository>();

  /** A repository, made when it is not there. */
  repository(name: string): StoredRepository {
    const repository = this.#repositories.get(name) ?? new StoredRepository();
    this.#repositories.set(name, repository);
    return repository;
  }

  find(name: string): StoredRepository | undefined {
    return this.#repositories.get(name);
  }

  names(): string[] {
    return [...this.#repositories.keys()].sort();
  }
}

const lengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

export function isDigest(text: string): boolean {
  const [algorithm = '', hex = ''] = text.split(':');
  return hex.length === lengths[algorithm] && /^[0-9a-f]+$/.test(hex);
}

export function computeDigest(bytes: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Whether bytes have a digest; false also for what is no digest. */
export function hasDigest(bytes: Uint8Array, digest: string): boolean {
  return isDigest(digest) && computeDigest(bytes, digest.split(':')[0]) === digest;
}
