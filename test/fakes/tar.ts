// SPDX-License-Identifier: Apache-2.0
import type { TestLayout } from './layout-folder.ts';

/** One entry of a tar archive, header and content; names above 100 bytes are split at the folder. */
export function tarEntry(name: string, content: string | Uint8Array, type = '0'): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(512);
  const slash = name.length > 100 ? name.lastIndexOf('/') : -1;
  header.write(name.slice(slash + 1), 0);
  header.write('0000644\0', 100);
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  if (slash !== -1) header.write(name.slice(0, slash), 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A whole archive. */
export function tarOf(entries: readonly Uint8Array[]): Buffer {
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

/** The entries of a layout, each name behind a prefix. */
export function layoutEntries(layout: TestLayout, prefix = ''): Buffer[] {
  const files = Object.entries(layout.snapshot());
  return files.map(([name, content]) => tarEntry(`${prefix}${name}`, Buffer.from(content, 'latin1')));
}

/** A layout as a tar archive. */
export function packLayout(layout: TestLayout, prefix = ''): Buffer {
  return tarOf(layoutEntries(layout, prefix));
}
