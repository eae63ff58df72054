// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  namesArtifactSigning,
  parseArtifactSigningInputs,
  type ArtifactSigningInputs,
} from '../../shared/artifact-signing-inputs.ts';
import { InputReader } from '../../shared/input-reader.ts';
import { fakeHost, type FakeHostOptions } from '../fakes/host.ts';

const config: Readonly<Record<string, string | undefined>> = {
  accountName: 'contoso',
  certProfile: 'release-profile',
  baseUrl: 'https://weu.codesigning.azure.net',
};

function pluginConfig(changes: Readonly<Record<string, string | undefined>> = {}): string {
  return Object.entries({ ...config, ...changes })
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]))
    .join('\n');
}

async function parse(inputs: NonNullable<FakeHostOptions['inputs']>, product: 'github' | 'azure' = 'github') {
  const host = fakeHost({ inputs, product });
  const reader = new InputReader(host);
  const key = await parseArtifactSigningInputs(reader, host.log);
  reader.finish();
  return { key, warnings: host.warnings.join('\n') };
}

async function profileOf(changes: Readonly<Record<string, string>>): Promise<ArtifactSigningInputs['signingProfile']> {
  const { key } = await parse({ pluginConfig: pluginConfig(changes) });
  if (key === undefined) throw new Error('there is no key');
  return key.signingProfile;
}

describe('inputs of Azure Artifact Signing', () => {
  it.each([
    ['github', 'azure-artifactsigning'],
    ['github', 'azure-trustedsigning'],
    ['github', 'Azure-ArtifactSigning'],
    ['azure', 'azureArtifactSigning'],
  ] as const)('[KEY-70] are asked for on %s by %s', (product, pluginName) => {
    expect(namesArtifactSigning(new InputReader(fakeHost({ product, inputs: { pluginName } })))).toBe(true);
  });

  it.each(['', 'azure-kv', 'azureKeyVault', 'artifactsigning', 'notationPlugin'])(
    'are not asked for by "%s"',
    (name) => {
      expect(namesArtifactSigning(new InputReader(fakeHost({ inputs: { pluginName: name } })))).toBe(false);
    },
  );

  it("[KEY-70] take the plugin's keys, and any key id or none", async () => {
    const expected = {
      signingProfile: {
        endpoint: 'https://weu.codesigning.azure.net',
        hostName: 'weu.codesigning.azure.net',
        account: 'contoso',
        profile: 'release-profile',
      },
      excluded: [],
    };
    expect((await parse({ pluginConfig: pluginConfig() })).key).toEqual(expected);
    expect((await parse({ pluginConfig: pluginConfig(), keyId: 'anything / at all' })).key).toEqual(expected);
  });

  it('[KEY-70] are inputs of their own in Azure Pipelines', async () => {
    const { key } = await parse(
      {
        artifactSigningEndpoint: 'https://eus.codesigning.azure.net/',
        artifactSigningAccount: 'my-account',
        artifactSigningProfile: 'profile',
      },
      'azure',
    );
    expect(key?.signingProfile).toEqual({
      endpoint: 'https://eus.codesigning.azure.net',
      hostName: 'eus.codesigning.azure.net',
      account: 'my-account',
      profile: 'profile',
    });
  });

  it.each(['accountName', 'certProfile', 'baseUrl'])("[KEY-70] need %s, in the plugin's words", async (key) => {
    const text = `${key} property is missing from pluginConfig, or its value is not provided`;
    await expect(parse({ pluginConfig: pluginConfig({ [key]: undefined }) })).rejects.toThrow(text);
    await expect(parse({ pluginConfig: pluginConfig({ [key]: '' }) })).rejects.toThrow(text);
  });

  it('[KEY-70] are all told at once', async () => {
    await expect(parse({})).rejects.toThrow(/baseUrl property[\s\S]*accountName property[\s\S]*certProfile property/);
  });

  it.each(['ab', '1abc', 'a--b', 'abc-', 'a b c', 'a/b', 'a'.repeat(25), 'ab_c', '../x'])(
    '[KEY-70] have no account "%s"',
    async (accountName) => {
      await expect(profileOf({ accountName })).rejects.toThrow(
        'is not the name of an account of Azure Artifact Signing',
      );
    },
  );

  it.each(['abcd', '1abcd', 'a/b/c', 'a'.repeat(101)])('[KEY-70] have no profile "%s"', async (certProfile) => {
    await expect(profileOf({ certProfile })).rejects.toThrow('is not the name of a certificate profile');
  });

  it.each(['', '/', '//'])('[KEY-74] take an endpoint that ends in "%s"', async (end) => {
    const { endpoint } = await profileOf({ baseUrl: `https://WEU.codesigning.azure.net${end}` });
    expect(endpoint).toBe('https://weu.codesigning.azure.net');
  });

  it.each([
    ['weu.codesigning.azure.net', 'is not an absolute URL'],
    ['http://weu.codesigning.azure.net', 'the scheme must be https, but got "http"'],
    ['https://weu.codesigning.azure.net.evil.example', 'is no host of Azure Artifact Signing'],
    ['https://codesigning.azure.net', 'is no host of Azure Artifact Signing'],
    ['https://a.weu.codesigning.azure.net', 'is no host of Azure Artifact Signing'],
    ['https://evilcodesigning.azure.net', 'is no host of Azure Artifact Signing'],
    ['https://user:pw@weu.codesigning.azure.net', 'must not hold user name or password'],
    ['https://weu.codesigning.azure.net:8443', 'must not have a port'],
    ['https://weu.codesigning.azure.net/sign', 'has more than a host'],
    ['https://weu.codesigning.azure.net?a=b', 'has more than a host'],
  ])('[KEY-70] [KEY-74] send no token to %s', async (baseUrl, problem) => {
    await expect(profileOf({ baseUrl })).rejects.toMatchObject({
      message: expect.stringContaining(problem) as unknown,
      hint: expect.stringMatching(/regions: brs, .*weu/) as unknown,
    });
  });

  it('warn of a key that is not known, and refuse a line that is none', async () => {
    expect((await parse({ pluginConfig: pluginConfig({ colour: 'blue' }) })).warnings).toContain('has colour, which');
    await expect(parse({ pluginConfig: 'nothing' })).rejects.toThrow('must have lines key=value');
  });

  it('take a credential type as azure-kv does', async () => {
    const { key } = await parse({ pluginConfig: pluginConfig({ credential_type: 'WorkloadId' }) });
    expect(key?.credentialType).toBe('workloadid');
    await expect(parse({ pluginConfig: pluginConfig({ credential_type: 'magic' }) })).rejects.toThrow(
      'Invalid credential type: magic',
    );
  });

  it('[KEY-73] take excludeCredentials, and say which entries change nothing', async () => {
    const excludeCredentials =
      ' environmentCREDENTIAL, ManagedIdentityCredential,AzureCliCredential,VisualStudioCredential,';
    const { key, warnings } = await parse({ pluginConfig: pluginConfig({ excludeCredentials }) });
    expect(key?.excluded).toEqual(['environment', 'azurecli']);
    expect(warnings).toContain('entries without effect: ManagedIdentityCredential, VisualStudioCredential;');
    expect(
      (await parse({ pluginConfig: pluginConfig({ excludeCredentials: 'EnvironmentCredential' }) })).warnings,
    ).toBe('');
  });

  it("[KEY-73] refuse another entry in the plugin's words", async () => {
    await expect(parse({ pluginConfig: pluginConfig({ excludeCredentials: 'Magic' }) })).rejects.toThrow(
      /The user-supplied ExcludeCredentials type "Magic" is not valid\. Valid values are: EnvironmentCredential, /,
    );
  });
});
