// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRevocationSource } from '../../../shared/adapters/revocation-http.ts';
import { openCrlCache, type CrlCache } from '../../../shared/adapters/revocation-cache.ts';
import type { Log } from '../../../shared/ports.ts';
import type { CrlBundle } from '../../../shared/revocation/crl.ts';
import { parseRevocationList } from '../../../shared/revocation/revocation-list.ts';
import { node24 } from '../../support/azure-agent-node.ts';
import { issuedOf, revocableSigner } from '../../fakes/revocable-chain.ts';
import { crl, deltaIndicator, freshestCrl } from '../../fakes/revocation-answers.ts';
import type { HttpClient } from '../../../shared/adapters/http.ts';

const address = 'http://crl.example/ca.crl';
const signer = revocableSigner({ crls: [address] });
const { issuer } = issuedOf(signer);
const base = parseRevocationList(crl({ issuer }));
const withDelta: CrlBundle = {
  base: parseRevocationList(crl({ issuer, extensions: [freshestCrl('http://crl.example/delta.crl')] })),
  delta: parseRevocationList(crl({ issuer, number: 2, extensions: [deltaIndicator(1)] })),
};

let parent: string;
let folder: string;
let warnings: string[];
let notes: string[];
let cache: CrlCache;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'crl-cache-'));
  folder = join(parent, 'cache');
  warnings = [];
  notes = [];
  cache = openCrlCache(folder, log());
});
afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

function log(): Log {
  return { debug: (text) => notes.push(text), info: () => undefined, warning: (text) => warnings.push(text) };
}

const file = (): string => join(folder, createHash('sha256').update(address).digest('hex'));

function entry(members: unknown): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file(), typeof members === 'string' ? members : JSON.stringify(members));
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('openCrlCache', () => {
  it('has nothing at first, and says nothing of that', async () => {
    expect(await cache.read(address)).toBeUndefined();
    await cache.write('http://elsewhere', { base });
    expect(await cache.read(address)).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  it('gives back what was written', async () => {
    await cache.write(address, { base });
    expect(await cache.read(address)).toEqual({ base });
    await cache.write(address, withDelta);
    expect(await openCrlCache(folder, log()).read(address)).toEqual(withDelta);
    expect(warnings).toEqual([]);
  });

  it('[NP-333] names and writes entries as the reference does', async () => {
    await cache.write(address, { base });
    expect(readdirSync(folder)).toEqual(['64daa8057bf8a91a29fe6392425f35e8e03e61112f8d976bf017ba62c7e71eb8']);
    expect(readFileSync(file(), 'utf8')).toBe(`{"baseCRL":"${base64(base.der)}"}`);
    await cache.write(address, withDelta);
    const [first, second] = [withDelta.base, withDelta.delta].map((list) => base64(list?.der ?? new Uint8Array()));
    expect(readFileSync(file(), 'utf8')).toBe(`{"baseCRL":"${first}","deltaCRL":"${second}"}`);
  });

  it.runIf(process.platform !== 'win32')('[SEC-39] keeps its files private', async () => {
    await cache.write(address, { base });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"baseCRL":'],
    ['no object', '7'],
    ['null', 'null'],
    ['an empty object', {}],
    ['a base that is no text', { baseCRL: 7 }],
    ['a base that is no base64', { baseCRL: '*' }],
    ['a base that is no CRL', { baseCRL: 'AAAA' }],
    ['a delta that is no CRL', { baseCRL: base64(base.der), deltaCRL: 'AAAA' }],
    ['a delta that is null', { baseCRL: base64(base.der), deltaCRL: null }],
    ['a base whose delta is missing', { baseCRL: base64(withDelta.base.der) }],
    ['half an entry', `{"baseCRL":"${base64(base.der).slice(0, 40)}`],
  ])('[NP-332][SEC-20] takes an entry with %s for none, and warns once', async (_, content) => {
    entry(content);
    expect(await cache.read(address)).toBeUndefined();
    expect(await cache.read(address)).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/^CRL cache error discarded: /)]);
    expect(notes).toHaveLength(1);
    await cache.write(address, { base });
    expect(await cache.read(address)).toEqual({ base });
  });

  it('[SEC-4] reads members of odd names as nothing', async () => {
    entry(`{"__proto__":{"baseCRL":"${base64(base.der)}"}}`);
    expect(await cache.read(address)).toBeUndefined();
  });

  it('[SEC-20] goes on where its folder cannot be made', async () => {
    const missing = openCrlCache(join(parent, 'missing', 'cache'), log());
    await missing.write(address, { base });
    expect(await missing.read(address)).toBeUndefined();
    expect(existsSync(join(parent, 'missing'))).toBe(false);
    writeFileSync(folder, 'a file');
    await cache.write(address, { base });
    expect(await cache.read(address)).toBeUndefined();
    expect(readFileSync(folder, 'utf8')).toBe('a file');
    expect(warnings.length).toBeGreaterThan(0);
  });

  it('[SEC-20] goes on where an entry cannot be replaced, and leaves nothing behind', async () => {
    mkdirSync(file(), { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    await cache.write(address, { base });
    expect(await cache.read(address)).toBeUndefined();
    expect(readdirSync(folder)).toHaveLength(1);
    expect(warnings).toHaveLength(1);
  });

  it.runIf(process.platform !== 'win32')('uses no folder that others may write to, and follows no links', async () => {
    await cache.write(address, { base });
    chmodSync(folder, 0o777);
    expect(await cache.read(address)).toBeUndefined();
    await cache.write(address, withDelta);
    chmodSync(folder, 0o700);
    expect(await cache.read(address)).toEqual({ base });

    const linked = openCrlCache(join(parent, 'link'), log());
    symlinkSync(folder, join(parent, 'link'));
    expect(await linked.read(address)).toBeUndefined();

    rmSync(file());
    writeFileSync(join(parent, 'elsewhere'), JSON.stringify({ baseCRL: base64(base.der) }));
    symlinkSync(join(parent, 'elsewhere'), file());
    expect(await cache.read(address)).toBeUndefined();
    await cache.write(address, withDelta);
    expect(await cache.read(address)).toEqual(withDelta);
    expect(readFileSync(join(parent, 'elsewhere'), 'utf8')).toContain(base64(base.der));
  });

  it('[SEC-20] stands many writers and readers at once', async () => {
    const caches = Array.from({ length: 8 }, () => openCrlCache(folder, log()));
    const bundles = [{ base }, withDelta];
    const readings = caches.flatMap((each) => Array.from({ length: 10 }, () => each.read(address)));
    const writings = caches.flatMap((each) => bundles.map((bundle) => each.write(address, bundle)));
    await Promise.all(writings);
    for (const found of await Promise.all(readings)) if (found !== undefined) expect(bundles).toContainEqual(found);
    expect(bundles).toContainEqual(await cache.read(address));
    expect(readdirSync(folder)).toHaveLength(1);
    expect(warnings).toEqual([]);
  });
});

describe('other processes', () => {
  /** Runs a process that keeps a CRL; resolves to its warnings. */
  async function keepElsewhere(list: Uint8Array, times: number, start: readonly string[] = []): Promise<string[]> {
    const listFile = join(parent, `${Buffer.from(list.subarray(-8)).toString('hex')}.crl`);
    writeFileSync(listFile, list);
    const script = join(import.meta.dirname, '../../fakes/crl-cache-process.ts');
    const command = [...start, node24.path, script, folder, address, listFile, String(times)];
    const { stdout } = await promisify(execFile)(command[0] ?? '', command.slice(1));
    return JSON.parse(stdout) as string[];
  }

  it('[SEC-20] may race for an entry: none sees half of one', async () => {
    const lists = [base.der, crl({ issuer, number: 2 })];
    const state = { running: true };
    const others = Promise.all(lists.map((list) => keepElsewhere(list, 200))).finally(() => {
      state.running = false;
    });
    while (state.running) {
      const found = await cache.read(address);
      if (found !== undefined) expect(lists).toContainEqual(found.base.der);
      await cache.write(address, { base });
    }
    expect(await others).toEqual([[], []]);
    expect(warnings).toEqual([]);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it.runIf(process.platform !== 'win32')('[SEC-20] go on with a full disk, and leave nothing behind', async () => {
    await cache.write(address, { base });
    const full = ['/bin/sh', '-c', 'ulimit -f 0; exec "$0" "$@"'];
    expect(await keepElsewhere(crl({ issuer, number: 2 }), 2, full)).toEqual([
      expect.stringMatching(/^CRL cache error discarded: EFBIG/),
      expect.stringMatching(/^CRL cache error discarded: EFBIG/),
    ]);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await cache.read(address)).toEqual({ base });
  });
});

describe('a source with a cache', () => {
  let downloads: number;
  let body: Uint8Array;
  beforeEach(() => {
    downloads = 0;
    body = base.der;
  });

  const http: HttpClient = {
    exchange: ({ url }) => {
      downloads++;
      return Promise.resolve({ status: 200, headers: {}, body, url });
    },
    close: () => Promise.resolve(),
  };

  async function check(now = new Date('2026-06-01'), own: CrlCache = cache) {
    const source = createRevocationSource({ http, clock: { now: () => now }, log: log(), cache: own });
    return (await source.check(signer.certificateChain, 'codeSigning', undefined))[0];
  }

  it('[NP-332] does not download a CRL again that has not expired, and downloads one that has', async () => {
    body = crl({ issuer, nextUpdate: new Date('2026-07-01') });
    expect(await check()).toMatchObject({ status: 'good' });
    expect(await check()).toMatchObject({ status: 'good', checks: [{ cached: true }] });
    expect(downloads).toBe(1);
    body = base.der;
    expect(await check(new Date('2026-07-02'))).toMatchObject({ status: 'good' });
    expect(downloads).toBe(2);
    expect(await check(new Date('2026-07-02'))).toMatchObject({ checks: [{ cached: true }] });
  });

  it('[NP-332] downloads instead of a corrupt entry', async () => {
    await check();
    writeFileSync(file(), 'corrupt');
    expect(await check()).toMatchObject({ status: 'good' });
    expect(downloads).toBe(2);
    expect(warnings).toEqual([expect.stringContaining('CRL cache error discarded')]);
  });

  it('does not trust an entry that somebody else has signed', async () => {
    const other = revocableSigner({ crls: [address] });
    const forged = crl({ issuer: { ...issuedOf(other).issuer, keys: other.leaf.keys } });
    entry({ baseCRL: base64(forged) });
    body = crl({ issuer, revoked: [{ serialNumber: signer.leaf.certificate.serialNumber }] });
    expect(await check()).toMatchObject({ status: 'revoked' });
    expect(downloads).toBe(1);
  });

  it('keeps no CRL that could not be used', async () => {
    body = crl({ issuer, nextUpdate: null });
    expect(await check()).toMatchObject({ status: 'unknown' });
    expect(existsSync(file())).toBe(false);
  });

  it('[SEC-20] verifies on where nothing can be kept', async () => {
    const broken = openCrlCache(join(parent, 'missing', 'cache'), log());
    expect(await check(undefined, broken)).toMatchObject({ status: 'good' });
    expect(await check(undefined, broken)).toMatchObject({ status: 'good' });
    expect(downloads).toBe(2);
    writeFileSync(folder, '');
    expect(await check()).toMatchObject({ status: 'good' });
  });
});
