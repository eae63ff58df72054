// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';

/** A file as it was read. */
export interface SafeFile {
  readonly text: string;
  /** Time of the last change, milliseconds since 1970. */
  readonly written: number;
}

/** A metadata output with full provenance is large; more than this is no metadata (GH 2.10, safety rule 2). */
export const maxDiscoveryFileBytes = 8 * 1024 * 1024;

/**
 * Reads a file that any process of the job may have put there: it must lie inside the folder after links are resolved, be
 * a regular file, not be larger than 8 MiB and not be older than `since` (milliseconds). Undefined for anything else.
 */
export async function readSafely(folder: string, name: string, since = 0): Promise<SafeFile | undefined> {
  let file: FileHandle | undefined;
  try {
    const root = await realpath(folder);
    const path = await realpath(join(root, name));
    if (!isInside(root, path)) return undefined;
    // Without O_NONBLOCK, opening a named pipe waits for a writer. Windows has neither flag: undefined counts as 0.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const found = await file.stat();
    if (!found.isFile() || found.size > maxDiscoveryFileBytes || found.mtimeMs < since) return undefined;
    return { text: await readAtMost(file, found.size), written: found.mtimeMs };
  } catch {
    return undefined;
  } finally {
    await file?.close();
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith('../') && !way.startsWith('..\\') && !isAbsolute(way);
}

/** Reads no more bytes than the file had when it was looked at: it may be growing. */
async function readAtMost(file: FileHandle, size: number): Promise<string> {
  const bytes = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.toString('utf8', 0, filled);
}
