// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readFileSync, readdirSync } from 'node:fs';
import { actions, manifestPath } from '../../scripts/action-manifests.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { cancelAt, filesWith } from '../support/cancel-at.ts';
import { buildPush } from '../support/docker-actions.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob, StepResult } from '../support/github-runner.ts';
import { createSigner, keyInputs, writeTrust } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';

const { root, signer } = createSigner();
const repositoryRoot = join(import.meta.dirname, '..', '..');

let registry: EmbeddedRegistry;
let job: GitHubJob;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());
beforeEach(async () => {
  job = await startJob();
  registry.requests.length = 0;
});
afterEach(async () => {
  registry.options.faults = [];
  await job.dispose();
});

function sign(reference: string, cancelled?: AbortSignal): Promise<StepResult> {
  const inputs = { ...keyInputs(signer), target_artifact_reference: reference };
  return job.step({ action: 'actions/sign', with: inputs, ...(cancelled === undefined ? {} : { cancelled }) });
}

/** Everything in a folder, by path. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

describe('a cancelled job', () => {
  it.each([
    ['while the artifact is looked up', 'GET', (digest: string) => `/manifests/${digest}`],
    ['while the signature is uploaded', 'PUT', () => '/blobs/uploads/'],
    ['while the index is written', 'PUT', (digest: string) => digest.replace(':', '-')],
  ])('[GH-97] %s ends the step at once, and leaves nothing half-written', async (when, method, path) => {
    const image = await pushImage(registry.host, 'cancelled/app', { content: when });
    const { digest } = image.index;
    const before = contents(job.temp);
    const cancelled = cancelAt(registry, method, new RegExp(path(digest)));
    const started = performance.now();
    const result = await sign(image.reference, cancelled);
    expect(result.exitCode).not.toBe(0);
    // The runner would send SIGTERM after 7.5 seconds.
    expect(performance.now() - started).toBeLessThan(7_500);
    expect(registry.storage.repository('cancelled/app').tag(digest.replace(':', '-'))).toBeUndefined();
    expect(filesWith(signer.privateKeyPem, job.temp)).toEqual([]);
    const left = contents(job.temp).filter(
      (name) => !before.includes(name) && !name.startsWith('_runner_file_commands'),
    );
    // What later steps may need to repair the index is no secret, and goes with the job.
    expect(left.filter((name) => /plugin|key/i.test(name))).toEqual([]);

    registry.options.faults = [];
    expect(await sign(image.reference)).toMatchObject({ exitCode: 0, errors: [] });
    await writeTrust(job, [root]);
    const verified = await job.step({ action: 'actions/verify', with: { target_artifact_reference: image.reference } });
    expect(verified).toMatchObject({ exitCode: 0, outputs: { verified: 'true' } });
  });

  it('[GH-97] says that it was cancelled', async () => {
    const image = await pushImage(registry.host, 'cancelled/said', { content: 'said' });
    const cancelled = cancelAt(registry, 'GET', /\/cancelled\/said\/manifests\/sha256:/);
    const { errors } = await sign(image.reference, cancelled);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('cancelled');
  });
});

describe('after the job', () => {
  it('[GH-98] there is no post step, because nothing is left to be undone', async () => {
    for (const action of actions) {
      const text = readFileSync(join(repositoryRoot, manifestPath(action)), 'utf8');
      const { runs } = parse(text) as { runs: Record<string, unknown> };
      expect(Object.keys(runs).sort()).toEqual(['main', 'using']);
    }
    const image = await pushImage(registry.host, 'post/app', { content: 'post' });
    const before = contents(job.home);
    const result = await sign(image.reference);
    expect(result.exitCode).toBe(0);
    expect(result.state).toEqual({});
    expect(contents(job.home)).toEqual(before);
    expect(filesWith(signer.privateKeyPem, job.temp)).toEqual([]);
  });
});

describe('a self-hosted runner', () => {
  it('[GH-110] shows a job nothing of the one before it', async () => {
    const stranger = createSigner('Stranger');
    const image = await pushImage(registry.host, 'two/jobs', { content: 'two jobs' });
    const names = `${registry.host}/two/jobs:v1`;
    await job.writeStepFiles(buildPush({ digest: image.index.digest, names, inputs: { push: true } }));
    const built = await job.step({ action: 'actions/sign', with: keyInputs(signer) });
    expect(built).toMatchObject({ exitCode: 0, outputs: { references: image.reference } });
    await writeTrust(job, [root]);
    const target = { target_artifact_reference: image.reference };
    expect(await job.step({ action: 'actions/verify', with: target })).toMatchObject({ exitCode: 0 });

    // The next job has the same home folder and tool cache; the runner has emptied its temp folder and checks out anew.
    const shared = { HOME: job.home, USERPROFILE: job.home, RUNNER_TOOL_CACHE: job.toolCache };
    const next = await startJob({ env: { ...shared, RUNNER_ENVIRONMENT: 'self-hosted' } });
    try {
      expect(contents(job.home)).toEqual([]);
      expect(contents(job.toolCache)).toEqual([]);
      const nothing = await next.step({ action: 'actions/sign', with: keyInputs(signer) });
      expect(nothing.errors).toEqual([expect.stringContaining('nothing was found that this job has pushed')]);
      expect(await next.step({ action: 'actions/verify', with: target })).toMatchObject({ exitCode: 1 });
      await writeTrust(next, [stranger.root]);
      expect(await next.step({ action: 'actions/verify', with: target })).toMatchObject({ exitCode: 1 });
    } finally {
      await next.dispose();
    }
  });

  it('[GH-110] keeps nothing where jobs of other users could put something', async () => {
    const cache = join(job.toolCache, 'notation-pipelines');
    await mkdir(cache, { recursive: true });
    const image = await pushImage(registry.host, 'two/users', { content: 'two users' });
    expect((await sign(image.reference)).exitCode).toBe(0);
    expect(contents(cache)).toEqual([]);
  });
});
