// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import { layoutError } from './layout-files.ts';

/** A file in a tar archive. */
export interface TarEntry {
  /** Without a leading `./`. */
  readonly name: string;
  /** Whether it is a regular file, and no link, folder or device. */
  readonly regular: boolean;
  /** Where its headers begin, its content begins, and its content ends. */
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

export const blockSize = 512;

/** Entries of an archive: a layout of thousands of layers has far fewer. */
const maxEntries = 100_000;
/** Bytes of an extended header: it holds a name and a few times. */
const maxExtendedHeader = 64 * 1024;

/** Headers that say something about the next entry: of PAX, and of GNU for long names. */
interface Extended {
  readonly name?: string;
  readonly size?: number;
}

/** The entries of a tar archive (POSIX.1-1988 ustar, PAX, GNU long names), in order, and where they end. */
export async function readTarEntries(
  layout: string,
  file: FileHandle,
): Promise<{ readonly entries: readonly TarEntry[]; readonly end: number }> {
  const entries: TarEntry[] = [];
  const { size: fileSize } = await file.stat();
  const reader = new BlockReader(layout, file, fileSize);
  let extended: Extended = {};
  let start = 0;
  for (let position = 0; position < fileSize;) {
    const header = await reader.read(position, blockSize);
    if (header.every((byte) => byte === 0)) return { entries, end: start };
    checkHeader(layout, header);
    const type = String.fromCharCode(header[156] ?? 0);
    const size = extended.size ?? sizeOf(layout, header);
    const content = position + blockSize;
    const next = content + Math.ceil(size / blockSize) * blockSize;
    if (content + size > fileSize) throw layoutError(layout, 'the tar archive is cut off');
    position = next;
    if (type === 'x' || type === 'L') {
      if (size > maxExtendedHeader) throw layoutError(layout, 'the tar archive has an overlong extended header');
      extended = { ...extended, ...readExtended(layout, type, await reader.read(content, size)) };
      continue;
    }
    if (entries.length >= maxEntries) throw layoutError(layout, `the tar archive has more than ${maxEntries} entries`);
    const name = (extended.name ?? nameOf(header)).replace(/^(?:\.\/)+/, '');
    entries.push({ name, regular: type === '0' || type === '\0', start, content, end: content + size });
    extended = {};
    start = next;
  }
  // Some writers leave out the two blocks of zeros.
  return { entries, end: start };
}

class BlockReader {
  readonly #layout: string;
  readonly #file: FileHandle;
  readonly #size: number;

  constructor(layout: string, file: FileHandle, size: number) {
    this.#layout = layout;
    this.#file = file;
    this.#size = size;
  }

  async read(position: number, length: number): Promise<Buffer> {
    if (position + length > this.#size) throw layoutError(this.#layout, 'the tar archive is cut off');
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await this.#file.read(bytes, 0, length, position);
    if (bytesRead !== length) throw layoutError(this.#layout, 'the tar archive is cut off');
    return bytes;
  }
}

/** The checksum: the sum of all bytes, its own counted as blanks. What fails it is no tar archive. */
function checkHeader(layout: string, header: Buffer): void {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  if (octal(header.subarray(148, 156)) === sum) return;
  const compressed = header[0] === 0x1f && header[1] === 0x8b;
  const hint = compressed ? 'It is compressed: decompress it, for example with gunzip.' : undefined;
  throw layoutError(layout, 'it is not a folder, and no tar archive either', undefined, hint);
}

function sizeOf(layout: string, header: Buffer): number {
  const field = header.subarray(124, 136);
  // Sizes above 8 GiB are big-endian binary with the highest bit set (GNU).
  const size = ((field[0] ?? 0) & 0x80) === 0 ? octal(field) : Number(field.readBigUInt64BE(4));
  if (size !== undefined && Number.isSafeInteger(size)) return size;
  throw layoutError(layout, 'the tar archive has an entry without a size');
}

function octal(field: Uint8Array): number | undefined {
  const text = textOf(field).trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text === '' ? '0' : text, 8) : undefined;
}

function nameOf(header: Buffer): string {
  const name = textOf(header.subarray(0, 100));
  const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString('utf8');
}

function readExtended(layout: string, type: 'x' | 'L', content: Buffer): Extended {
  if (type === 'L') return { name: textOf(content) };
  const extended: { name?: string; size?: number } = {};
  for (let rest = content; rest.length > 0;) {
    const length = Number(/^[0-9]{1,6} /.exec(rest.toString('latin1', 0, 8))?.[0] ?? Number.NaN);
    const record = Number.isNaN(length) ? undefined : rest.subarray(0, length);
    const [, key, value] = /^[0-9]+ ([^=]+)=([^]*)\n$/.exec(record?.toString('utf8') ?? '') ?? [];
    if (record?.length !== length || key === undefined) {
      throw layoutError(layout, 'the tar archive has a broken extended header');
    }
    if (key === 'path') extended.name = value ?? '';
    if (key === 'size' && /^[0-9]{1,15}$/.test(value ?? '')) extended.size = Number(value);
    rest = rest.subarray(length);
  }
  return extended;
}

/** The header of a regular file, in ustar form. The name is of ASCII and at most 100 bytes: sha256 blobs have 77. */
export function tarHeader(name: string, size: number, mode: number): Buffer {
  const header = Buffer.alloc(blockSize);
  header.write(name, 0, 100, 'latin1');
  const number = (value: number, offset: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), offset, digits, 'latin1');
  };
  number(mode, 100, 7);
  number(0, 108, 7);
  number(0, 116, 7);
  number(size, 124, 11);
  number(0, 136, 11);
  header.write('        ', 148, 8, 'latin1');
  header.write('0', 156, 1, 'latin1');
  header.write('ustar\u000000', 257, 8, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  number(sum, 148, 6);
  header[154] = 0;
  return header;
}
