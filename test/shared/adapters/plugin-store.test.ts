// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { notationPluginFolder } from '../../../shared/adapters/plugin-folder.ts';
import { pluginFiles } from '../../../shared/adapters/plugin-install.ts';
import { openPlugin } from '../../../shared/adapters/plugin-program.ts';
import { type PluginSource, type PluginStore, openPluginStore } from '../../../shared/adapters/plugin-store.ts';
import { parsePluginName } from '../../../shared/plugin/name.ts';
import { tarGz, zip } from '../../fakes/archive.ts';
import { ScriptedPlugin } from '../../fakes/plugin.ts';
import { quietLog } from '../../fakes/verification.ts';

const name = parsePluginName('scripted');
const url = new URL('https://example.com/plugin?download=1');
let temp: string;
let plugin: ScriptedPlugin;
let downloads: Map<string, Uint8Array>;
let asked: string[];
let store: PluginStore;

beforeEach(() => {
  temp = realpathSync(mkdtempSync(join(tmpdir(), 'plugin-store-')));
  plugin = new ScriptedPlugin();
  downloads = new Map();
  asked = [];
  store = storeWith({});
});
afterEach(async () => {
  await store.close();
  rmSync(temp, { recursive: true, force: true });
  plugin.remove();
});

function storeWith(environment: Record<string, string>): PluginStore {
  return openPluginStore({
    environment,
    platform: 'linux',
    tempDirectory: temp,
    log: quietLog,
    download: (from) => {
      asked.push(from.href);
      return Promise.resolve(downloads.get(from.href) ?? expect.fail('not there'));
    },
  });
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sourceOf(source: Partial<PluginSource>): PluginSource {
  return { name, url: undefined, checksum: undefined, trustInstalled: false, ...source };
}

/** Locates a plugin that is downloaded as these bytes. */
async function install(bytes: Uint8Array, checksum = sha256(bytes)): Promise<string> {
  downloads.set(url.href, bytes);
  return (await store.locate(sourceOf({ url, checksum }))).path;
}

describe('a download', () => {
  it.each([
    ['a tar.gz', (text: string) => tarGz({ LICENSE: 'x', 'bin/notation-scripted': text })],
    ['a zip', (text: string) => zip({ LICENSE: 'x', 'notation-scripted': text })],
    ['an executable', (text: string) => Buffer.from(text)],
  ])('[KEY-86] [KEY-88] [NP-379] [NP-385] that is %s is placed and named so that it runs', async (_, pack) => {
    const bytes = pack(plugin.text({}));
    const path = await install(bytes);
    expect(path).toContain(sha256(bytes));
    expect(path.endsWith('/notation-scripted')).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const metadata = await openPlugin({ name, path }, { environment: process.env, directory: temp }).getMetadata(
      new Map(),
    );
    expect(metadata.version).toBe('1.2.3');
  });

  it('[SEC-39] is private, in one piece, and gone at the end', async () => {
    const path = await install(Buffer.from(plugin.text({})));
    const [folder = ''] = readdirSync(temp);
    expect(statSync(join(temp, folder)).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(temp, folder)).filter((entry) => entry.startsWith('partial'))).toEqual([]);
    await store.close();
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(temp)).toEqual([]);
  });

  it('[NP-382] [KEY-86] [GH-19] with another checksum is never run nor kept', async () => {
    const checksum = 'a'.repeat(64);
    const error: unknown = await install(Buffer.from(plugin.text({})), checksum).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'checksum-mismatch' });
    expect(String(error)).toContain(`plugin SHA-256 checksum does not match user input. Expecting ${checksum}`);
    expect(plugin.calls()).toEqual([]);
    expect(readdirSync(temp)).toEqual([]);
  });

  it('[NP-380] is installed beside any other version, newer, equal or older', async () => {
    const versionAt = async (path: string) => {
      const opened = openPlugin({ name, path }, { environment: process.env, directory: temp });
      return (await opened.getMetadata(new Map())).version;
    };
    const paths: string[] = [];
    for (const version of ['2.0.0', '2.0.0', '1.0.0']) {
      const other = storeWith({});
      onTestFinished(() => other.close());
      const bytes = Buffer.from(plugin.text({ metadata: { version } }));
      downloads.set(url.href, bytes);
      const { path } = await other.locate(sourceOf({ url, checksum: sha256(bytes) }));
      expect(await versionAt(path)).toBe(version);
      paths.push(path);
    }
    expect(new Set(paths).size).toBe(3);
  });

  it('is fetched once however often it is asked for', async () => {
    await install(Buffer.from('x'));
    await install(Buffer.from('x'));
    expect(asked).toHaveLength(1);
  });
});

describe('pluginFiles', () => {
  const refusal = (bytes: Uint8Array): string => {
    try {
      pluginFiles(bytes, name, 'linux');
    } catch (thrown) {
      return (thrown as Error).message;
    }
    return expect.fail('it was taken');
  };

  it.each([
    ['zip', zip],
    ['tar.gz', tarGz],
  ] as const)('[NP-378] [KEY-87] [SEC-30] refuses a %s that leads out of its folder', (kind, pack) => {
    expect(refusal(pack({ '../notation-scripted': 'x' }))).toBe(
      `plugin installation failed: file name in ${kind} cannot contain '..', but found "../notation-scripted"`,
    );
    for (const path of ['/etc/notation-scripted', 'C:/notation-scripted']) {
      expect(refusal(pack({ [path]: 'x' }))).toContain('absolute path');
    }
    expect(refusal(pack({ 'notation-scripted': 'x', 'NOTATION-scripted': 'y' }))).toContain('twice');
  });

  it('[KEY-87] [SEC-30] refuses links and devices', () => {
    for (const type of ['1', '2', '3', '6']) {
      const tar = Buffer.from(tarGz({ 'notation-scripted': '' }));
      expect(refusal(withTarType(tar, type))).toContain('which is a link or a device');
    }
  });

  it('[NP-381] [KEY-87] refuses two plugins in one archive', () => {
    expect(refusal(tarGz({ 'notation-scripted': 'x', 'notation-other': 'y' }))).toBe(
      'plugin installation failed: found more than one plugin executable files',
    );
  });

  it('[GH-22] refuses an archive with another plugin, in the words of the predecessor', () => {
    expect(refusal(tarGz({ 'notation-other': 'x' }))).toBe(
      'downloaded plugin does not match user input {input:pluginName}, expected "notation-scripted" not found',
    );
    expect(refusal(zip({ 'bin/notation-scripted': 'x' }))).toContain('expected "notation-scripted" not found');
  });

  it('[NP-384] [KEY-87] [SEC-30] refuses what unpacks to 256 MiB', () => {
    const large = 'x'.repeat(1024 * 1024);
    const packed = Buffer.from(zip({ 'notation-scripted': large }));
    const directory = packed.indexOf(Buffer.from('PK\x01\x02', 'latin1'));
    packed.writeUInt32LE(256 * 1024 * 1024, directory + 24);
    expect(refusal(packed)).toContain('total file size reached the 256 MiB size limit');
    packed.writeUInt32LE(10, directory + 24);
    expect(refusal(packed)).toContain('the archive cannot be read');
  });

  it('[KEY-88] names the executable for Windows', () => {
    expect(pluginFiles(Buffer.from('MZ'), name, 'win32').map((file) => file.name)).toEqual(['notation-scripted.exe']);
  });
});

/** The archive with another type of its first entry. */
function withTarType(archive: Buffer, type: string): Uint8Array {
  const tar = gunzipSync(archive);
  tar.write(type, 156);
  return gzipSync(tar);
}

describe('an installed plugin', () => {
  let installed: PluginStore;
  beforeEach(() => {
    installed = storeWith({ NOTATION_LIBEXEC: plugin.libexec });
  });
  afterEach(() => installed.close());

  it('[GH-20] [SEC-32] is not run without a word of the user', async () => {
    await expect(installed.locate(sourceOf({}))).rejects.toMatchObject({
      code: 'plugin-unavailable',
      message: expect.stringContaining('is not run: nothing says that it is the right one') as unknown,
      hint: expect.stringContaining('{input:trustInstalledPlugin}: true') as unknown,
    });
    await expect(installed.locate(sourceOf({}))).rejects.toThrow();
    expect(plugin.calls()).toEqual([]);
  });

  it('[GH-20] [SEC-32] with another hash is not run', async () => {
    await expect(installed.locate(sourceOf({ checksum: 'b'.repeat(64) }))).rejects.toThrow(
      'its SHA-256 is not that of {input:pluginChecksum}',
    );
  });

  it('[SEC-32] with the right hash is run as it was hashed, wherever that file goes', async () => {
    const { path } = await installed.locate(sourceOf({ checksum: sha256(readFileSync(plugin.path)) }));
    expect(path.startsWith(temp)).toBe(true);
    writeFileSync(plugin.path, 'something else');
    expect(readFileSync(path, 'utf8')).toContain('scripted');
  });

  it('[SEC-32] is run where it is when the user says so', async () => {
    expect(await installed.locate(sourceOf({ trustInstalled: true }))).toEqual({ name, path: plugin.path });
  });

  it('with another hash than the download is passed over', async () => {
    const bytes = Buffer.from('#!/bin/sh\n');
    downloads.set(url.href, bytes);
    const { path } = await installed.locate(sourceOf({ url, checksum: sha256(bytes) }));
    expect(readFileSync(path)).toEqual(bytes);
  });

  it("[NP-263] that is not there is told in the reference's words; links are followed, folders are none", async () => {
    const missing = parsePluginName('missing');
    await expect(installed.locate(sourceOf({ name: missing, trustInstalled: true }))).rejects.toThrow(
      'plugin executable file is either not found or inaccessible: ',
    );
    const home = join(plugin.libexec, 'plugins');
    chmodSync(plugin.path, 0o755);
    symlinkSync(join(home, 'scripted'), join(home, 'linked'));
    symlinkSync('notation-scripted', join(home, 'scripted', 'notation-linked'));
    const linked = parsePluginName('linked');
    expect((await installed.locate(sourceOf({ name: linked, trustInstalled: true }))).path).toContain('linked');
  });
});

describe('notationPluginFolder', () => {
  it("is that of Notation on each system, and NOTATION_LIBEXEC's", () => {
    const home = { HOME: '/h', XDG_CONFIG_HOME: '/x', APPDATA: '/a' };
    expect(notationPluginFolder({ ...home, NOTATION_LIBEXEC: '/l' }, 'linux')).toBe('/l/plugins');
    expect(notationPluginFolder(home, 'linux')).toBe('/x/notation/plugins');
    expect(notationPluginFolder({ HOME: '/h' }, 'linux')).toBe('/h/.config/notation/plugins');
    expect(notationPluginFolder({ HOME: '/h', XDG_CONFIG_HOME: 'relative' }, 'linux')).toBeUndefined();
    expect(notationPluginFolder(home, 'darwin')).toBe('/h/Library/Application Support/notation/plugins');
    expect(notationPluginFolder(home, 'win32')).toBe('/a/notation/plugins');
    expect(notationPluginFolder({}, 'linux')).toBeUndefined();
  });
});
