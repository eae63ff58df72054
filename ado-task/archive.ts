// SPDX-License-Identifier: Apache-2.0
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { NotaryError, messageOf } from '../shared/index.ts';

/** Kinds of archives, by how a file name ends. */
export type ArchiveKind = '.tar.gz' | '.zip';

/** The Notation CLI has about 15 MB; far more is not it. */
const maxUnpackedBytes = 256 * 1024 * 1024;

/** Releases hold three files. */
const maxEntries = 10_000;

const tarBlock = 512;

/** The kind of an archive by its name; undefined for anything but `.tar.gz` and `.zip`. */
export function archiveKind(name: string): ArchiveKind | undefined {
  return (['.tar.gz', '.zip'] as const).find((kind) => name.toLowerCase().endsWith(kind));
}

/**
 * The bytes of the file with this name, in whatever folder of the archive it lies. Nothing is written: names in an archive
 * are only compared. Throws `malformed` when the archive is broken or does not hold the file.
 */
export function readFromArchive(archive: Uint8Array, kind: ArchiveKind, name: string): Uint8Array {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const found = attempt(() => (kind === '.zip' ? readFromZip(bytes, name) : readFromTar(unzip(bytes), name)));
  if (found === undefined) throw new NotaryError('malformed', `the archive does not contain ${name}`);
  return found;
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new NotaryError('malformed', `the archive cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function unzip(bytes: Buffer): Buffer {
  return gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes });
}

/** POSIX ustar: a header of 512 bytes, then the content, padded to 512 bytes. */
function readFromTar(tar: Buffer, name: string): Uint8Array | undefined {
  let offset = 0;
  for (let entries = 0; offset + tarBlock <= tar.length && entries < maxEntries; entries++) {
    const header = tar.subarray(offset, offset + tarBlock);
    if (header[0] === 0) return undefined;
    const size = Number.parseInt(text(header.subarray(124, 136)), 8);
    const start = offset + tarBlock;
    if (!Number.isSafeInteger(size) || size < 0 || start + size > tar.length) throw new Error('an entry is cut off');
    const regular = header[156] === 0 || header[156] === 0x30;
    if (regular && baseName(text(header.subarray(0, 100))) === name) return tar.subarray(start, start + size);
    offset = start + Math.ceil(size / tarBlock) * tarBlock;
  }
  return undefined;
}

/** APPNOTE 4.3.6: the central directory at the end tells where each file lies. */
function readFromZip(zip: Buffer, name: string): Uint8Array | undefined {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end === -1) throw new Error('it has no end record');
  const count = Math.min(zip.readUInt16LE(end + 10), maxEntries);
  let offset = zip.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry++) {
    if (zip.readUInt32LE(offset) !== 0x02014b50) throw new Error('its directory is broken');
    const nameLength = zip.readUInt16LE(offset + 28);
    const entryName = zip.toString('utf8', offset + 46, offset + 46 + nameLength);
    if (baseName(entryName) === name) return readZipEntry(zip, offset);
    offset += 46 + nameLength + zip.readUInt16LE(offset + 30) + zip.readUInt16LE(offset + 32);
  }
  return undefined;
}

function readZipEntry(zip: Buffer, directory: number): Uint8Array {
  const method = zip.readUInt16LE(directory + 10);
  const packedSize = zip.readUInt32LE(directory + 20);
  const local = zip.readUInt32LE(directory + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + packedSize);
  if (packed.length !== packedSize) throw new Error('an entry is cut off');
  if (method === 0) return packed;
  if (method === 8) return inflateRawSync(packed, { maxOutputLength: maxUnpackedBytes });
  throw new Error(`compression method ${method}`);
}

function text(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? field.length : end).trim();
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
