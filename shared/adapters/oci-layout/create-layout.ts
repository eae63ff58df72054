// SPDX-License-Identifier: Apache-2.0
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyLayoutIndex, layoutVersion } from '../../oci/layout-index.ts';
import { isSystemError, onLayout } from './layout-files.ts';

/**
 * Makes a folder with an empty layout where there is nothing, or a folder with nothing in it; what else is there is left as it
 * is. Throws `layout-unusable`.
 */
export async function createLayoutFolder(layout: string, folder: string): Promise<void> {
  await onLayout(layout, 'making it', async () => {
    if (!(await isVacant(folder))) return;
    await mkdir(folder, { recursive: true });
    // In this order, and never over what another process has just made.
    await writeOnce(join(folder, 'index.json'), emptyLayoutIndex());
    await writeOnce(join(folder, 'oci-layout'), Buffer.from(JSON.stringify({ imageLayoutVersion: layoutVersion })));
  });
}

async function isVacant(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (thrown) {
    if (isSystemError(thrown, 'ENOENT')) return true;
    if (isSystemError(thrown, 'ENOTDIR')) return false;
    throw thrown;
  }
}

async function writeOnce(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: 'wx' });
  } catch (thrown) {
    if (!isSystemError(thrown, 'EEXIST')) throw thrown;
  }
}
