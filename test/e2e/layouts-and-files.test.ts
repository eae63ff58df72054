// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { TestLayout } from '../fakes/layout-folder.ts';
import { layoutEntries, tarOf } from '../fakes/tar.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { agentNodes } from '../support/azure-agent.ts';
import { AzureScene } from '../support/azure-scene.ts';
import { startJob, type GitHubJob } from '../support/github-runner.ts';
import { keyInputs } from '../support/github-trust.ts';

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();

/** A trust policy for files of one statement. */
const blobPolicy = JSON.stringify({
  version: '1.0',
  trustPolicies: [
    {
      name: 'files',
      globalPolicy: true,
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:acme'],
      trustedIdentities: ['*'],
    },
  ],
});

let layout: TestLayout;
beforeEach(() => {
  layout = new TestLayout();
});
afterEach(() => {
  layout.remove();
});

function place(workspace: string, path: string, content: string | Uint8Array): void {
  const full = join(workspace, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, content);
}

/** Puts the layout into a workspace as the folder out/app and as out/app.tar, with a policy for local/app. */
function placeLayout(workspace: string, configuration: string): void {
  mkdirSync(join(workspace, 'out'), { recursive: true });
  cpSync(layout.path, join(workspace, 'out/app'), { recursive: true });
  place(workspace, 'out/app.tar', tarOf(layoutEntries(layout)));
  place(workspace, `${configuration}/trustpolicy/trustpolicy.json`, policyText({ registryScopes: ['local/app'] }));
}

/** Puts two files into a workspace, and the policy by which they are verified. */
function placeFiles(workspace: string, configuration: string): void {
  place(workspace, 'dist/app.zip', 'app');
  place(workspace, 'dist/lib/tool.tar', 'tool');
  place(workspace, `${configuration}/trustpolicy/trustpolicy.blob.json`, blobPolicy);
}

describe('GitHub', () => {
  let job: GitHubJob;
  beforeEach(async () => {
    job = await startJob();
    await job.writeWorkspaceFile('.github/truststore/x509/ca/acme/root.pem', authority.root.pem);
  });
  afterEach(async () => {
    await job.dispose();
  });

  function step(command: string, inputs: Record<string, string>) {
    const key = command === 'sign' ? keyInputs(signer) : {};
    return job.step({ action: `actions/${command}`, with: { ...key, ...inputs } });
  }

  it.each(['out/app', 'out/app.tar'])('signs, verifies and inspects an OCI layout: %s', async (path) => {
    placeLayout(job.workspace, '.github');
    const signed = await step('sign', { target_artifact_reference: `oci-layout:${path}:v1` });
    expect(signed).toMatchObject({ exitCode: 0, errors: [] });
    const reference = `oci-layout:${path}@${layout.image.digest}`;
    expect(signed.outputs).toMatchObject({ references: reference, digest: layout.image.digest });
    expect(signed.warnings).toEqual([expect.stringContaining('is a tag, and a tag can be moved')]);

    const verified = await step('verify', { target_artifact_reference: signed.outputs['references'] ?? '' });
    expect(verified).toMatchObject({ exitCode: 0, errors: [] });
    expect(verified.outputs).toMatchObject({ verified: 'true', references: reference });
    const inspected = await step('inspect', { target_artifact_reference: `oci-layout:${path}:v1` });
    expect(inspected.outputs['inspection']).toContain(signed.outputs['signature_digest']);
    expect(readdirSync(join(job.workspace, 'out')).sort()).toEqual(['app', 'app.tar']);
  });

  it('fails for a layout without signature, for another scope, and for what is no layout', async () => {
    placeLayout(job.workspace, '.github');
    const target = { target_artifact_reference: `oci-layout:out/app@${layout.image.digest}` };
    expect((await step('verify', target)).errors[0]).toContain('no signature is associated with');
    expect((await step('verify', { ...target, oci_layout_scope: 'local/other' })).errors[0]).toContain(
      'has no applicable trust policy statement',
    );
    expect((await step('verify', { ...target, oci_layout_scope: 'Local' })).errors[0]).toContain(
      'oci_layout_scope "Local" is not valid',
    );
    const nothing = await step('sign', { target_artifact_reference: 'oci-layout:none:v1' });
    expect(nothing.errors[0]).toContain('the OCI image layout "none" cannot be used');
  });

  it('signs and verifies files', async () => {
    placeFiles(job.workspace, '.github');
    const signed = await step('sign', { blobs: 'dist/**\n', signature_format: 'cose', blob_media_type: 'a/b' });
    expect(signed).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
    expect(signed.outputs['references']?.split('\n').sort()).toEqual(['dist/app.zip', 'dist/lib/tool.tar']);
    expect(JSON.parse(signed.outputs['signatures'] ?? '')).toMatchObject([{ source: 'blobs' }, { source: 'blobs' }]);
    expect(readdirSync(join(job.workspace, 'dist')).sort()).toEqual(['app.zip', 'app.zip.cose.sig', 'lib']);

    const verified = await step('verify', { blobs: 'dist/**', blob_media_type: 'a/b', blob_policy_name: 'files' });
    expect(verified).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
    expect(verified.outputs['verified']).toBe('true');
  });

  it('fails for a file that was altered, one that is not there, and one without signature', async () => {
    placeFiles(job.workspace, '.github');
    await step('sign', { blobs: 'dist/app.zip', blob_signature_directory: 'signatures' });
    place(job.workspace, 'dist/app.zip', 'apq');
    const placed = { blobs: 'dist/app.zip', blob_signature_directory: 'signatures' };
    const altered = await step('verify', placed);
    expect(altered).toMatchObject({ exitCode: 1 });
    expect(altered.errors[0]).toContain('integrity check failed. signature does not match the given blob');
    expect(altered.outputs['verified']).toBe('false');
    expect((await step('verify', { blobs: 'dist/lib/tool.tar' })).errors[0]).toContain('no signature is associated');
    expect((await step('verify', { blobs: 'dist/none' })).errors[0]).toContain('there is no file "dist/none"');
    const colliding = { blobs: 'dist/app.zip\nother/app.zip', blob_signature_directory: 'signatures' };
    place(job.workspace, 'other/app.zip', 'other');
    expect((await step('sign', colliding)).errors[0]).toContain('would have the same signature file');
  });
});

describe.each(agentNodes())('Azure Pipelines on $name', (node) => {
  let scene: AzureScene;
  beforeEach(() => {
    scene = new AzureScene({ node, authority, signer });
  });
  afterEach(() => {
    scene.dispose();
  });

  it('signs and verifies an OCI layout, and refuses it for another scope', async () => {
    placeLayout(scene.job.sources, '.pipeline');
    const artifactRefs = `oci-layout:out/app@${layout.image.digest}`;
    expect(await scene.sign({ artifactRefs })).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(await scene.verify({ artifactRefs })).toMatchObject({ result: 'Succeeded', errors: [] });
    const refused = await scene.verify({ artifactRefs, ociLayoutScope: 'local/other' });
    expect(refused).toMatchObject({ result: 'Failed' });
    expect(refused.errors[0]).toContain('has no applicable trust policy statement');
  });

  it('signs and verifies files, and refuses one that was altered', async () => {
    placeFiles(scene.job.sources, '.pipeline');
    const blobs = 'dist/app.zip\ndist/lib/*.tar';
    expect(await scene.sign({ blobs })).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(await scene.verify({ blobs })).toMatchObject({ result: 'Succeeded', errors: [] });
    place(scene.job.sources, 'dist/app.zip', 'apq');
    const refused = await scene.verify({ blobs });
    expect(refused).toMatchObject({ result: 'Failed' });
    expect(refused.errors[0]).toContain('1 of 2 artifacts were not verified');
    expect(refused.errors[0]).toContain('integrity check failed. signature does not match the given blob');
  });

  it('verifies under strict what keeps to the specification', async () => {
    placeLayout(scene.job.sources, '.pipeline');
    const artifactRefs = `oci-layout:out/app@${layout.image.digest}`;
    await scene.sign({ artifactRefs });
    expect(await scene.verify({ artifactRefs, strictness: 'strict' })).toMatchObject({ result: 'Succeeded' });
    const wrong = await scene.verify({ artifactRefs, strictness: 'lax' });
    expect(wrong.errors[0]).toContain('strictness must be one of reference, strict');
  });
});
