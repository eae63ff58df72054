// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import type { RegistryAuth } from '../fakes/registry/options.ts';
import { agentNodes, node24 } from '../support/azure-agent.ts';
import { AzureScene } from '../support/azure-scene.ts';
import { inputVariable, startJob, type GitHubJob } from '../support/github-runner.ts';
import { createSigner, keyInputs, writeTrust } from '../support/github-trust.ts';
import { pushImage, type PushedImage } from '../support/push-image.ts';

const { root, signer } = createSigner();

/** What is a copy's of the `copies` output. */
interface Copy {
  readonly reference: string;
  readonly signatures: number;
  readonly tags: readonly string[];
}

let dev: EmbeddedRegistry;
let prod: EmbeddedRegistry;
let docker: string;
beforeEach(async () => {
  [dev, prod] = await Promise.all([startRegistry(), startRegistry({ referrersApi: false })]);
  docker = mkdtempSync(join(tmpdir(), 'docker-'));
});
afterEach(async () => {
  await Promise.all([dev.close(), prod.close()]);
  rmSync(docker, { recursive: true });
});

const user = { name: 'alice', password: 's3cret' };
const logins: readonly [string, RegistryAuth][] = [
  ['anonymous', { kind: 'none' }],
  ['Basic', { kind: 'basic', users: [user] }],
  ['Bearer', { kind: 'bearer', users: [user] }],
];

/** Protects both registries, as `docker login` would have been run for each. */
function protect(auth: RegistryAuth): Record<string, string> {
  for (const registry of [dev, prod]) registry.options.auth = auth;
  const login = { auth: Buffer.from(`${user.name}:${user.password}`).toString('base64') };
  writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [dev.host]: login, [prod.host]: login } }));
  return { DOCKER_CONFIG: docker };
}

describe('GitHub', () => {
  let job: GitHubJob;
  let image: PushedImage;
  beforeEach(async () => {
    job = await startJob();
    await writeTrust(job, [root]);
    image = await pushImage(dev.host, 'team/app', { attestations: true });
  });
  afterEach(async () => {
    await job.dispose();
  });

  it.each(logins)('signs, promotes what verifies, and finds it verified there: %s', async (_, auth) => {
    const env = protect(auth);
    const artifact = { target_artifact_reference: image.reference };
    const signed = await job.step({ action: 'actions/sign', with: { ...keyInputs(signer), ...artifact }, env });
    expect(signed).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
    expect(signed.outputs['copies']).toBeUndefined();

    const inputs = { ...artifact, copy_to: `${prod.host}/*:stable\n${prod.host}/mirror/*` };
    const promoted = await job.step({ action: 'actions/verify', with: inputs, env });
    expect(promoted).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
    const copies = JSON.parse(promoted.outputs['copies'] ?? '') as Copy[];
    expect(copies).toMatchObject([
      { reference: `${prod.host}/team/app@${image.index.digest}`, signatures: 1, tags: ['stable'] },
      { reference: `${prod.host}/mirror/team/app@${image.index.digest}`, signatures: 1, tags: [] },
    ]);
    expect(promoted.summary).toContain('Made 2 copies');
    for (const { reference } of copies) {
      const verified = await job.step({
        action: 'actions/verify',
        with: { target_artifact_reference: reference },
        env,
      });
      expect(verified).toMatchObject({ exitCode: 0, outputs: { verified: 'true' } });
    }
    expect(prod.storage.repository('team/app').tag('stable')).toBe(image.index.digest);
  });

  it('signs one artifact in two repositories once, and copies it with its signature', async () => {
    const other = await pushImage(dev.host, 'team/other', { attestations: true });
    const signed = await job.step({
      action: 'actions/sign',
      with: {
        ...keyInputs(signer),
        target_artifact_reference: `${image.reference}\n${other.reference}`,
        copy_to: `${prod.host}/*`,
      },
    });
    expect(signed).toMatchObject({ exitCode: 0, errors: [] });
    const signatures = JSON.parse(signed.outputs['signatures'] ?? '') as { signatureDigest: string }[];
    expect(new Set(signatures.map(({ signatureDigest }) => signatureDigest)).size).toBe(1);
    expect(signatures).toHaveLength(2);
    expect((JSON.parse(signed.outputs['copies'] ?? '') as Copy[]).map(({ reference }) => reference)).toEqual([
      `${prod.host}/team/app@${image.index.digest}`,
      `${prod.host}/team/other@${image.index.digest}`,
    ]);
  });

  it('fails when the copy cannot be made, after it has told what was verified', async () => {
    const signing = { ...keyInputs(signer), target_artifact_reference: image.reference };
    await job.step({ action: 'actions/sign', with: signing });
    prod.options.readOnly = true;
    const inputs = { target_artifact_reference: image.reference, copy_to: `${prod.host}/team/app` };
    const result = await job.step({ action: 'actions/verify', with: inputs });
    expect(result).toMatchObject({ exitCode: 1, outputs: { verified: 'true', copies: '[]' } });
    expect(result.errors).toHaveLength(1);
    expect(result.errors[0]).toContain('it may be read-only');
  });

  it.each([
    ['a signature', 'actions/sign', (): EmbeddedRegistry => dev],
    ['a copy', 'actions/verify', (): EmbeddedRegistry => prod],
  ])('[REG-87] ends by SIGTERM, and cancels the upload of %s', async (_, action, registryOf) => {
    const signing = { ...keyInputs(signer), target_artifact_reference: image.reference };
    if (action === 'actions/verify') await job.step({ action: 'actions/sign', with: signing });
    const registry = registryOf();
    registry.requests.length = 0;
    registry.options.faults.push({ method: 'PUT', path: /uploads/, fault: { kind: 'delay', before: 3_600_000 } });
    const inputs =
      action === 'actions/sign'
        ? signing
        : { target_artifact_reference: image.reference, copy_to: `${prod.host}/team/app` };
    const { code, output } = await terminated(job, action, inputs, () =>
      registry.requests.some(({ method }) => method === 'PUT'),
    );
    expect(code).toBe(1);
    expect(output).toContain('cancelled');
    expect(registry.requests.some(({ method, status }) => method === 'DELETE' && status === 204)).toBe(true);
    // Nothing but its own beginnings is left.
    const begun = registry.requests.filter(({ method }) => method === 'POST').length;
    expect(registry.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(begun);
  });
});

/** Runs a packaged action, sends it SIGTERM as soon as something is so, and waits for its end. */
async function terminated(
  job: GitHubJob,
  action: string,
  inputs: Readonly<Record<string, string>>,
  ready: () => boolean,
): Promise<{ code: number | null; output: string }> {
  const env = await job.runEnvironment();
  for (const [name, value] of Object.entries(inputs)) env[inputVariable(name)] = value;
  const main = join(import.meta.dirname, '../../dist/action', `${action.replace('actions/', '')}.js`);
  const child = spawn(node24.path, [main], { cwd: job.workspace, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  while (!ready() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill('SIGTERM');
  return { code: await ended, output };
}

describe.each(agentNodes())('Azure Pipelines on $name', (node) => {
  const authority = createCertificateAuthority({ name: 'Acme' });
  let scene: AzureScene;
  beforeEach(() => {
    scene = new AzureScene({ authority, signer: authority.issue(), node });
  });
  afterEach(() => {
    scene.dispose();
  });

  it('copies what is signed, and promotes what verifies', async () => {
    const image = await pushImage(dev.host, 'team/app');
    const signed = await scene.sign({ artifactRefs: image.reference, copyTo: `${dev.host}/staging/*` });
    expect(signed.result).toBe('Succeeded');
    const staged = `${dev.host}/staging/team/app@${image.index.digest}`;
    const copies = JSON.parse(scene.job.variable('sign.copies') ?? '') as (Copy & { blobs: { mounted: number } })[];
    expect(copies).toMatchObject([{ reference: staged, signatures: 1, blobs: { copied: 0 } }]);

    const promoted = await scene.verify({
      artifactRefs: staged,
      copyTo: `${prod.host}/team/app:1.0`,
      referrersSettle: '0',
    });
    expect(promoted.result).toBe('Succeeded');
    expect(prod.storage.repository('team/app').tag('1.0')).toBe(image.index.digest);
    const verified = await scene.verify({ artifactRefs: `${prod.host}/team/app@${image.index.digest}` });
    expect(verified.result).toBe('Succeeded');
  });
});
