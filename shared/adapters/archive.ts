// SPDX-License-Identifier: Apache-2.0
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { NotaryError, messageOf } from '../errors.ts';

/** Kinds of archives that are read. */
export type ArchiveKind = 'tar.gz' | 'zip';

/** An entry of an archive. Nothing is ever written from here: a path is text to be judged. */
export interface ArchiveEntry {
  /** As it stands in the archive, with slashes. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link' | 'other';
  /** Whether its owner may execute it; undefined when the archive does not say. */
  readonly executable: boolean | undefined;
  /** The content, decompressed when asked for. Throws `malformed`. */
  read(): Uint8Array;
}

/** The reference's bound of what a plugin may unpack to; the Notation CLI has about 15 MB. */
export const maxUnpackedBytes = 256 * 1024 * 1024;

/** Releases hold a handful of files. */
const maxEntries = 10_000;

const tarBlock = 512;

/** The kind of an archive by its first bytes, because addresses with a query or a redirect end in anything. */
export function archiveKindOf(bytes: Uint8Array): ArchiveKind | undefined {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04) return 'zip';
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08 ? 'tar.gz' : undefined;
}

/** All entries in the order of the archive. Throws `malformed` when it is broken, or too large unpacked. */
export function readArchive(archive: Uint8Array, kind: ArchiveKind): readonly ArchiveEntry[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  return attempt(() => (kind === 'zip' ? readZip(bytes) : readTar(unzip(bytes))));
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new NotaryError('malformed', `the archive cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function unzip(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes });
  } catch (cause) {
    throw sizeError(cause);
  }
}

/** The reference's words for what grows beyond the bound. */
function sizeError(cause: unknown): unknown {
  const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
  return tooLarge ? new Error('total file size reached the 256 MiB size limit') : cause;
}

const tarTypes: ReadonlyMap<number, ArchiveEntry['type']> = new Map([
  [0, 'file'],
  [0x30, 'file'],
  [0x31, 'link'],
  [0x32, 'link'],
  [0x35, 'folder'],
  [0x37, 'file'],
]);

/** Headers of POSIX pax (`x`, `g`) and GNU (`L`, `K`): what they say of the next entry. */
const paxHeader = 0x78;
const globalHeader = 0x67;
const gnuLongName = 0x4c;
const gnuLongLink = 0x4b;

/** POSIX ustar: a header of 512 bytes, then the content, padded to 512 bytes. */
function readTar(tar: Buffer): ArchiveEntry[] {
  const entries: ArchiveEntry[] = [];
  let offset = 0;
  let longName: string | undefined;
  for (let count = 0; offset + tarBlock <= tar.length; count++) {
    if (count >= maxEntries) throw new Error('it has too many entries');
    const header = tar.subarray(offset, offset + tarBlock);
    if (header[0] === 0) break;
    const size = Number.parseInt(text(header.subarray(124, 136)), 8);
    const start = offset + tarBlock;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > tar.length) throw new Error('an entry is cut off');
    const content = tar.subarray(start, start + size);
    offset = start + Math.ceil(size / tarBlock) * tarBlock;
    const flag = header[156] ?? 0;
    if (flag === gnuLongName) longName = text(content);
    if (flag === paxHeader) longName = paxPath(content) ?? longName;
    if ([gnuLongName, gnuLongLink, paxHeader, globalHeader].includes(flag)) continue;
    entries.push(tarEntry(header, content, longName));
    longName = undefined;
  }
  return entries;
}

function tarEntry(header: Buffer, content: Buffer, longName: string | undefined): ArchiveEntry {
  const prefix = header.toString('latin1', 257, 262) === 'ustar' ? text(header.subarray(345, 500)) : '';
  const name = text(header.subarray(0, 100));
  const mode = Number.parseInt(text(header.subarray(100, 108)), 8);
  return {
    path: longName ?? (prefix === '' ? name : `${prefix}/${name}`),
    type: tarTypes.get(header[156] ?? 0) ?? 'other',
    executable: (mode & 0o100) !== 0,
    read: () => content,
  };
}

/** The `path` record of a pax header (POSIX.1-2001): `<length> path=<value>\n`. */
function paxPath(content: Buffer): string | undefined {
  let path: string | undefined;
  for (let offset = 0; offset < content.length;) {
    const space = content.indexOf(0x20, offset);
    const length = Number(content.toString('latin1', offset, space));
    if (space === -1 || !Number.isSafeInteger(length) || length <= space - offset)
      throw new Error('a header is broken');
    const record = content.toString('utf8', space + 1, offset + length - 1);
    if (record.startsWith('path=')) path = record.slice('path='.length);
    offset += length;
  }
  return path;
}

/** APPNOTE 4.3.6: the central directory at the end tells where each file lies. */
function readZip(zip: Buffer): ArchiveEntry[] {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end === -1) throw new Error('it has no end record');
  const count = zip.readUInt16LE(end + 10);
  if (count > maxEntries) throw new Error('it has too many entries');
  let offset = zip.readUInt32LE(end + 16);
  let unpacked = 0;
  const entries: ArchiveEntry[] = [];
  for (let entry = 0; entry < count; entry++) {
    if (zip.readUInt32LE(offset) !== 0x02014b50) throw new Error('its directory is broken');
    unpacked += zip.readUInt32LE(offset + 24);
    if (unpacked >= maxUnpackedBytes) throw new Error('total file size reached the 256 MiB size limit');
    const nameLength = zip.readUInt16LE(offset + 28);
    entries.push(zipEntry(zip, offset, zip.toString('utf8', offset + 46, offset + 46 + nameLength)));
    offset += 46 + nameLength + zip.readUInt16LE(offset + 30) + zip.readUInt16LE(offset + 32);
  }
  return entries;
}

/** The high byte of "version made by" that says that the attributes are Unix modes (APPNOTE 4.4.2). */
const madeByUnix = 3;

function zipEntry(zip: Buffer, directory: number, name: string): ArchiveEntry {
  const unix = zip[directory + 5] === madeByUnix;
  const mode = zip.readUInt32LE(directory + 38) >>> 16;
  const kind = unix ? mode & 0o170000 : 0;
  const path = name.replaceAll('\\', '/');
  const type =
    kind === 0o120000
      ? 'link'
      : kind === 0o040000 || path.endsWith('/')
        ? 'folder'
        : kind === 0 || kind === 0o100000
          ? 'file'
          : 'other';
  return {
    path,
    type,
    executable: unix && mode !== 0 ? (mode & 0o100) !== 0 : undefined,
    read: () => attempt(() => readZipEntry(zip, directory)),
  };
}

function readZipEntry(zip: Buffer, directory: number): Uint8Array {
  const method = zip.readUInt16LE(directory + 10);
  const packedSize = zip.readUInt32LE(directory + 20);
  const size = zip.readUInt32LE(directory + 24);
  const local = zip.readUInt32LE(directory + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + packedSize);
  if (packed.length !== packedSize) throw new Error('an entry is cut off');
  if (method === 0) return packed;
  if (method !== 8) throw new Error(`compression method ${method}`);
  // Not more than it declares, which has been counted.
  return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end).trim();
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
