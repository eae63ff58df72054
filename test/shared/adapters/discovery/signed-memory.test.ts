// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSigned, writeSigned } from '../../../../shared/adapters/discovery/signed-memory.ts';

const digest = `sha256:${'a'.repeat(64)}`;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('signed memory', () => {
  it('[GH-70] tells later steps what earlier ones signed', async () => {
    await writeSigned(folder, [`ghcr.io/o/a@${digest}`]);
    await writeSigned(folder, [`ghcr.io/o/b@${digest}`]);
    expect([...(await readSigned(folder))].sort()).toEqual([`ghcr.io/o/a@${digest}`, `ghcr.io/o/b@${digest}`]);
  });

  it('writes nothing when nothing was signed', async () => {
    await writeSigned(folder, []);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('passes over files that are something else', async () => {
    const name = (letter: string): string => `notation-signed-${letter.repeat(36)}.json`;
    writeFileSync(join(folder, name('a')), '{"x":1}');
    writeFileSync(join(folder, name('b')), 'no json');
    writeFileSync(join(folder, name('c')), '[1,null]');
    symlinkSync(join(tmpdir(), 'elsewhere'), join(folder, name('d')));
    expect([...(await readSigned(folder))]).toEqual([]);
  });

  it('knows nothing of a folder that is not there', async () => {
    expect([...(await readSigned(join(folder, 'missing')))]).toEqual([]);
    expect([...(await readSigned(''))]).toEqual([]);
  });
});
