// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../shared/run.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { fakeHost, type FakeHost, type FakeHostOptions } from '../fakes/host.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { startTimestampAuthority } from '../fakes/timestamp-authority.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';
import { policyText, skipStatement, type StatementJson } from '../fakes/trust-policy.ts';
import { pushImage } from '../support/push-image.ts';

// Copying through everything but the host.

const authority = createCertificateAuthority({ name: 'acme' });
const signer = authority.issue();
const stranger = createCertificateAuthority({ name: 'stranger' }).issue();

type Inputs = NonNullable<FakeHostOptions['inputs']>;

let dev: EmbeddedRegistry;
let prod: EmbeddedRegistry;
let workspace: string;
beforeEach(async () => {
  [dev, prod] = await Promise.all([startRegistry(), startRegistry({ referrersApi: false })]);
  workspace = mkdtempSync(join(tmpdir(), 'copies-'));
  mkdirSync(join(workspace, 'truststore/x509/ca/acme'), { recursive: true });
  writeFileSync(join(workspace, 'truststore/x509/ca/acme/root.pem'), authority.root.pem);
  mkdirSync(join(workspace, 'policy'));
  writePolicy({});
});
afterEach(async () => {
  await Promise.all([dev.close(), prod.close()]);
  rmSync(workspace, { recursive: true });
});

function writePolicy(...statements: readonly StatementJson[]): void {
  writeFileSync(join(workspace, 'policy/trustpolicy.json'), policyText(...statements));
}

async function step(command: 'sign' | 'verify', inputs: Inputs): Promise<FakeHost> {
  const host = fakeHost({ command, inputs: { referrersSettle: '0', ...inputs }, workspace });
  await run(host);
  return host;
}

function sign(artifacts: string, inputs: Inputs = {}): Promise<FakeHost> {
  return step('sign', { artifacts, privateKey: signer.privateKeyPem, certificateChain: signer.chainPem, ...inputs });
}

function verify(artifacts: string, inputs: Inputs = {}): Promise<FakeHost> {
  return step('verify', { artifacts, ...inputs });
}

function copiesOf(host: FakeHost): Record<string, unknown>[] {
  return JSON.parse(host.outputs.get('copies') ?? 'null') as Record<string, unknown>[];
}

function writes(registry: EmbeddedRegistry): string[] {
  return registry.lines().filter((line) => !/^(?:GET|HEAD) /.test(line));
}

describe('copy_to of sign', () => {
  it('copies what was signed with its signature, which verifies there', async () => {
    const { reference, index } = await pushImage(dev.host, 'team/app');
    const signed = await sign(reference, { copyTo: `${prod.host}/team/app:v1` });
    expect(signed.failures).toEqual([]);
    const copy = `${prod.host}/team/app@${index.digest}`;
    expect(copiesOf(signed)).toEqual([
      {
        ...{ schemaVersion: 1, source: reference, reference: copy, digest: index.digest, tags: ['v1'] },
        ...{ manifests: 4, referrers: 1, signatures: 1, blobs: { copied: 6, mounted: 0, there: 0 } },
        bytes: expect.any(Number) as unknown,
      },
    ]);
    expect(signed.lines.join('\n')).toContain(`Copied ${reference} to ${copy} (v1): 4 manifests, 1 signature; 6 blobs`);
    expect(signed.summaries[0]).toContain('Made 1 copy');
    expect((await verify(copy)).outputs.get('verified')).toBe('true');
    expect((await verify(`${prod.host}/team/app:v1`)).outputs.get('verified')).toBe('true');
  });

  it('takes the tag along, to a repository of the same name, and to several places', async () => {
    const { reference } = await pushImage(dev.host, 'team/app', { tag: '1.0' });
    const folder = 'out/layout';
    const copyTo = `${prod.host}/*\n${prod.host}/mirror/*\n${prod.host}/other:2.0, oci-layout:${folder}`;
    const signed = await sign(reference.replace(/@.*/, ':1.0'), { copyTo });
    expect(signed.failures).toEqual([]);
    expect(prod.storage.names()).toEqual(['mirror/team/app', 'other', 'team/app']);
    expect(prod.storage.repository('team/app').tags()).toContain('1.0');
    expect(prod.storage.repository('other').tags()).toContain('2.0');
    writePolicy({ registryScopes: ['*'] });
    expect((await verify(`oci-layout:${folder}:1.0`)).outputs.get('verified')).toBe('true');
  });

  it('does not copy what could not be signed, and tells of both', async () => {
    const { reference } = await pushImage(dev.host, 'team/app');
    const missing = `${dev.host}/team/missing@${reference.slice(reference.indexOf('@') + 1)}`;
    prod.options.readOnly = true;
    const signed = await sign(`${reference}\n${missing}`, { copyTo: `${prod.host}/*` });
    expect(signed.failures).toHaveLength(1);
    expect(signed.failures[0]).toContain('1 of 2 artifacts were not signed');
    expect(signed.failures[0]).toContain('1 of 1 copies were not made');
    expect(signed.failures[0]).toContain('it may be read-only');
    expect(JSON.parse(signed.outputs.get('signatures') ?? '')).toHaveLength(1);
    expect(copiesOf(signed)).toEqual([]);
    expect(signed.summaries[0]).toContain('Made 0 of 1 copies');
  });
});

describe('one artifact in several repositories', () => {
  it('is signed and timestamped once, and each has the same signature', async () => {
    const tsa = await startTimestampAuthority();
    const images = await Promise.all(['one', 'two', 'three'].map((name) => pushImage(dev.host, name)));
    const other = await pushImage(prod.host, 'one', { content: 'another' });
    const references = [...images, other].map(({ reference }) => reference);
    const timestamps = { timestampUrl: tsa.url, timestampRootCert: tsaAuthority.root.pem };
    const signed = await sign(references.join('\n'), timestamps);
    expect(signed.failures).toEqual([]);
    expect(tsa.exchanges).toHaveLength(2);
    await tsa.close();
    const made = JSON.parse(signed.outputs.get('signatures') ?? '') as { reference: string; signatureDigest: string }[];
    expect(made.map(({ reference }) => reference)).toEqual(references);
    expect(new Set(made.map(({ signatureDigest }) => signatureDigest)).size).toBe(2);
    for (const { reference } of images) {
      expect((await verify(reference)).outputs.get('verified')).toBe('true');
    }
  });
});

describe('copy_to of verify', () => {
  it('copies what verifies, and verifies the copy before it gets its tag', async () => {
    const { reference, index } = await pushImage(dev.host, 'team/app');
    expect((await sign(reference)).failures).toEqual([]);
    const promoted = await verify(reference, { copyTo: `${prod.host}/team/app:stable` });
    expect(promoted.failures).toEqual([]);
    expect(copiesOf(promoted)).toMatchObject([{ reference: `${prod.host}/team/app@${index.digest}`, signatures: 1 }]);
    expect(prod.storage.repository('team/app').tag('stable')).toBe(index.digest);
    // Nothing is written where it is only read.
    const lines = prod.lines();
    const tagged = lines.findIndex((line) => line === 'PUT /v2/team/app/manifests/stable');
    const envelope = lines.findLastIndex((line) => line.startsWith('GET /v2/team/app/blobs/'));
    expect(envelope).toBeGreaterThan(-1);
    expect(envelope).toBeLessThan(tagged);
  });

  it('asks the policy about the artifact, not about its copy', async () => {
    const { reference } = await pushImage(dev.host, 'team/app');
    await sign(reference);
    writePolicy({ registryScopes: [`${dev.host}/team/app`] });
    expect((await verify(reference, { copyTo: `${prod.host}/team/app` })).failures).toEqual([]);
  });

  it('copies nothing that does not verify', async () => {
    const good = await pushImage(dev.host, 'good');
    const bad = await pushImage(dev.host, 'bad', { content: 'bad' });
    await sign(good.reference);
    await sign(bad.reference, { privateKey: stranger.privateKeyPem, certificateChain: stranger.chainPem });
    const promoted = await verify(`${good.reference}\n${bad.reference}`, { copyTo: `${prod.host}/*` });
    expect(promoted.failures[0]).toContain('1 of 2 artifacts were not verified');
    expect(prod.storage.names()).toEqual(['good']);
    expect(copiesOf(promoted)).toHaveLength(1);
  });

  it('copies nothing that the policy says not to verify, and fails', async () => {
    const { reference } = await pushImage(dev.host, 'team/app');
    writePolicy(skipStatement);
    const promoted = await verify(reference, { copyTo: `${prod.host}/team/app` });
    expect(promoted.failures[0]).toContain('is not copied: the trust policy says skip');
    expect(writes(prod)).toEqual([]);
  });

  it('sets no tag when the copy does not verify', async () => {
    const { reference } = await pushImage(dev.host, 'team/app');
    await sign(reference);
    // A registry that loses the listing after it was written.
    prod.options.faults.push({
      ...{ method: 'GET', path: /manifests\/sha256-/, skip: 2 },
      fault: { kind: 'status', status: 404, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' },
    });
    const promoted = await verify(reference, { copyTo: `${prod.host}/team/app:stable` });
    expect(promoted.failures[0]).toContain('the copy does not verify');
    expect(prod.storage.repository('team/app').tag('stable')).toBeUndefined();
    expect(copiesOf(promoted)).toEqual([]);
  });

  it('only reads at the source', async () => {
    const { reference } = await pushImage(dev.host, 'team/app');
    await sign(reference);
    dev.options.auth = {
      kind: 'bearer',
      strictScopes: true,
      users: [{ name: 'reader', password: 'pw', actions: ['pull'] }],
    };
    const config = { auths: { [dev.host]: { auth: Buffer.from('reader:pw').toString('base64') } } };
    const host = fakeHost({
      command: 'verify',
      inputs: { artifacts: reference, copyTo: `${prod.host}/team/app`, referrersSettle: '0' },
      workspace,
      environment: { DOCKER_AUTH_CONFIG: JSON.stringify(config) },
    });
    await run(host);
    expect(host.failures).toEqual([]);
    expect(copiesOf(host)).toHaveLength(1);
  });
});

describe('inputs', () => {
  it.each([
    ['registry.example', 'missing registry or repository'],
    ['registry.example/app@sha256:' + '0'.repeat(64), 'a copy has the digest of its artifact'],
    ['registry.example/App', 'invalid repository'],
    ['registry.example/*/x', 'invalid repository'],
    ['registry.example/app:', 'invalid tag'],
    ['https://registry.example/app', 'invalid registry'],
  ])('refuses %s before anything is asked', async (copyTo, text) => {
    const { reference } = await pushImage(dev.host, 'team/app');
    const before = dev.requests.length;
    expect((await sign(reference, { copyTo })).failures[0]).toContain(text);
    expect(dev.requests).toHaveLength(before);
  });

  it('refuses a login by inputs for two registries', async () => {
    const { reference } = await pushImage(dev.host, 'team/app');
    const login = { registryUsername: 'u', registryPassword: 'p' };
    const signed = await sign(reference, { ...login, copyTo: `${prod.host}/team/app` });
    expect(signed.failures[0]).toContain('registry_password is for one registry, and the artifacts are in 2');
    expect(writes(prod)).toEqual([]);
  });

  it('does not let two artifacts take a tag from each other', async () => {
    const one = await pushImage(dev.host, 'one', { content: 'one' });
    const two = await pushImage(dev.host, 'two', { content: 'two' });
    const signed = await sign(`${one.reference}\n${two.reference}`, { copyTo: `${prod.host}/all:v1` });
    expect(signed.failures[0]).toContain(`2 artifacts would be copied to ${prod.host}/all:v1`);
    expect(writes(prod)).toEqual([]);
    expect((await sign(`${one.reference}\n${two.reference}`, { copyTo: `${prod.host}/all` })).failures).toEqual([]);
  });

  it('refuses to copy files', async () => {
    writeFileSync(join(workspace, 'app.zip'), 'app');
    const signed = await sign('', { blobs: 'app.zip', copyTo: `${prod.host}/team/app` });
    expect(signed.failures[0]).toContain('copy_to copies artifacts of registries and layouts');
  });
});
