// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AzureSignIn } from '../../shared/adapters/azure/sign-in.ts';
import { Secret } from '../../shared/primitives/secret.ts';
import { run } from '../../shared/run.ts';
import { startArtifactSigning, type FakeArtifactSigning } from '../fakes/artifact-signing.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startEntra, type FakeEntra } from '../fakes/entra.ts';
import { fakeHost, type FakeHost, type FakeHostOptions } from '../fakes/host.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { startTimestampAuthority, type TimestampAuthority } from '../fakes/timestamp-authority.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { pushImage } from '../support/push-image.ts';
import { writeAzureCli } from '../support/azure-cli.ts';

// Signing with Azure Artifact Signing through everything but the host, on both products.

const authority = createCertificateAuthority({ intermediates: 2, name: 'acme' });
const signer = authority.issue({ keyType: 'RSA-3072' });
const usual = getCACertificates('default');

let registry: EmbeddedRegistry;
let service: FakeArtifactSigning;
let tsa: TimestampAuthority;
let entra: FakeEntra;
let workspace: string;
beforeAll(async () => {
  registry = await startRegistry();
  tsa = await startTimestampAuthority();
  entra = await startEntra();
  setDefaultCACertificates([...usual, entra.ca]);
});
afterAll(async () => {
  setDefaultCACertificates(usual);
  await registry.close();
  await tsa.close();
  await entra.close();
});
beforeEach(async () => {
  service = await startArtifactSigning(signer);
  workspace = mkdtempSync(join(tmpdir(), 'artifact-signing-'));
  for (const [name, { pem }] of Object.entries({ 'ca/acme': authority.root, 'tsa/clocks': tsaAuthority.root })) {
    mkdirSync(join(workspace, 'truststore/x509', name), { recursive: true });
    writeFileSync(join(workspace, 'truststore/x509', name, 'root.pem'), pem);
  }
  mkdirSync(join(workspace, 'policy'));
  writeFileSync(
    join(workspace, 'policy/trustpolicy.json'),
    policyText({ trustStores: ['ca:acme', 'tsa:clocks'], signatureVerification: { level: 'strict' } }),
  );
  writeAzureCli(join(workspace, 'bin'));
  vi.stubEnv('PATH', `${join(workspace, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await service.close();
  rmSync(workspace, { recursive: true });
});

type Inputs = NonNullable<FakeHostOptions['inputs']>;

async function step(options: Omit<FakeHostOptions, 'workspace'>, connection?: AzureSignIn): Promise<FakeHost> {
  const host = fakeHost({ ...options, workspace, tempDirectory: workspace });
  await run(connection === undefined ? host : { ...host, azureConnection: () => connection });
  return host;
}

function profileOf({ url, account, profile }: FakeArtifactSigning): string {
  return `accountName=${account}\ncertProfile=${profile}\nbaseUrl=${url}`;
}

const timestamps = (): Inputs => ({ timestampUrl: tsa.url, timestampRootCert: tsaAuthority.root.pem });

function signOnGitHub(inputs: Inputs): Promise<FakeHost> {
  const key = { pluginName: 'azure-artifactsigning', pluginConfig: profileOf(service) };
  return step({ inputs: { ...key, ...timestamps(), ...inputs } });
}

function signOnAzure(inputs: Inputs): Promise<FakeHost> {
  const key = {
    pluginName: 'azureArtifactSigning',
    artifactSigningEndpoint: service.url,
    artifactSigningAccount: service.account,
    artifactSigningProfile: service.profile,
  };
  const connection: AzureSignIn = {
    kind: 'client-secret',
    tenantId: '11111111-1111-1111-1111-111111111111',
    clientId: 'client',
    secret: new Secret('the-secret'),
    authority: entra.url,
    description: "service connection 'signing' (secret, client client)",
  };
  return step({ product: 'azure', inputs: { ...key, ...timestamps(), ...inputs } }, connection);
}

const hosts = [
  ['GitHub', signOnGitHub],
  ['Azure Pipelines', signOnAzure],
] as const;

describe.each(hosts)('Azure Artifact Signing on %s', (_, sign) => {
  it.each(['jws', 'cose'])('[KEY-66] signs, and the signature verifies with its timestamp: %s', async (format) => {
    const { reference } = await pushImage(registry.host, `app-${format}`);
    const signed = await sign({ artifacts: reference, signatureFormat: format });
    expect(signed.failures).toEqual([]);
    const [record] = JSON.parse(signed.outputs.get('signatures') ?? '[]') as { signer: string; timestamped: boolean }[];
    expect(record?.timestamped).toBe(true);
    const verified = await step({ command: 'verify', inputs: { artifacts: reference } });
    expect(verified.failures).toEqual([]);
    expect(verified.outputs.get('verified')).toBe('true');
  });

  it('[KEY-64] masks the access token that it uses', async () => {
    const { reference } = await pushImage(registry.host, 'masked');
    const signed = await sign({ artifacts: reference });
    const tokens = new Set(service.requests.map(({ token }) => token));
    expect(tokens.size).toBe(1);
    for (const token of tokens) {
      expect(signed.masks).toContain(token);
      expect([...signed.lines, ...signed.warnings, ...signed.outputs.values()].join('\n')).not.toContain(token);
    }
  });

  it('[KEY-71] says what a refusal means, and pushes nothing', async () => {
    const { reference } = await pushImage(registry.host, 'refused');
    service.script(() => ({ status: 403 }));
    const before = registry.requests.length;
    const signed = await sign({ artifacts: reference });
    expect(signed.failures[0]).toContain('has no role for it');
    expect(signed.failures[0]).toContain('Artifact Signing Certificate Profile Signer');
    const writes = registry.requests.slice(before).filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    expect(writes).toEqual([]);
  });

  it('[KEY-72] demands a timestamp before anything is asked', async () => {
    const signed = await sign({ artifacts: 'registry.example/app:1', timestampUrl: '', timestampRootCert: '' });
    expect(signed.failures[0]).toContain('Azure Artifact Signing needs a timestamp');
    expect(service.requests).toEqual([]);
  });

  it('[KEY-72] signs without one, with a warning, when the step says none', async () => {
    const { reference } = await pushImage(registry.host, 'untimed');
    const signed = await sign({ artifacts: reference, timestampUrl: 'none', timestampRootCert: '' });
    expect(signed.failures).toEqual([]);
    expect(signed.warnings.join('\n')).toContain('without a timestamp');
    expect(signed.outputs.get('signatures')).toContain('"timestamped":false');
  });

  it('[KEY-75] signs five artifacts with one token and five operations, in their order', async () => {
    const images = await Promise.all(
      [1, 2, 3, 4, 5].map((n) => pushImage(registry.host, `batch/${n}`, { content: `batch ${n}` })),
    );
    const references = images.map(({ reference }) => reference);
    const tokensBefore = entra.requests.length;
    const signed = await sign({ artifacts: references.join('\n') });
    expect(signed.failures).toEqual([]);
    expect(signed.outputs.get('references')).toBe(references.join('\n'));
    expect(service.requests.filter(({ kind }) => kind === 'submit')).toHaveLength(5);
    const cliCalls = cliLog();
    expect(cliCalls.length + entra.requests.length - tokensBefore).toBe(1);
  });
});

/** The lines of arguments that the Azure CLI was called with. */
function cliLog(): string[] {
  try {
    return readFileSync(join(workspace, 'bin/calls'), 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}

describe('Azure Artifact Signing on GitHub', () => {
  it("[KEY-75] asks the Azure CLI for a token of the service's own scope", async () => {
    const { reference } = await pushImage(registry.host, 'scope');
    await signOnGitHub({ artifacts: reference });
    expect(cliLog()).toEqual([expect.stringContaining('--resource https://codesigning.azure.net')]);
  });

  it('signs files too: it signs bytes', async () => {
    writeFileSync(join(workspace, 'app.zip'), 'content');
    const signed = await signOnGitHub({ blobs: 'app.zip' });
    expect(signed.failures).toEqual([]);
    expect(JSON.parse(signed.outputs.get('signatures') ?? '[]')).toMatchObject([
      { reference: 'app.zip', timestamped: true },
    ]);
  });

  it('[KEY-70] finds what is wrong with names and endpoint before any request', async () => {
    const pluginConfig = 'accountName=1\ncertProfile=x\nbaseUrl=https://example.com';
    const { failures } = await signOnGitHub({ artifacts: 'registry.example/app:1', pluginConfig });
    expect(failures[0]).toMatch(/3 inputs are wrong|no host of Azure Artifact Signing/);
    expect(failures[0]).toContain('baseUrl of plugin_config');
    expect(service.requests).toEqual([]);
    expect(cliLog()).toEqual([]);
  });
});
