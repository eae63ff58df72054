// SPDX-License-Identifier: Apache-2.0
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NotaryError } from '../errors.ts';
import { isSignatureFile } from './blob-file.ts';
import { matchesGlob } from './discovery/glob.ts';

/** Files of one step: a release has some dozens. */
const maxFiles = 10_000;
/** Entries of folders looked at for one glob. */
const maxVisited = 500_000;

/**
 * The files that a path or glob names, relative to a folder, in the order of their names. In a glob `*` and `?` stay within
 * one name, `**` stands for any folders; names that begin with a dot must be written out, links to folders are not followed,
 * and signature files are left out. Throws `input-invalid` when nothing is found.
 */
export async function findBlobs(folder: string, pattern: string): Promise<readonly string[]> {
  const normal = process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;
  if (!/[*?]/.test(normal)) return [await existingFile(folder, normal)];
  const parts = normal.split('/');
  const fixed = parts.findIndex((part) => /[*?]/.test(part));
  const found = new Set<string>();
  const walk = { pattern, found, visited: 0 };
  await findIn(
    resolve(folder, parts.slice(0, fixed).join('/') || (normal.startsWith('/') ? '/' : '.')),
    parts.slice(fixed),
    walk,
  );
  if (found.size === 0) throw invalid(`${JSON.stringify(pattern)} of {input:blobs} matches no file`);
  return [...found].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

interface Walk {
  readonly pattern: string;
  readonly found: Set<string>;
  visited: number;
}

async function findIn(folder: string, [part = '', ...rest]: readonly string[], walk: Walk): Promise<void> {
  if (part === '**' && rest.length > 0) await findIn(folder, rest, walk);
  for (const entry of await entriesOf(folder)) {
    if (++walk.visited > maxVisited) {
      throw invalid(`${JSON.stringify(walk.pattern)} of {input:blobs} looks at more than ${maxVisited} files`);
    }
    const path = join(folder, entry.name);
    if (part === '**') {
      if (entry.isDirectory() && !entry.name.startsWith('.')) await findIn(path, [part, ...rest], walk);
      if (rest.length === 0 && !entry.name.startsWith('.')) await addFile(path, entry, walk);
      continue;
    }
    if (!matchesPart(part, entry.name)) continue;
    if (rest.length === 0) await addFile(path, entry, walk);
    else if (entry.isDirectory()) await findIn(path, rest, walk);
  }
}

function matchesPart(part: string, name: string): boolean {
  if (name.startsWith('.') && !part.startsWith('.')) return false;
  return matchesGlob(part, name);
}

async function addFile(path: string, entry: Dirent, { pattern, found }: Walk): Promise<void> {
  if (isSignatureFile(path)) return;
  const isFile = entry.isFile() || (entry.isSymbolicLink() && (await isRegular(path)));
  if (!isFile) return;
  found.add(path);
  if (found.size > maxFiles)
    throw invalid(`${JSON.stringify(pattern)} of {input:blobs} matches more than ${maxFiles} files`);
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function existingFile(folder: string, path: string): Promise<string> {
  const absolute = resolve(folder, path);
  if (await isRegular(absolute)) return absolute;
  throw invalid(`there is no file ${JSON.stringify(path)}, which {input:blobs} names`);
}

async function isRegular(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function invalid(message: string): NotaryError {
  return new NotaryError('input-invalid', message, {
    hint: 'Paths and globs of {input:blobs} are relative to the working folder of the pipeline, one a line.',
  });
}
