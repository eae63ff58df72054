// SPDX-License-Identifier: Apache-2.0
import { NotaryError, baseName, readArchive } from '../shared/index.ts';

/** Kinds of archives, by how a file name ends. */
export type ArchiveKind = '.tar.gz' | '.zip';

/** The kind of an archive by its name; undefined for anything but `.tar.gz` and `.zip`. */
export function archiveKind(name: string): ArchiveKind | undefined {
  return (['.tar.gz', '.zip'] as const).find((kind) => name.toLowerCase().endsWith(kind));
}

/**
 * The bytes of the file with this name, in whatever folder of the archive it lies. Nothing is written: names in an archive
 * are only compared. Throws `malformed` when the archive is broken or does not hold the file.
 */
export function readFromArchive(archive: Uint8Array, kind: ArchiveKind, name: string): Uint8Array {
  const entries = readArchive(archive, kind === '.zip' ? 'zip' : 'tar.gz');
  const found = entries.find(({ path, type }) => type === 'file' && baseName(path) === name);
  if (found === undefined) throw new NotaryError('malformed', `the archive does not contain ${name}`);
  return found.read();
}
