// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { InputReader } from '../../shared/input-reader.ts';
import type { InputName } from '../../shared/inputs.ts';
import { parsePluginKeyInputs, parseVerificationPluginInputs } from '../../shared/plugin-inputs.ts';
import { fakeHost } from '../fakes/host.ts';

type Inputs = Partial<Record<InputName, string>>;

const checksum = 'A1'.repeat(32);
const complete: Inputs = {
  pluginName: 'com.example.signer',
  pluginUrl: 'https://example.com/p.tar.gz?x=1',
  pluginChecksum: checksum,
  keyId: 'k',
};
const jws = { envelopeMediaType: 'application/jose+json', expires: false };

async function keyOf(
  inputs: Inputs,
  { use = jws, product = 'github' }: { use?: typeof jws; product?: 'github' | 'azure' } = {},
) {
  const host = fakeHost({ inputs, product });
  const reader = new InputReader(host);
  const key = await parsePluginKeyInputs(reader, host, use, host.log);
  reader.finish();
  return { key, host };
}

function without(name: InputName): Inputs {
  return { ...complete, [name]: '' };
}

describe('parsePluginKeyInputs', () => {
  it('[NP-382] reads where a plugin comes from, its key and its configuration', async () => {
    const { key } = await keyOf({ ...complete, pluginConfig: 'a=b' });
    expect(key).toMatchObject({
      plugin: { name: 'com.example.signer', checksum: checksum.toLowerCase(), trustInstalled: false },
    });
    expect(key?.plugin.url?.href).toBe('https://example.com/p.tar.gz?x=1');
    expect(key?.key).toEqual({ keyId: 'k', config: new Map([['a', 'b']]) });
  });

  it.each(['pluginName', 'pluginChecksum', 'keyId'] as const)('[GH-12] says that %s is required', async (name) => {
    await expect(keyOf(without(name))).rejects.toThrow(`input {input:${name}} is required`);
  });

  it('[GH-12] says that url and checksum are required when there is neither, and nothing installed is trusted', async () => {
    const inputs = { pluginName: 'x', keyId: 'k' };
    await expect(keyOf(inputs)).rejects.toThrow(
      /input \{input:pluginChecksum\} is required[^]*input \{input:pluginUrl\} is required/,
    );
    expect((await keyOf({ ...inputs, pluginChecksum: checksum })).key?.plugin.url).toBeUndefined();
    expect((await keyOf({ ...inputs, trustInstalledPlugin: 'true' })).key?.plugin.trustInstalled).toBe(true);
  });

  it('[NP-383] [KEY-93] says how to pin a download without a checksum, as Akeyless publishes it', async () => {
    await expect(keyOf(without('pluginChecksum'))).rejects.toMatchObject({
      hint: expect.stringMatching(/requires the SHA-256[^]*sha256sum[^]*every release/) as unknown,
    });
  });

  it.each(['../x', 'a/b', '.', '..', 'a\\b', 'a\0b', 'CON', 'nul.x', 'x.', '-x', 'ä', 'a'.repeat(200)])(
    '[GH-21] [SEC-31] refuses the name %j before any file access',
    async (pluginName) => {
      await expect(keyOf({ ...complete, pluginName })).rejects.toThrow('is not a plugin name');
    },
  );

  it('[NP-383] takes https only, and plain HTTP from this machine', async () => {
    await expect(keyOf({ ...complete, pluginUrl: 'http://example.com/p' })).rejects.toThrow(
      'only the HTTPS scheme is supported, but got http',
    );
    await expect(keyOf({ ...complete, pluginUrl: 'file:///etc/passwd' })).rejects.toThrow('but got file');
    await expect(keyOf({ ...complete, pluginUrl: 'p.zip' })).rejects.toThrow('is not an address');
    expect((await keyOf({ ...complete, pluginUrl: 'http://localhost:1/p' })).key?.plugin.url?.port).toBe('1');
    await expect(keyOf({ ...complete, pluginChecksum: 'abc' })).rejects.toThrow('64 digits');
  });

  it('[GH-18] [KEY-90] passes configuration on unchanged and masks what looks secret', async () => {
    const pluginConfig = 'a=b=c\nb=with "quotes" and \'spaces\'\naccess_token=s3cret\nPIN=1234\ncredential_type=cli';
    const { key, host } = await keyOf({ ...complete, pluginConfig });
    expect([...(key?.key.config ?? [])]).toEqual([
      ['a', 'b=c'],
      ['b', 'with "quotes" and \'spaces\''],
      ['access_token', 's3cret'],
      ['PIN', '1234'],
      ['credential_type', 'cli'],
    ]);
    expect(host.masks).toEqual(['s3cret', '1234']);
  });

  it('refuses configuration that is no pair, without repeating it', async () => {
    await expect(keyOf({ ...complete, pluginConfig: 'secret' })).rejects.toThrow(
      'could not parse {input:pluginConfig}: key-value pair requires "=" as separator',
    );
    await expect(keyOf({ ...complete, pluginConfig: 'a=1\na=2' })).rejects.toThrow('duplicate key "a"');
  });

  it('[KEY-91] refuses what AWS Signer refuses', async () => {
    const aws = { ...complete, pluginName: 'com.amazonaws.signer.notation.plugin' };
    await expect(keyOf(aws, { use: { ...jws, envelopeMediaType: 'application/cose' } })).rejects.toThrow(
      'JWS envelopes only',
    );
    await expect(keyOf(aws, { use: { ...jws, expires: true } })).rejects.toThrow('takes no expiry');
    await keyOf(aws);
  });

  it('[KEY-92] warns of certificates that are made for each signature', async () => {
    const pluginName = 'alibabacloud.secretmanager.plugin';
    expect((await keyOf({ ...complete, pluginName })).host.warnings).toHaveLength(1);
    expect((await keyOf({ ...complete, pluginName, pluginConfig: 'ca_certs=x' })).host.warnings).toEqual([]);
  });

  it('reads the inputs of the Azure Pipelines task', async () => {
    const inputs = { ...complete, pluginName: 'notationPlugin', notationPlugin: 'p', pluginKeyId: 'k2', keyId: '' };
    const { key } = await keyOf(inputs, { product: 'azure' });
    expect(key).toMatchObject({ plugin: { name: 'p' }, key: { keyId: 'k2' } });
  });
});

describe('parseVerificationPluginInputs', () => {
  it('allows no plugin unless one is named or installed ones are trusted', async () => {
    const parse = async (inputs: Inputs) => {
      const host = fakeHost({ inputs });
      const reader = new InputReader(host);
      const settings = await parseVerificationPluginInputs(reader, host);
      reader.finish();
      return settings;
    };
    expect(await parse({})).toEqual({ given: undefined, trustInstalled: false, config: new Map() });
    expect(await parse({ trustInstalledPlugin: 'true' })).toMatchObject({ given: undefined, trustInstalled: true });
    expect(await parse({ ...complete, keyId: '' })).toMatchObject({ given: { name: 'com.example.signer' } });
  });
});
