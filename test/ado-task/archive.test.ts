// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { archiveKind, readFromArchive } from '../../ado-task/archive.ts';
import { NotaryError } from '../../shared/errors.ts';
import { tarGz, zip } from '../fakes/archive.ts';

const files = { LICENSE: 'text', 'docs/': '', notation: 'the program', 'README.md': 'x'.repeat(5000) };
const archives = [
  ['.tar.gz', tarGz(files)],
  ['.zip', zip(files)],
  ['.zip', zip(files, 0)],
] as const;

describe('archiveKind', () => {
  it('[ADO-14] knows two kinds', () => {
    expect(archiveKind('/a/notation_1.3.2_linux_amd64.tar.gz')).toBe('.tar.gz');
    expect(archiveKind('/a/notation_1.3.2_windows_amd64.ZIP')).toBe('.zip');
    for (const name of ['/a/notation.tgz', '/a/notation', '/a/x.tar', '']) expect(archiveKind(name)).toBeUndefined();
  });
});

describe('readFromArchive', () => {
  it.each(archives)('reads one file of a %s', (kind, archive) => {
    expect(Buffer.from(readFromArchive(archive, kind, 'notation')).toString()).toBe('the program');
    expect(readFromArchive(archive, kind, 'README.md')).toHaveLength(5000);
  });

  it('reads it from any folder, and compares names only', () => {
    expect(Buffer.from(readFromArchive(tarGz({ '../../bin/notation': 'x' }), '.tar.gz', 'notation')).toString()).toBe(
      'x',
    );
  });

  it.each(archives)('says when a %s does not hold it', (kind, archive) => {
    expect(() => readFromArchive(archive, kind, 'notation.exe')).toThrow('does not contain notation.exe');
  });

  it('[ADO-14] says when the bytes are of another kind', () => {
    expect(() => readFromArchive(Buffer.from('<html>'), '.zip', 'notation')).toThrow('cannot be read');
    expect(() => readFromArchive(Buffer.from('<html>'), '.tar.gz', 'notation')).toThrow('cannot be read');
    expect(() => readFromArchive(zip(files), '.tar.gz', 'notation')).toThrow('cannot be read');
    expect(() => readFromArchive(zip({ notation: 'x' }, 8).subarray(0, 40), '.zip', 'notation')).toThrow(
      'cannot be read',
    );
  });

  it('does not unpack without end', () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024));
    expect(() => readFromArchive(bomb, '.tar.gz', 'notation')).toThrow('cannot be read');
  });

  it('throws nothing but NotaryError, whatever the bytes', () => {
    const changes = fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...archives), changes, ([kind, archive], edits) => {
        const changed = Buffer.from(archive);
        for (const [position, value] of edits) changed[position % changed.length] = value;
        try {
          readFromArchive(changed, kind, 'notation');
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(NotaryError);
        }
      }),
    );
  });
});
