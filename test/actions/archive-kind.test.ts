// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { archiveKindOf } from '../../actions/archive-kind.ts';
import { tarGz, zip } from '../fakes/archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'archive-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('archiveKindOf', () => {
  it.each([
    ['zip', zip({ notation: 'x' })],
    ['tar.gz', tarGz({ notation: 'x' })],
    ['tar', gunzipSync(tarGz({ notation: 'x' }))],
    [undefined, Buffer.from('<html>not found</html>')],
    [undefined, Buffer.alloc(0)],
    [undefined, Buffer.alloc(600)],
  ])('[GH-8] tells %s by its content', async (kind, bytes) => {
    const path = join(folder, 'file');
    writeFileSync(path, bytes);
    expect(await archiveKindOf(path)).toBe(kind);
  });
});
