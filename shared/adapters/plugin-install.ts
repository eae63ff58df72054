// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NotaryError } from '../errors.ts';
import { type PluginName, pluginFileName } from '../plugin/name.ts';
import { quote } from '../primitives/quote.ts';
import { type ArchiveEntry, archiveKindOf, baseName, maxUnpackedBytes, readArchive } from './archive.ts';

/** A file of a plugin to be placed. */
interface PluginFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** Plugins have a handful of files: the program, a licence, libraries of a runtime. */
const maxFiles = 1_000;

/**
 * Places a plugin in a folder below `parent` that has the hash of the download in its path, all or nothing, and returns the
 * path of its executable. The bytes are an archive, or the executable itself. Throws `plugin-unavailable` or `malformed`.
 */
export async function placePlugin(
  download: Uint8Array,
  name: PluginName,
  parent: string,
  platform: string,
): Promise<string> {
  const files = pluginFiles(download, name, platform);
  const digest = createHash('sha256').update(download).digest('hex');
  const folder = join(parent, `${name}-${digest}`);
  const partial = await mkdtemp(join(parent, 'partial-'));
  try {
    for (const file of files) {
      const mode = file.name === pluginFileName(name, platform) ? 0o700 : 0o600;
      await writeFile(join(partial, file.name), file.content, { mode, flag: 'wx' });
    }
    await rename(partial, folder);
  } catch (thrown) {
    await rm(partial, { recursive: true, force: true });
    throw thrown;
  }
  return join(folder, pluginFileName(name, platform));
}

/** The files that the reference would install (reference 12.9): of a zip those at the top, of a tar.gz all, without folders. */
export function pluginFiles(download: Uint8Array, name: PluginName, platform: string): readonly PluginFile[] {
  const kind = archiveKindOf(download);
  if (kind === undefined) return [{ name: pluginFileName(name, platform), content: download }];
  const entries = readArchive(download, kind);
  checkPaths(entries, kind);
  const files = entries.filter(({ type, path }) => type === 'file' && (kind === 'tar.gz' || !path.includes('/')));
  checkExecutables(files, name, platform);
  if (files.length > maxFiles) throw unusable(`the archive has more than ${maxFiles} files`);
  return contents(files);
}

/** Nothing is written by these paths; an archive that tries is not a plugin. */
function checkPaths(entries: readonly ArchiveEntry[], kind: string): void {
  const seen = new Set<string>();
  for (const { path, type } of entries) {
    if (path.includes('..')) throw unusable(`file name in ${kind} cannot contain '..', but found ${quote(path)}`);
    if (/^[/\\]|^[A-Za-z]:/.test(path) || path.includes('\0'))
      throw unusable(`the archive has the absolute path ${quote(path)}`);
    if (type === 'link' || type === 'other')
      throw unusable(`the archive has ${quote(path)}, which is a link or a device`);
    const folded = path.toLowerCase().replace(/^(?:\.\/)+/, '');
    if (type === 'file' && seen.has(folded)) throw unusable(`the archive has ${quote(path)} twice`);
    seen.add(folded);
  }
}

function checkExecutables(files: readonly ArchiveEntry[], name: PluginName, platform: string): void {
  const expected = pluginFileName(name, platform);
  const candidates = files.filter(({ path }) => isPluginFile(baseName(path), platform));
  const executables = candidates.filter(({ executable }) => executable === true);
  if (executables.length > 1 || candidates.filter(({ path }) => baseName(path) === expected).length > 1) {
    throw unusable('found more than one plugin executable files');
  }
  if (candidates.some(({ path }) => baseName(path) === expected)) return;
  const found = candidates.map(({ path }) => quote(baseName(path))).join(', ') || 'no plugin executable file';
  throw new NotaryError(
    'plugin-unavailable',
    `downloaded plugin does not match user input {input:pluginName}, expected ${quote(expected)} not found`,
    { hint: `The archive has ${found}: correct {input:pluginName} or {input:pluginUrl}.` },
  );
}

function isPluginFile(file: string, platform: string): boolean {
  return platform === 'win32' ? /^notation-.+\.exe$/i.test(file) : /^notation-./.test(file);
}

/** Of files with one name in several folders the first counts: only its program decides what a plugin is. */
function contents(files: readonly ArchiveEntry[]): PluginFile[] {
  const taken = new Map<string, PluginFile>();
  let total = 0;
  for (const file of files) {
    const name = baseName(file.path);
    if (name === '' || taken.has(name.toLowerCase())) continue;
    const content = file.read();
    total += content.length;
    if (total >= maxUnpackedBytes) throw unusable('total file size reached the 256 MiB size limit');
    taken.set(name.toLowerCase(), { name, content });
  }
  return [...taken.values()];
}

function unusable(reason: string): NotaryError {
  return new NotaryError('plugin-unavailable', `plugin installation failed: ${reason}`, {
    hint: 'Give {input:pluginUrl} of a .tar.gz or .zip archive with one plugin, or of its executable file.',
  });
}
