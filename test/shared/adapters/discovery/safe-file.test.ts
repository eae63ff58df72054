// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { maxDiscoveryFileBytes, readSafely } from '../../../../shared/adapters/discovery/safe-file.ts';

const base = mkdtempSync(join(tmpdir(), 'safe-'));
const folder = join(base, 'folder');
mkdirSync(join(folder, 'inner'), { recursive: true });
writeFileSync(join(base, 'outside'), 'secret');
writeFileSync(join(folder, 'file'), 'text');
writeFileSync(join(folder, 'inner', 'file'), 'inner');
afterAll(() => {
  rmSync(base, { recursive: true });
});

describe('readSafely', () => {
  it('reads a regular file', async () => {
    expect((await readSafely(folder, 'file'))?.text).toBe('text');
    expect((await readSafely(folder, 'inner/file'))?.text).toBe('inner');
  });

  it('follows a link that stays inside', async () => {
    symlinkSync(join(folder, 'file'), join(folder, 'link-inside'));
    expect((await readSafely(folder, 'link-inside'))?.text).toBe('text');
  });

  it('[GH-58] does not follow a link that leads outside', async () => {
    symlinkSync(join(base, 'outside'), join(folder, 'link-outside'));
    symlinkSync(base, join(folder, 'folder-outside'));
    expect(await readSafely(folder, 'link-outside')).toBeUndefined();
    expect(await readSafely(folder, 'folder-outside/outside')).toBeUndefined();
    expect(await readSafely(folder, '../outside')).toBeUndefined();
  });

  it('[GH-58] does not read a folder, or a file that is too large', async () => {
    writeFileSync(join(folder, 'large'), '');
    truncateSync(join(folder, 'large'), maxDiscoveryFileBytes + 1);
    expect(await readSafely(folder, 'large')).toBeUndefined();
    expect(await readSafely(folder, 'inner')).toBeUndefined();
    expect(await readSafely(folder, '.')).toBeUndefined();
    expect(await readSafely(folder, 'missing')).toBeUndefined();
  });

  it.runIf(process.platform !== 'win32')('[GH-58] does not wait for the writer of a named pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await readSafely(folder, 'pipe')).toBeUndefined();
  });

  it('[GH-59] does not read what is older than asked', async () => {
    writeFileSync(join(folder, 'old'), 'old');
    utimesSync(join(folder, 'old'), new Date('2020-01-01'), new Date('2020-01-01'));
    expect(await readSafely(folder, 'old', Date.parse('2021-01-01'))).toBeUndefined();
    expect((await readSafely(folder, 'old', Date.parse('2019-01-01')))?.text).toBe('old');
  });
});
