// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startArtifactSigning, type FakeArtifactSigning } from '../fakes/artifact-signing.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startEntra, type FakeEntra } from '../fakes/entra.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { startTimestampAuthority, type TimestampAuthority } from '../fakes/timestamp-authority.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';
import { agentNodes, packagedTask } from '../support/azure-agent.ts';
import { writeAzureCli } from '../support/azure-cli.ts';
import { AzureScene } from '../support/azure-scene.ts';
import { startJob, type GitHubJob } from '../support/github-runner.ts';
import { createSigner, keyInputs, writeTrust } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';

// Azure Artifact Signing with what is shipped, from the sign-in to the signature that verifies.

const authority = createCertificateAuthority({ intermediates: 2, name: 'Acme' });
const signer = authority.issue({ keyType: 'RSA-3072' });

let registry: EmbeddedRegistry;
let service: FakeArtifactSigning;
let tsa: TimestampAuthority;
let entra: FakeEntra;
/** For the fake Azure CLI, the trusted root of Entra, and what V8 says was loaded. */
let folder = '';

beforeAll(async () => {
  registry = await startRegistry();
  service = await startArtifactSigning(signer);
  tsa = await startTimestampAuthority();
  entra = await startEntra();
});
afterAll(async () => {
  await registry.close();
  await service.close();
  await tsa.close();
  await entra.close();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'artifact-signing-'));
  writeAzureCli(join(folder, 'bin'));
  writeFileSync(join(folder, 'entra.pem'), entra.ca);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Names of the chunks that the processes before have loaded, without their hashes. */
function loadedChunks(): string[] {
  const coverage = join(folder, 'coverage');
  const urls = readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url);
  });
  return urls.filter((url) => url.includes('/chunks/')).map((url) => basename(url).replace(/-[^-]{8}\.js$/, ''));
}

const azureChunks = ['credential', 'azure-key-vault', 'artifact-signing'];

describe('the packaged action', () => {
  let job: GitHubJob;
  beforeEach(async () => {
    job = await startJob();
  });
  afterEach(async () => {
    await job.dispose();
  });

  const coverage = () => ({ NODE_V8_COVERAGE: join(folder, 'coverage') });

  it.each(['azure-artifactsigning', 'azure-trustedsigning'])(
    '[KEY-66] [KEY-72] signs with plugin_name: %s, and the signature verifies with its timestamp',
    async (plugin_name) => {
      const { reference } = await pushImage(registry.host, `github/${plugin_name}`);
      const { account, profile, url } = service;
      const signed = await job.step({
        action: 'actions/sign',
        env: { ...coverage(), PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` },
        with: {
          target_artifact_reference: reference,
          plugin_name,
          plugin_config: `accountName=${account}\ncertProfile=${profile}\nbaseUrl=${url}/`,
          timestamp_url: tsa.url,
          timestamp_root_cert: tsaAuthority.root.pem,
        },
      });
      expect(signed).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
      expect(signed.log).toContain("Signing in to Azure with the Azure CLI's session");
      expect(signed.log).not.toContain('access-token-of-the-cli');
      expect(loadedChunks()).toEqual(expect.arrayContaining(['credential', 'artifact-signing']));
      expect(loadedChunks()).not.toContain('azure-key-vault');

      await writeTrust(job, [authority.root], { statement: { trustStores: ['ca:acme', 'tsa:clocks'] } });
      await job.writeWorkspaceFile('.github/truststore/x509/tsa/clocks/root.pem', tsaAuthority.root.pem);
      const verified = await job.step({ action: 'actions/verify', with: { target_artifact_reference: reference } });
      expect(verified).toMatchObject({ exitCode: 0, errors: [], outputs: { verified: 'true' } });
    },
  );

  it('[KEY-65] loads nothing of Azure for a local key', async () => {
    const { reference } = await pushImage(registry.host, 'github/local');
    const local = createSigner();
    const inputs = { target_artifact_reference: reference, ...keyInputs(local.signer) };
    const signed = await job.step({ action: 'actions/sign', env: coverage(), with: inputs });
    expect(signed).toMatchObject({ exitCode: 0, errors: [] });
    const chunks = loadedChunks();
    expect(chunks).toContain('undici');
    for (const chunk of azureChunks) expect(chunks).not.toContain(chunk);
  });
});

describe.each(agentNodes())('the packaged task on $name', (node) => {
  it('[KEY-66] signs with a service connection, and the signature verifies with its timestamp', async () => {
    const { reference } = await pushImage(
      registry.host,
      `azure/${node.name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')}`,
    );
    const connection = {
      id: '33333333-3333-4333-8333-333333333333',
      name: 'signing',
      url: 'https://management.azure.com/',
      scheme: 'ServicePrincipal',
      parameters: {
        tenantid: '11111111-1111-1111-1111-111111111111',
        serviceprincipalid: 'client',
        serviceprincipalkey: 'a-secret-of-the-connection',
      },
      data: { environmentAuthorityUrl: entra.url },
    };
    const variables = { NODE_EXTRA_CA_CERTS: join(folder, 'entra.pem'), NODE_V8_COVERAGE: join(folder, 'coverage') };
    const scene = new AzureScene({ node, authority, signer, endpoints: [connection], variables });
    try {
      const signed = await scene.job.run({
        name: 'sign',
        task: packagedTask,
        inputs: {
          command: 'sign',
          plugin: 'azureArtifactSigning',
          azurekvServiceConection: 'signing',
          artifactRefs: reference,
          artifactSigningEndpoint: service.url,
          artifactSigningAccount: service.account,
          artifactSigningProfile: service.profile,
          timestampURL: tsa.url,
          timestampRootCert: tsaAuthority.root.pem,
        },
      });
      expect(signed).toMatchObject({ result: 'Succeeded', errors: [], complaints: [] });
      expect(loadedChunks()).toEqual(expect.arrayContaining(['credential', 'artifact-signing']));
      const token = service.requests.at(-1)?.token ?? '';
      expect(token).not.toBe('');
      expect(signed.log).not.toContain(token);
      expect((await scene.verify({ artifactRefs: reference })).result).toBe('Succeeded');
    } finally {
      scene.dispose();
    }
  });

  it('[KEY-70] says what its form lacks, before anything is asked', async () => {
    const scene = new AzureScene({ node, authority, signer });
    try {
      const before = service.requests.length;
      const inputs = { command: 'sign', plugin: 'azureArtifactSigning', artifactRefs: `${registry.host}/app:1` };
      const result = await scene.job.run({ name: 'sign', task: packagedTask, inputs });
      expect(result.result).toBe('Failed');
      expect(result.errors.join('\n')).toContain('baseUrl property is missing from pluginConfig');
      expect(service.requests).toHaveLength(before);
    } finally {
      scene.dispose();
    }
  });
});
