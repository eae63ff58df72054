// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';

/** Where a tar archive has its magic, and how much has to be read to see it. */
const tarMagicOffset = 257;
const tarMagic = 'ustar';

/** The kind of an archive by its first bytes, because addresses with a query or a redirect end in anything. */
export async function archiveKindOf(path: string): Promise<'zip' | 'tar' | 'tar.gz' | undefined> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(tarMagicOffset + tarMagic.length);
    await file.read(bytes, 0, bytes.length, 0);
    if (bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1'))) return 'zip';
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'tar.gz';
    return bytes.toString('latin1', tarMagicOffset) === tarMagic ? 'tar' : undefined;
  } finally {
    await file.close();
  }
}
