// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { notationConfigFolder } from '../../shared/adapters/plugin-folder.ts';
import { openLocalKey } from '../../shared/adapters/signers/local-key.ts';
import type { NotaryError } from '../../shared/errors.ts';
import { InputReader } from '../../shared/input-reader.ts';
import type { PluginKeyInputs } from '../../shared/plugin-inputs.ts';
import { type LocalKeyInputs, parseKeyInputs, parseSignSettings } from '../../shared/sign-inputs.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { type FakeHostOptions, fakeHost } from '../fakes/host.ts';

const signer = createCertificateAuthority().issue();
const checksum = 'a'.repeat(64);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-list-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function writeList(list: unknown): void {
  writeFileSync(join(folder, 'signingkeys.json'), JSON.stringify(list, null, 4), { mode: 0o600 });
}

async function keyOf(inputs: NonNullable<FakeHostOptions['inputs']>, product: 'github' | 'azure' = 'github') {
  const host = fakeHost({ inputs, product, workspace: folder, environment: { NOTATION_CONFIG: folder } });
  const reader = new InputReader(host);
  const key = await parseKeyInputs(reader, host, await parseSignSettings(reader, product), host.log);
  reader.finish();
  return { key, host };
}

/** As `notation cert generate-test` leaves them. */
function addLocalKey(name = 'my key'): void {
  mkdirSync(join(folder, 'localkeys'), { recursive: true });
  const [keyPath, certPath] = [join(folder, 'localkeys', `${name}.key`), join(folder, 'localkeys', `${name}.crt`)];
  writeFileSync(keyPath, signer.privateKeyPem, { mode: 0o600 });
  writeFileSync(certPath, signer.chainPem);
  writeList({ default: name, keys: [{ name, keyPath, certPath }] });
}

describe.each(['github', 'azure'] as const)('keyName on %s', (product) => {
  it('opens a local key of the list, and writes nothing', async () => {
    addLocalKey('clé');
    const before = readdirSync(folder, { recursive: true });
    const { key, host } = await keyOf({ keyName: 'clé' }, product);
    expect(openLocalKey(key as LocalKeyInputs).certificateChain).toHaveLength(3);
    expect(host.masks.join()).toContain(signer.privateKeyPem.split('\n')[1]);
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  it('opens the default key', async () => {
    addLocalKey();
    const { key } = await keyOf({ keyName: 'default' }, product);
    expect(openLocalKey(key as LocalKeyInputs).keySpec).toBe('EC-256');
  });

  it('takes a key of a plugin as `notation key add --plugin akeyless --id /CodeSign --default Akeyless` leaves it', async () => {
    writeList({ default: 'Akeyless', keys: [{ name: 'Akeyless', id: '/CodeSign', pluginName: 'akeyless' }] });
    const { key } = await keyOf({ keyName: 'Akeyless', pluginChecksum: checksum }, product);
    const { plugin, key: pluginKey } = key as PluginKeyInputs;
    expect(plugin).toEqual({ name: 'akeyless', url: undefined, checksum, trustInstalled: false });
    expect(pluginKey).toEqual({ keyId: '/CodeSign', config: new Map() });
    const trusted = await keyOf({ keyName: 'default', trustInstalledPlugin: 'true' }, product);
    expect(trusted.key).toMatchObject({ plugin: { trustInstalled: true, checksum: undefined } });
  });

  it('runs no plugin of the list without a hash or the word of the user', async () => {
    writeList({ keys: [{ name: 'Akeyless', id: '/CodeSign', pluginName: 'akeyless' }] });
    await expect(keyOf({ keyName: 'Akeyless' }, product)).rejects.toThrow('{input:pluginChecksum}');
  });

  it.each(['privateKey', 'certificateChain', 'keyId'] as const)('refuses %s beside it', async (name) => {
    addLocalKey();
    await expect(keyOf({ keyName: 'my key', [name]: 'x' }, product)).rejects.toThrow(
      `{input:keyName} and {input:${name}} are both given`,
    );
  });

  it('names the file, and the keys that exist', async () => {
    addLocalKey();
    await expect(keyOf({ keyName: 'other' }, product)).rejects.toThrow(
      `signing key "other" not found in ${join(folder, 'signingkeys.json')}: it has "my key"`,
    );
  });
});

describe('a key of a plugin', () => {
  it('has the configuration of the list below that of the input, with secrets masked', async () => {
    const pluginConfig = { region: 'eu', token: 'hush', keep: '1' };
    writeList({ keys: [{ name: 'k', id: '1', pluginName: 'p', pluginConfig }] });
    const { key, host } = await keyOf({ keyName: 'k', trustInstalledPlugin: 'true', pluginConfig: 'region=us' });
    expect((key as PluginKeyInputs).key.config).toEqual(
      new Map([
        ['region', 'us'],
        ['token', 'hush'],
        ['keep', '1'],
      ]),
    );
    expect(host.masks).toContain('hush');
  });

  it('is held to what is known of the plugin', async () => {
    const pluginName = 'com.amazonaws.signer.notation.plugin';
    writeList({ keys: [{ name: 'aws', id: 'arn:aws:signer', pluginName }] });
    const inputs = { keyName: 'aws', trustInstalledPlugin: 'true', signatureFormat: 'cose' };
    await expect(keyOf(inputs)).rejects.toThrow('the AWS Signer plugin makes JWS envelopes only');
  });
});

describe('what cannot be used', () => {
  it('says so when there is no list, or a folder or link in its place', async () => {
    const list = join(folder, 'signingkeys.json');
    await expect(keyOf({ keyName: 'k' })).rejects.toThrow(`${list} cannot be read: there is no such file`);
    mkdirSync(list);
    await expect(keyOf({ keyName: 'k' })).rejects.toThrow('it is not a regular file');
    rmSync(list, { recursive: true });
    addLocalKey();
    mkdirSync(join(folder, 'linked'));
    symlinkSync(list, join(folder, 'linked', 'signingkeys.json'));
    const environment = { NOTATION_CONFIG: 'linked' };
    const host = fakeHost({ inputs: { keyName: 'my key' }, workspace: folder, environment });
    const reader = new InputReader(host);
    await parseKeyInputs(reader, host, await parseSignSettings(reader, 'github'), host.log);
    expect(() => {
      reader.finish();
    }).toThrow('symlinks are not supported');
  });

  it('reads no list of more than 1 MiB', async () => {
    writeFileSync(join(folder, 'signingkeys.json'), ' '.repeat(1024 * 1024 + 1));
    await expect(keyOf({ keyName: 'k' })).rejects.toThrow('it has more than 1048576 bytes');
  });

  it('names the file of a key that is missing, or does not fit', async () => {
    addLocalKey();
    const certificate = join(folder, 'localkeys', 'my key.crt');
    writeFileSync(certificate, createCertificateAuthority().issue({ keyType: 'RSA-2048' }).chainPem);
    const { key } = await keyOf({ keyName: 'my key' });
    expect(() => openLocalKey(key as LocalKeyInputs)).toThrow(`belongs to no certificate of ${certificate}`);
    rmSync(certificate);
    await expect(keyOf({ keyName: 'my key' })).rejects.toThrow(
      `the file ${certificate} of the signing key "my key" cannot be read`,
    );
  });

  it('says when the folder is not known', async () => {
    const host = fakeHost({ inputs: { keyName: 'k' }, workspace: folder, environment: {} });
    const reader = new InputReader(host);
    await parseKeyInputs(reader, host, await parseSignSettings(reader, 'github'), host.log);
    expect(() => {
      reader.finish();
    }).toThrow("Notation's configuration folder is not known on this machine");
  });

  it('asks for the name when only the form says so', async () => {
    await expect(keyOf({ pluginName: 'namedKey' }, 'azure')).rejects.toThrow('input {input:keyName} is required');
  });

  it('never shows the key in its errors', async () => {
    addLocalKey();
    writeFileSync(join(folder, 'localkeys', 'my key.key'), signer.privateKeyPem.replace('M', 'N'));
    const { key } = await keyOf({ keyName: 'my key' });
    let thrown: unknown;
    try {
      openLocalKey(key as LocalKeyInputs);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as NotaryError).message).toBe(
      `${join(folder, 'localkeys', 'my key.key')} is damaged, or of an unknown type`,
    );
    expect((thrown as NotaryError).cause).toBeUndefined();
  });
});

describe("Notation's configuration folder", () => {
  it.each([
    ['linux', { NOTATION_CONFIG: '/n', HOME: '/h' }, '/n'],
    ['linux', { HOME: '/h' }, '/h/.config/notation'],
    ['linux', { HOME: '/h', XDG_CONFIG_HOME: '/x' }, '/x/notation'],
    ['linux', { HOME: '/h', XDG_CONFIG_HOME: 'relative' }, undefined],
    ['darwin', { HOME: '/h', XDG_CONFIG_HOME: '/x' }, '/h/Library/Application Support/notation'],
    ['win32', { APPDATA: 'C:/Users/r/AppData/Roaming' }, 'C:/Users/r/AppData/Roaming/notation'],
    ['win32', { HOME: '/h' }, undefined],
  ])('on %s with %j is %s', (platform, environment, expected) => {
    expect(notationConfigFolder(environment, platform)?.replaceAll('\\', '/')).toBe(expected);
  });
});
