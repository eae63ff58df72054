// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import type { Digest } from '../../primitives/digest.ts';
import type { Timing } from '../timing.ts';
import {
  type LayoutFiles,
  blobPath,
  layoutError,
  maxIndexBytes,
  missing,
  onLayout,
  piecesOf,
  tooLarge,
} from './layout-files.ts';
import { withLock } from './lock.ts';
import { type TarEntry, blockSize, readTarEntries, tarHeader } from './tar-entries.ts';

/** Bytes copied at a time. */
const copySize = 1024 * 1024;

/**
 * A layout in a tar archive. New blobs are kept until index.json is updated: then a new archive is written beside the old
 * one, with the old content as it was, and takes its place at once.
 */
export class LayoutTar implements LayoutFiles {
  readonly #layout: string;
  readonly #path: string;
  readonly #timing: Timing;
  readonly #added = new Map<string, Uint8Array>();
  #known: { readonly stamp: string; readonly entries: ReadonlyMap<string, TarEntry>; readonly end: number } | undefined;

  constructor(layout: string, path: string, timing: Timing) {
    this.#layout = layout;
    this.#path = path;
    this.#timing = timing;
  }

  read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    return onLayout(this.#layout, `reading ${path}`, async () => {
      return this.#added.get(path) ?? (await this.#withFile((file) => this.#readEntry(file, path, maxBytes)));
    });
  }

  async #withFile<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await open(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }

  async #entry(file: FileHandle, path: string): Promise<TarEntry | undefined> {
    const entry = (await this.#archive(file)).entries.get(path);
    if (entry === undefined || entry.regular) return entry;
    throw layoutError(this.#layout, `${path} is not a regular file`);
  }

  async #readEntry(file: FileHandle, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const entry = await this.#entry(file, path);
    if (entry === undefined) return undefined;
    const size = entry.end - entry.content;
    if (size > maxBytes) throw tooLarge(this.#layout, path, maxBytes);
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, entry.content);
    if (bytesRead !== size) throw layoutError(this.#layout, 'the tar archive is cut off');
    return bytes;
  }

  /** The entries by name, read again when the archive is another one. */
  async #archive(file: FileHandle) {
    const { ino, size, mtimeMs } = await file.stat();
    const stamp = `${ino} ${size} ${mtimeMs}`;
    if (this.#known?.stamp === stamp) return this.#known;
    const { entries, end } = await readTarEntries(this.#layout, file);
    const named = new Map<string, TarEntry>();
    for (const entry of entries) {
      // Whoever unpacks the archive gets the last one; a reader that takes the first would see another index.
      if (entry.name === 'index.json' && named.has(entry.name)) {
        throw layoutError(this.#layout, 'the tar archive has more than one index.json');
      }
      named.set(entry.name, entry);
    }
    this.#known = { stamp, entries: named, end };
    return this.#known;
  }

  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const added = this.#added.get(path);
    if (added !== undefined) {
      yield added;
      return;
    }
    const file = await onLayout(this.#layout, `reading ${path}`, () =>
      open(this.#path, constants.O_RDONLY | constants.O_NONBLOCK),
    );
    try {
      const entry = await onLayout(this.#layout, `reading ${path}`, () => this.#entry(file, path));
      if (entry === undefined) throw missing(this.#layout, path);
      yield* piecesOf(file, entry.content, entry.end);
    } finally {
      await file.close();
    }
  }

  size(path: string): Promise<number | undefined> {
    return onLayout(this.#layout, `looking for ${path}`, async () => {
      const added = this.#added.get(path)?.length;
      if (added !== undefined) return added;
      const entry = await this.#withFile((file) => this.#entry(file, path));
      return entry === undefined ? undefined : entry.end - entry.content;
    });
  }

  /** The new archive is written in one go, and what is to be added is held until then: that is no way for an image. */
  addStream(): Promise<void> {
    const reason = 'artifacts are not copied into a tar archive';
    return Promise.reject(
      layoutError(this.#layout, reason, undefined, 'Name a folder; it is made when there is none.'),
    );
  }

  addBlob(digest: Digest, bytes: Uint8Array): Promise<void> {
    this.#added.set(blobPath(digest), bytes);
    return Promise.resolve();
  }

  updateIndex(change: (index: Uint8Array) => Uint8Array | undefined): Promise<void> {
    const work = () => this.#withFile((file) => this.#changeIndex(file, change));
    return onLayout(this.#layout, 'writing the tar archive', () =>
      withLock(this.#layout, `${this.#path}.lock`, this.#timing, work),
    );
  }

  async #changeIndex(file: FileHandle, change: (index: Uint8Array) => Uint8Array | undefined): Promise<void> {
    const index = await this.#readEntry(file, 'index.json', maxIndexBytes);
    if (index === undefined) throw layoutError(this.#layout, 'it has no index.json');
    const changed = change(index);
    if (changed !== undefined) await this.#replace(file, changed);
  }

  /** Copies everything but index.json, appends what is new, and moves the result into place. */
  async #replace(old: FileHandle, index: Uint8Array): Promise<void> {
    const { entries, end } = await this.#archive(old);
    const replaced = entries.get('index.json') ?? { start: end, end };
    const added = [...this.#added].filter(([path]) => !entries.has(path));
    const { mode } = await old.stat();
    const temporary = `${this.#path}.${randomUUID()}.tmp`;
    try {
      const file = await open(temporary, 'wx', mode & 0o777);
      try {
        await copy(old, file, 0, replaced.start);
        await copy(old, file, padded(replaced.end), end);
        for (const [path, bytes] of added) await append(file, path, bytes, 0o444);
        await append(file, 'index.json', index, 0o644);
        await file.writeFile(Buffer.alloc(2 * blockSize));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      for (const [path] of added) this.#added.delete(path);
    } catch (thrown) {
      await unlink(temporary).catch(() => undefined);
      throw thrown;
    }
  }
}

function padded(size: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}

/** Copies bytes of one file to the end of another. */
async function copy(from: FileHandle, to: FileHandle, start: number, end: number): Promise<void> {
  const buffer = Buffer.alloc(Math.min(copySize, Math.max(end - start, 0)));
  for (let position = start; position < end;) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, end - position), position);
    if (bytesRead === 0) throw new Error('the archive became shorter while it was copied');
    await to.writeFile(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

async function append(file: FileHandle, path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await file.writeFile(tarHeader(path, bytes.length, mode));
  await file.writeFile(bytes);
  await file.writeFile(Buffer.alloc(padded(bytes.length) - bytes.length));
}
