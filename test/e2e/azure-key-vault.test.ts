// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tarGz } from '../fakes/archive.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startEntra, type FakeEntra } from '../fakes/entra.ts';
import { startHttps, type HttpsServer } from '../fakes/https-server.ts';
import { startKeyVault, vaultError, type FakeKeyVault } from '../fakes/key-vault.ts';
import { throttle } from '../fakes/key-vault-throttle.ts';
import { ScriptedPlugin } from '../fakes/plugin.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { startTimestampAuthority, type TimestampAuthority } from '../fakes/timestamp-authority.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { agentNodes, packagedTask, type AgentEndpoint } from '../support/azure-agent.ts';
import { AzureScene } from '../support/azure-scene.ts';
import { startJob, type GitHubJob } from '../support/github-runner.ts';
import { writeTrust } from '../support/github-trust.ts';
import { addWithChain } from '../support/key-vault-signer.ts';
import { pushImage } from '../support/push-image.ts';

// Azure Key Vault and a plugin's executable with what is shipped, from the sign-in to the signature that verifies.

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();
const client = { AZURE_CLIENT_ID: 'client-of-job', AZURE_TENANT_ID: '11111111-1111-1111-1111-111111111111' };
const trustStores = ['ca:acme', 'tsa:clocks'];
const timestampRoot = tsaAuthority.root.pem;

let registry: EmbeddedRegistry;
let vault: FakeKeyVault;
let entra: FakeEntra;
let tsa: TimestampAuthority;
let plugin: ScriptedPlugin;
let downloads: HttpsServer;
/** Of the plugin's archive. */
let checksum = '';
let keyId = '';
/** With the root that all servers of this test have. */
let folder = '';
let roots = '';

beforeAll(async () => {
  [registry, vault, entra, tsa] = await Promise.all([
    startRegistry(),
    startKeyVault(),
    startEntra(),
    startTimestampAuthority(),
  ]);
  addWithChain(vault, 'release', signer);
  keyId = `${vault.url}/certificates/release`;
  plugin = new ScriptedPlugin({ signer });
  const archive = tarGz({ 'notation-scripted': plugin.text({ signer }) });
  checksum = createHash('sha256').update(archive).digest('hex');
  downloads = await startHttps((_, response) => response.end(archive));
  folder = mkdtempSync(join(tmpdir(), 'key-vault-'));
  roots = join(folder, 'roots.pem');
  writeFileSync(roots, vault.ca);
});
afterAll(async () => {
  for (const server of [registry, vault, entra, tsa, downloads]) await server.close();
  plugin.remove();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  vault.script(() => undefined);
  entra.refuse(undefined);
});

/** What has been asked of Entra and of the vault since `asked()` was called. */
function asked() {
  const before = [entra.requests.length, entra.tokenRequests.length, vault.requests.length] as const;
  return () => ({
    tokens: entra.requests.length - before[0],
    identityTokens: entra.tokenRequests.length - before[1],
    vault: vault.requests.slice(before[2]).map(({ kind }) => kind),
  });
}

describe('the packaged action', () => {
  let job: GitHubJob;
  beforeEach(async () => {
    job = await startJob({
      env: {
        ...client,
        AZURE_AUTHORITY_HOST: entra.url,
        NODE_EXTRA_CA_CERTS: roots,
        ACTIONS_ID_TOKEN_REQUEST_URL: `${entra.url}/identity-token?v=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token-of-the-job',
      },
    });
    await writeTrust(job, [authority.root], { statement: { trustStores } });
    await job.writeWorkspaceFile('.github/truststore/x509/tsa/clocks/root.pem', timestampRoot);
  });
  afterEach(async () => {
    await job.dispose();
  });

  const timestamp = () => ({ timestamp_url: tsa.url, timestamp_root_cert: timestampRoot });
  const sign = (inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
    job.step({ action: 'actions/sign', env, with: { force_referrers_tag: 'false', ...inputs } });
  const signWithVault = (reference: string, env: Readonly<Record<string, string>> = {}) =>
    sign({ target_artifact_reference: reference, plugin_name: 'azure-kv', key_id: keyId, ...timestamp() }, env);
  const verify = (reference: string) =>
    job.step({ action: 'actions/verify', with: { target_artifact_reference: reference } });

  it("[KEY-52] [KEY-64] signs with the job's identity token, with a timestamp, and it verifies", async () => {
    const { reference } = await pushImage(registry.host, 'github/vault');
    const since = asked();
    const signed = await signWithVault(reference);
    expect(signed).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
    expect(since()).toEqual({ tokens: 1, identityTokens: 1, vault: ['certificate', 'secret', 'sign'] });
    expect(entra.tokenRequests.at(-1)?.url).toContain('audience=api%3A%2F%2FAzureADTokenExchange');
    expect(signed.log).toContain("Signing in to Azure with the job's identity token, client client-of-job");
    const secrets = [
      'request-token-of-the-job',
      entra.requests.at(-1)?.get('client_assertion') ?? '',
      vault.requests.at(-1)?.token ?? '',
    ];
    for (const secret of secrets) {
      expect(secret).not.toBe('');
      expect(signed.log).not.toContain(secret);
      expect(signed.commands).toContainEqual(expect.objectContaining({ name: 'add-mask', data: secret }));
    }
    expect(await verify(reference)).toMatchObject({ exitCode: 0, errors: [], outputs: { verified: 'true' } });
  });

  it('[KEY-53] shows the lines that a job without permission needs', async () => {
    const { reference } = await pushImage(registry.host, 'github/no-permission');
    const none = { ACTIONS_ID_TOKEN_REQUEST_URL: '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '', PATH: folder };
    const signed = await signWithVault(reference, none);
    expect(signed.exitCode).toBe(1);
    expect(signed.errors.join('\n')).toContain('"permissions:" with "id-token: write"');
  });

  it('[KEY-54] shows issuer, subject and audience of an identity token that Entra does not know', async () => {
    entra.refuse('AADSTS700213: No matching federated identity record found for presented assertion subject');
    const { reference } = await pushImage(registry.host, 'github/mismatch');
    const signed = await signWithVault(reference);
    expect(signed.exitCode).toBe(1);
    const message = signed.errors.join('\n');
    for (const claim of ['issuer: https://issuer', 'subject: subject', 'audience: audience']) {
      expect(message).toContain(claim);
    }
    expect(signed.log).not.toContain(entra.requests.at(-1)?.get('client_assertion'));
  });

  it('[KEY-39] names the role that the identity lacks', async () => {
    const refusal = vaultError(403, 'Forbidden', 'Caller is not authorized', 'ForbiddenByRbac');
    vault.script(({ kind }) => (kind === 'sign' ? refusal : undefined));
    const { reference } = await pushImage(registry.host, 'github/denied');
    const signed = await signWithVault(reference);
    expect(signed.exitCode).toBe(1);
    expect(signed.errors.join('\n')).toContain('Key Vault Crypto User');
  });

  it('[KEY-46] [KEY-48] signs 200 images with a vault that takes 20 a second', { timeout: 120_000 }, async () => {
    const references: string[] = [];
    for (let index = 0; index < 200; index++) {
      references.push((await pushImage(registry.host, 'github/many', { content: `image ${index}` })).reference);
    }
    const since = asked();
    const counts = throttle(vault, { rate: 20, now: () => performance.now() });
    const signed = await sign({
      target_artifact_reference: references.join('\n'),
      plugin_name: 'azure-kv',
      key_id: keyId,
    });
    expect(signed).toMatchObject({ exitCode: 0, errors: [] });
    expect(JSON.parse(signed.outputs['signatures'] ?? '[]')).toHaveLength(200);
    expect(counts.taken).toBe(200);
    // 108 of the first 128 come before anybody knows the limit; each that is signed may cost one more
    expect(counts.refused).toBeLessThan(308);
    const { tokens, identityTokens, vault: kinds } = since();
    expect({ tokens, identityTokens }).toEqual({ tokens: 1, identityTokens: 1 });
    expect(kinds.filter((kind) => kind !== 'sign')).toEqual(['certificate', 'secret']);
  });

  it('[KEY-77] signs with the executable of a plugin, with a timestamp, and it verifies', async () => {
    const { reference } = await pushImage(registry.host, 'github/plugin');
    const signed = await sign({
      target_artifact_reference: reference,
      plugin_name: 'scripted',
      plugin_url: `https://localhost:${downloads.port}/notation-scripted.tar.gz`,
      plugin_checksum: checksum,
      key_id: 'key',
      ...timestamp(),
    });
    expect(signed).toMatchObject({ exitCode: 0, errors: [] });
    expect(await verify(reference)).toMatchObject({ exitCode: 0, errors: [], outputs: { verified: 'true' } });
  });
});

describe.each(agentNodes())('the packaged task on $name', (node) => {
  const image = async (name: string): Promise<string> =>
    (await pushImage(registry.host, `azure/${name}-${/[0-9]+/.exec(node.name)?.[0] ?? ''}`)).reference;
  const principal = { tenantid: client.AZURE_TENANT_ID, serviceprincipalid: 'client-of-connection' };
  const connections: readonly AgentEndpoint[] = (
    [
      ['federation', 'WorkloadIdentityFederation', principal],
      ['secret', 'ServicePrincipal', { ...principal, serviceprincipalkey: 'secret-of-the-connection' }],
    ] as const
  ).map(([name, scheme, parameters], index) => ({
    ...{ name, scheme, parameters },
    id: `33333333-3333-4333-8333-33333333333${index}`,
    url: 'https://management.azure.com/',
  }));

  let scene: AzureScene;
  beforeEach(() => {
    scene = new AzureScene({
      ...{ node, authority, signer },
      endpoints: connections.map((each) => ({ ...each, data: { environmentAuthorityUrl: entra.url } })),
      variables: { NODE_EXTRA_CA_CERTS: roots, 'System.OidcRequestUri': `${entra.url}/identity-token` },
    });
    scene.write('.pipeline/trustpolicy/trustpolicy.json', policyText({ trustStores }));
    scene.write('.pipeline/truststore/x509/tsa/clocks/root.crt', timestampRoot);
  });
  afterEach(() => {
    scene.dispose();
  });

  const run = (inputs: Readonly<Record<string, string>>) =>
    scene.job.run({
      name: 'sign',
      task: packagedTask,
      inputs: {
        command: 'sign',
        allowReferrersAPI: 'true',
        timestampURL: tsa.url,
        timestampRootCert: timestampRoot,
        ...inputs,
      },
    });

  it.each([
    ['federation', 1],
    ['secret', 0],
  ])('[KEY-60] [KEY-62] signs with a service connection by %s, and it verifies', async (name, identityTokens) => {
    const artifactRefs = await image(name);
    const since = asked();
    const signed = await run({ plugin: 'azureKeyVault', azurekvServiceConection: name, keyid: keyId, artifactRefs });
    expect(signed).toMatchObject({ result: 'Succeeded', errors: [], complaints: [] });
    expect(since()).toEqual({ tokens: 1, identityTokens, vault: ['certificate', 'secret', 'sign'] });
    // the agent library's own key file, and the summary of the step
    const left = readdirSync(scene.job.temp).map((file) => file.replace(/ [0-9a-f]{8}\.md$/, ''));
    expect(left.sort()).toEqual(['.taskkey', 'Notary signatures']);
    const token = vault.requests.at(-1)?.token ?? '';
    expect(token).not.toBe('');
    for (const secret of [token, 'secret-of-the-connection']) expect(signed.log).not.toContain(secret);
    expect((await scene.verify({ artifactRefs })).result).toBe('Succeeded');
  });

  it('[ADO-61] [ADO-62] fails, and says what there is not, without a connection and any session', async () => {
    const signed = await run({ plugin: 'azureKeyVault', keyid: keyId, artifactRefs: await image('nobody') });
    expect(signed).toMatchObject({ result: 'Failed', exitCode: 0, complaints: [] });
    expect(signed.errors.join('\n')).toContain('no way to sign in to Azure was found');
    expect(signed.errors.join('\n')).toContain('neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set');
  });

  it('[KEY-77] signs with the executable of a plugin, and it verifies', async () => {
    const artifactRefs = await image('plugin');
    const signed = await run({
      plugin: 'notationPlugin',
      notationPlugin: 'scripted',
      pluginUrl: `https://localhost:${downloads.port}/notation-scripted.tar.gz`,
      pluginChecksum: checksum,
      pluginKeyId: 'key',
      artifactRefs,
    });
    expect(signed).toMatchObject({ result: 'Succeeded', errors: [], complaints: [] });
    expect((await scene.verify({ artifactRefs })).result).toBe('Succeeded');
  });
});
