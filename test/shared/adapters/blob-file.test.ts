// SPDX-License-Identifier: Apache-2.0
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSignatureFile, openBlobFile } from '../../../shared/adapters/blob-file.ts';
import { findBlobs } from '../../../shared/adapters/blob-glob.ts';
import { digestOf } from '../../../shared/primitives/digest.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'blob-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, content: string | Uint8Array = path): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
  return full;
}

describe('openBlobFile', () => {
  it.each(['sha256', 'sha384', 'sha512'] as const)(
    'gives digest and size by %s, also of large files',
    async (algorithm) => {
      const content = Buffer.alloc(3 * 1024 * 1024 + 7, 'abc');
      const blob = openBlobFile(write('large.bin', content));
      expect(await blob.describe(algorithm)).toEqual({ digest: digestOf(content, algorithm), size: content.length });
    },
  );

  it('tells which file cannot be read', async () => {
    const missing = openBlobFile(join(folder, 'none'), { name: 'none' });
    await expect(missing.describe('sha256')).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('the file "none" cannot be read') as string,
    });
    await expect(openBlobFile(folder).describe('sha256')).rejects.toThrow('it is not a regular file');
  });

  it('writes signature files as Notation names them, readable by the owner only', async () => {
    const path = write('app.tar.gz');
    const blob = openBlobFile(path);
    expect(await blob.readSignatures()).toEqual([]);
    expect(await blob.writeSignature('jws', Buffer.from('one'))).toEqual({ file: `${path}.jws.sig`, replaced: false });
    expect(await blob.writeSignature('jws', Buffer.from('two'))).toEqual({ file: `${path}.jws.sig`, replaced: true });
    await blob.writeSignature('cose', Buffer.from('three'));
    const found = await blob.readSignatures();
    expect(found.map(({ file, mediaType, bytes }) => [file, mediaType, Buffer.from(bytes).toString()])).toEqual([
      [`${path}.jws.sig`, 'application/jose+json', 'two'],
      [`${path}.cose.sig`, 'application/cose', 'three'],
    ]);
    expect(readdirSync(folder).sort()).toEqual(['app.tar.gz', 'app.tar.gz.cose.sig', 'app.tar.gz.jws.sig']);
    if (process.platform !== 'win32') expect(statSync(`${path}.jws.sig`).mode & 0o777).toBe(0o600);
  });

  it('keeps signature files in a folder of their own, which it creates', async () => {
    const signatureDirectory = join(folder, 'a/b');
    const { file } = await openBlobFile(write('app'), { signatureDirectory }).writeSignature('cose', Buffer.from('x'));
    expect(file).toBe(join(signatureDirectory, 'app.cose.sig'));
    expect(readFileSync(file, 'utf8')).toBe('x');
    if (process.platform !== 'win32') expect(statSync(signatureDirectory).mode & 0o777).toBe(0o700);
  });

  it('replaces a link in the place of a signature file, and does not follow it', async () => {
    const victim = write('victim');
    const blob = openBlobFile(write('app'));
    symlinkSync(victim, join(folder, 'app.jws.sig'));
    await blob.writeSignature('jws', Buffer.from('signature'));
    expect(readFileSync(victim, 'utf8')).toBe('victim');
    expect(readFileSync(join(folder, 'app.jws.sig'), 'utf8')).toBe('signature');
  });

  it('refuses signature files that are empty, too large or no files', async () => {
    const blob = openBlobFile(write('app'));
    write('app.jws.sig', '');
    await expect(blob.readSignatures()).rejects.toMatchObject({
      code: 'signature-retrieval',
      message: expect.stringContaining('signature cannot be nil or empty') as string,
    });
    truncateSync(join(folder, 'app.jws.sig'), 32 * 1024 * 1024 + 1);
    await expect(blob.readSignatures()).rejects.toThrow('it has more than 33554432 bytes');
    rmSync(join(folder, 'app.jws.sig'));
    mkdirSync(join(folder, 'app.jws.sig'));
    await expect(blob.readSignatures()).rejects.toThrow('it is not a regular file');
    await expect(blob.writeSignature('jws', Buffer.from('x'))).rejects.toMatchObject({ code: 'push-failed' });
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('[NP-395] isSignatureFile', () => {
  it.each([
    ['a.jws.sig', true],
    ['a.COSE.SIG', true],
    ['sig.txt', false],
    ['a.sig', false],
    ['a.foo.sig', false],
  ])('%s: %s', (name, is) => {
    expect(isSignatureFile(name)).toBe(is);
  });
});

describe('findBlobs', () => {
  beforeEach(() => {
    for (const path of ['b.zip', 'a.zip', 'a.zip.jws.sig', '.hidden.zip', 'd/c.zip', 'd/e/f.zip', '.git/g.zip'])
      write(path);
  });

  async function names(pattern: string): Promise<string[]> {
    return (await findBlobs(folder, pattern)).map((path) => path.slice(folder.length + 1).replaceAll('\\', '/'));
  }

  it.each([
    ['a.zip', ['a.zip']],
    ['a.zip.jws.sig', ['a.zip.jws.sig']],
    ['./d/c.zip', ['d/c.zip']],
    ['*', ['a.zip', 'b.zip']],
    ['?.zip', ['a.zip', 'b.zip']],
    ['**', ['a.zip', 'b.zip', 'd/c.zip', 'd/e/f.zip']],
    ['**/*.zip', ['a.zip', 'b.zip', 'd/c.zip', 'd/e/f.zip']],
    ['d/**/f.zip', ['d/e/f.zip']],
    ['d/**/c.zip', ['d/c.zip']],
    ['*/*.zip', ['d/c.zip']],
    ['.hid*', ['.hidden.zip']],
    ['.git/*', ['.git/g.zip']],
  ])('%s', async (pattern, found) => {
    expect(await names(pattern)).toEqual(found);
  });

  it('takes absolute paths and globs', async () => {
    expect(await names(join(folder, 'a.zip'))).toEqual(['a.zip']);
    expect(await names(`${folder.replaceAll('\\', '/')}/d/*`)).toEqual(['d/c.zip']);
  });

  it('does not follow links to folders, and takes links to files', async () => {
    symlinkSync(join(folder, 'd'), join(folder, 'link'));
    symlinkSync(join(folder, 'a.zip'), join(folder, 'z.zip'));
    symlinkSync(join(folder, 'none'), join(folder, 'y.zip'));
    expect(await names('**/*.zip')).toEqual(['a.zip', 'b.zip', 'd/c.zip', 'd/e/f.zip', 'z.zip']);
  });

  it.each(['none.zip', 'none/*.zip', '*.tar', 'd'])('finds nothing: %s', async (pattern) => {
    await expect(findBlobs(folder, pattern)).rejects.toMatchObject({ code: 'input-invalid' });
  });
});
