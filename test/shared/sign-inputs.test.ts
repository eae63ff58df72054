// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { InputReader } from '../../shared/input-reader.ts';
import { parseKeyInputs, parseSignSettings } from '../../shared/sign-inputs.ts';
import type { LocalKeyInputs, SignSettings } from '../../shared/sign-inputs.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { fakeHost } from '../fakes/host.ts';
import type { FakeHost, FakeHostOptions } from '../fakes/host.ts';

const { privateKeyPem, chainPem } = createCertificateAuthority().issue();

type Inputs = NonNullable<FakeHostOptions['inputs']>;
type Product = 'github' | 'azure';

async function settingsOf(inputs: Inputs, product: Product = 'github'): Promise<SignSettings> {
  const reader = new InputReader(fakeHost({ inputs, product }));
  const settings = await parseSignSettings(reader, product);
  reader.finish();
  return settings;
}

async function keyOf(inputs: Inputs, product: Product = 'github') {
  const host: FakeHost = fakeHost({ inputs, product });
  const reader = new InputReader(host);
  const key = await parseKeyInputs(reader, host, await parseSignSettings(reader, product), host.log);
  reader.finish();
  return { key: key as LocalKeyInputs | undefined, host };
}

describe('settings', () => {
  it('[GH-17] has the defaults of the predecessors: jws on GitHub, cose in Azure Pipelines, and the tag schema', async () => {
    expect(await settingsOf({})).toMatchObject({
      envelopeMediaType: 'application/jose+json',
      manifestForm: 'config-media-type',
      referrersMode: 'tag-schema',
    });
    expect(await settingsOf({}, 'azure')).toMatchObject({ envelopeMediaType: 'application/cose' });
  });

  it.each([
    ['true', 'tag-schema'],
    ['TRUE', 'tag-schema'],
    ['false', 'api-first'],
    ['False', 'api-first'],
  ])('[GH-15] force_referrers_tag: %s gives %s', async (force, mode) => {
    expect(await settingsOf({ forceReferrersTag: force, allowReferrersApi: 'true' })).toMatchObject({
      referrersMode: mode,
    });
  });

  it("[GH-15] refuses another force_referrers_tag with upstream's text", async () => {
    await expect(settingsOf({ forceReferrersTag: 'maybe' })).rejects.toThrow(
      "{input:forceReferrersTag} must be set to 'true' or 'false'. Got 'maybe'",
    );
  });

  it('[GH-16] allow_referrers_api: true works by itself', async () => {
    expect(await settingsOf({ allowReferrersApi: 'true' })).toMatchObject({ referrersMode: 'api-first' });
  });

  it('parses metadata and expiry', async () => {
    const settings = await settingsOf({ userMetadata: 'a=1\nb=x=y', expiry: '1h30m' });
    expect([...settings.userMetadata]).toEqual([
      ['a', '1'],
      ['b', 'x=y'],
    ]);
    expect(settings.expirySeconds).toBe(5400);
  });
});

describe('key', () => {
  it('masks key and password before anything else', async () => {
    const { key, host } = await keyOf({
      privateKey: privateKeyPem,
      privateKeyPassword: 'pass',
      certificateChain: chainPem,
    });
    expect(host.masks).toContain('pass');
    expect(host.masks).toContain(privateKeyPem.trim());
    expect(JSON.stringify(key)).not.toContain('pass"');
    expect(key?.privateKey.reveal()).toBe(privateKeyPem.trim());
  });

  it('asks for a key when there is none', async () => {
    await expect(keyOf({})).rejects.toThrow('no key to sign with: {input:privateKey} is not given');
  });

  it('leaves the chain open: it may stand beside the key', async () => {
    expect((await keyOf({ privateKey: privateKeyPem })).key?.certificateChain).toBeUndefined();
  });

  it.each(['pluginName', 'pluginUrl', 'keyId'] as const)(
    'never signs with a local key when %s asks for another one',
    async (name) => {
      const inputs = { privateKey: privateKeyPem, certificateChain: chainPem, [name]: 'x' };
      await expect(keyOf(inputs)).rejects.toThrow(`{input:privateKey} and {input:${name}} are both given`);
    },
  );

  it('takes a local key whatever the plugin of the Azure Pipelines form, which always has one', async () => {
    const inputs = { pluginName: 'azureKeyVault', privateKey: privateKeyPem, certificateChain: chainPem };
    expect((await keyOf(inputs, 'azure')).key?.certificateChain).toBe(chainPem.trim());
  });

  const profile = 'accountName=contoso\ncertProfile=release-profile\nbaseUrl=https://weu.codesigning.azure.net';

  it('[KEY-70] takes a profile of Azure Artifact Signing by name, without plugin and key id', async () => {
    const { key } = await keyOf({ pluginName: 'azure-artifactsigning', pluginConfig: profile });
    expect(key).toMatchObject({ signingProfile: { account: 'contoso', profile: 'release-profile' } });
  });

  it.each(['azure-artifactsigning', 'azure-trustedsigning'])(
    '[KEY-70] runs the plugin %s itself with builtin_providers: false',
    async (pluginName) => {
      const plugin = { pluginUrl: 'https://example.com/p.zip', pluginChecksum: 'a'.repeat(64), keyId: 'any' };
      const inputs = { pluginName, pluginConfig: profile, ...plugin, builtinProviders: 'false' };
      const { key } = await keyOf(inputs);
      expect(key).toMatchObject({ plugin: { name: pluginName }, key: { keyId: 'any' } });
    },
  );

  it('[KEY-70] runs the plugin itself in Azure Pipelines with plugin: notationPlugin', async () => {
    const plugin = { pluginUrl: 'https://example.com/p.zip', pluginChecksum: 'a'.repeat(64), pluginKeyId: 'any' };
    const inputs = { pluginName: 'notationPlugin', notationPlugin: 'azure-artifactsigning', ...plugin };
    expect((await keyOf(inputs, 'azure')).key).toMatchObject({ plugin: { name: 'azure-artifactsigning' } });
  });

  it.each<['github' | 'azure', string]>([
    ['github', 'azure-artifactsigning'],
    ['azure', 'azureArtifactSigning'],
  ])('never signs with a local key when %s asks for Azure Artifact Signing', async (product, pluginName) => {
    const inputs = { pluginName, privateKey: privateKeyPem, certificateChain: chainPem };
    await expect(keyOf(inputs, product)).rejects.toThrow('{input:privateKey} and {input:pluginName} are both given');
  });
});
