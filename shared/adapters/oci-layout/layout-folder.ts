// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, algorithmOf, digestOf } from '../../primitives/digest.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import type { Timing } from '../timing.ts';
import {
  type LayoutFiles,
  blobPath,
  isSystemError,
  layoutError,
  maxIndexBytes,
  missing,
  onLayout,
  piecesOf,
  tooLarge,
} from './layout-files.ts';
import { withLock } from './lock.ts';

/** Times the index is written again when a writer that takes no lock has replaced it. */
const maxRounds = 5;

/** A layout in a folder. Nothing below the folder may be a symbolic link; files appear complete or not at all. */
export class LayoutFolder implements LayoutFiles {
  readonly #layout: string;
  readonly #folder: string;
  readonly #timing: Timing;

  /** `layout` is what messages call it. */
  constructor(layout: string, folder: string, timing: Timing) {
    this.#layout = layout;
    this.#folder = folder;
    this.#timing = timing;
  }

  read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    return onLayout(this.#layout, `reading ${path}`, async () => {
      const file = await this.#open(path);
      try {
        return file === undefined ? undefined : await this.#readFile(file, path, maxBytes);
      } finally {
        await file?.close();
      }
    });
  }

  /** A regular file; undefined when there is none. */
  async #open(path: string): Promise<FileHandle | undefined> {
    let file: FileHandle | undefined;
    try {
      // Without O_NONBLOCK, opening a named pipe waits for a writer. Windows has neither flag: undefined counts as 0.
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
      file = await open(await this.#insidePath(path), flags);
      if ((await file.stat()).isFile()) return file;
      throw layoutError(this.#layout, `${path} is not a regular file`);
    } catch (thrown) {
      await file?.close();
      if (isSystemError(thrown, 'ENOENT', 'ENOTDIR')) return undefined;
      throw thrown;
    }
  }

  async *stream(path: string): AsyncGenerator<Uint8Array> {
    const file = await onLayout(this.#layout, `reading ${path}`, () => this.#open(path));
    if (file === undefined) throw missing(this.#layout, path);
    try {
      yield* piecesOf(file, 0, (await file.stat()).size);
    } finally {
      await file.close();
    }
  }

  size(path: string): Promise<number | undefined> {
    return onLayout(this.#layout, `looking for ${path}`, async () => {
      const file = await this.#open(path);
      try {
        return file === undefined ? undefined : (await file.stat()).size;
      } finally {
        await file?.close();
      }
    });
  }

  /** The path of a file, once it is sure that no link leads to it. */
  async #insidePath(path: string): Promise<string> {
    const wanted = join(await realpath(this.#folder), path);
    if ((await realpath(wanted)) === wanted) return wanted;
    throw layoutError(this.#layout, `${path} is or goes through a symbolic link`);
  }

  async #readFile(file: FileHandle, path: string, maxBytes: number): Promise<Uint8Array> {
    const found = await file.stat();
    if (found.size > maxBytes) throw tooLarge(this.#layout, path, maxBytes);
    const bytes = Buffer.alloc(found.size);
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  addBlob(digest: Digest, bytes: Uint8Array): Promise<void> {
    const path = blobPath(digest);
    return onLayout(this.#layout, `writing ${path}`, async () => {
      await mkdir(dirname(join(this.#folder, path)), { recursive: true });
      await this.#insidePath(dirname(path));
      if (!(await this.#holds(path, digest, bytes.length))) await this.#writeWhole(path, bytes, 0o444);
    });
  }

  async addStream(digest: Digest, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const path = blobPath(digest);
    await onLayout(this.#layout, `writing ${path}`, async () => {
      await mkdir(dirname(join(this.#folder, path)), { recursive: true });
      await this.#insidePath(dirname(path));
      await this.#writeWhole(path, pieces, 0o444);
    });
  }

  /** Whether a blob is there with the right content; one with other content is replaced. */
  async #holds(path: string, digest: Digest, size: number): Promise<boolean> {
    try {
      const present = await this.read(path, size);
      return present !== undefined && digestOf(present, algorithmOf(digest)) === digest;
    } catch {
      return false;
    }
  }

  async #writeWhole(path: string, content: Uint8Array | AsyncIterable<Uint8Array>, mode: number): Promise<void> {
    const final = join(this.#folder, path);
    const temporary = `${final}.${randomUUID()}.tmp`;
    try {
      const file = await open(temporary, 'wx', mode);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, final);
    } catch (thrown) {
      await unlink(temporary).catch(() => undefined);
      throw thrown;
    }
  }

  updateIndex(change: (index: Uint8Array) => Uint8Array | undefined): Promise<void> {
    return onLayout(this.#layout, 'writing index.json', async () => {
      // The Notation CLI takes no lock: it may have read the index before, and write it after us.
      for (let round = 0; round < maxRounds; round++) if (!(await this.#changeIndex(change))) return;
      throw layoutError(this.#layout, 'index.json is replaced again and again by another process');
    });
  }

  /** Whether anything had to be changed. */
  async #changeIndex(change: (index: Uint8Array) => Uint8Array | undefined): Promise<boolean> {
    const lock = join(this.#folder, 'index.json.lock');
    return withLock(this.#layout, lock, this.#timing, async () => {
      const index = await this.read('index.json', maxIndexBytes);
      if (index === undefined) throw layoutError(this.#layout, 'it has no index.json');
      const changed = change(index);
      if (changed === undefined || equalBytes(changed, index)) return false;
      await this.#writeWhole('index.json', changed, 0o644);
      return true;
    });
  }
}
