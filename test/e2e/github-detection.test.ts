// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { bake, buildPush } from '../support/docker-actions.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob, JobOptions, StepResult } from '../support/github-runner.ts';
import { createSigner, keyInputs } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';
import type { PushedImage } from '../support/push-image.ts';

let registry: EmbeddedRegistry;
let other: EmbeddedRegistry;
let job: GitHubJob;
let count = 0;
const { signer } = createSigner();
beforeAll(async () => {
  registry = await startRegistry();
  other = await startRegistry();
});
afterAll(async () => {
  await registry.close();
  await other.close();
});
beforeEach(async () => {
  job = await startJob();
});
afterEach(async () => {
  await job.dispose();
});

async function restart(options: JobOptions): Promise<void> {
  await job.dispose();
  job = await startJob(options);
}

function sign(inputs: Record<string, string> = {}): Promise<StepResult> {
  return job.step({ action: 'actions/sign', with: { ...keyInputs(signer), ...inputs } });
}

/** Pushes an image with contents of its own. */
function push(repository: string, attestations = false): Promise<PushedImage> {
  return pushImage(registry.host, repository, { content: `content ${count++}`, attestations });
}

/** Leaves the files of a build-push step that gave an image these tags. */
async function built(
  image: PushedImage,
  names: readonly string[],
  inputs: Record<string, unknown> = { push: true },
): Promise<void> {
  await job.writeStepFiles(buildPush({ digest: image.index.digest, names: names.join(','), inputs }));
}

function signed(result: StepResult): string[] {
  return (result.outputs['references'] ?? '').split('\n').filter((line) => line !== '');
}

async function nothingSigned(step: Promise<StepResult>): Promise<StepResult & { readonly error: string }> {
  const puts = registry.lines().filter((line) => line.startsWith('PUT')).length;
  const result = await step;
  expect(result.exitCode).toBe(1);
  expect(result.errors).toHaveLength(1);
  expect(registry.lines().filter((line) => line.startsWith('PUT'))).toHaveLength(puts);
  return { ...result, error: result.errors[0] ?? '' };
}

describe('sign without a reference', () => {
  it('[GH-33] makes one signature for three tags of one repository, and shows the tags', async () => {
    const image = await push('three/app');
    const name = `${registry.host}/three/app`;
    await built(image, [`${name}:1`, `${name}:1.2`, `${name}:latest`]);
    const result = await sign();
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(signed(result)).toEqual([image.reference]);
    expect(JSON.parse(result.outputs['signatures'] ?? '')).toHaveLength(1);
    expect(result.log).toContain('tags 1, 1.2, latest');
    for (const tag of ['1', '1.2', 'latest']) expect(result.summary).toContain(`>${tag}<`);
  });

  it('[GH-75] tells the same in the detection output as in the log', async () => {
    const image = await push('detection/app');
    await built(image, [`${registry.host}/detection/app:1`]);
    const result = await sign();
    const detection = JSON.parse(result.outputs['detection'] ?? '') as { artifacts: object[]; channels: object[] };
    expect(detection.artifacts).toMatchObject([
      {
        reference: image.reference,
        tags: ['1'],
        source: 'step-outputs',
        evidence: ['docker/build-push-action output', 'push: true', 'registry'],
        mediaType: image.index.mediaType,
      },
    ]);
    expect(result.outputs['detection']).not.toContain('\n');
    expect(result.log).toContain(
      `${image.reference} (tags 1) - from step-outputs: docker/build-push-action output, push: true, registry`,
    );
  });

  it('[GH-34] makes two signatures for one digest in two registries', async () => {
    const content = `content ${count++}`;
    const images = [
      await pushImage(registry.host, 'two/app', { content }),
      await pushImage(other.host, 'two/app', { content }),
    ];
    const [first] = images;
    if (first === undefined) throw new Error('no image');
    await built(first, [`${registry.host}/two/app:1`, `${other.host}/two/app:1`]);
    expect(signed(await sign())).toEqual(images.map(({ reference }) => reference));
  });

  it.each([
    ['[GH-35] push: false', {}, 'built, not pushed'],
    ['[GH-36] load: true', { load: true }, 'only loaded into the local docker'],
  ])('%s: signs nothing and says so, with the lines to add', async (_, inputs, reason) => {
    const image = await push('unpushed/app');
    await built(image, [`${registry.host}/unpushed/app:1`], inputs);
    const { error } = await nothingSigned(sign());
    expect(error).toContain('built, not pushed');
    expect(error).toContain(reason);
    expect(error).toContain('target_artifact_reference: ghcr.io/owner/app@${{ steps.build.outputs.digest }}');
    expect(error).toContain('step-outputs (1 left out)');
  });

  it.each(['type=image,push=true', 'type=registry'])('[GH-37] takes outputs: %s for a push', async (output) => {
    const image = await push('outputs/app');
    await built(image, [`${registry.host}/outputs/app:1`], { outputs: [output] });
    expect(signed(await sign())).toEqual([image.reference]);
  });

  it('[GH-38] skips what was pushed by digest only, unless asked for', async () => {
    const image = await push('platform/app');
    await built(image, [`${registry.host}/platform/app`], { outputs: ['type=image,push-by-digest=true,push=true'] });
    const { error } = await nothingSigned(sign());
    expect(error).toContain('pushed by digest only');
    expect(signed(await sign({ detect: 'step-outputs, push-by-digest' }))).toEqual([image.reference]);
  });

  it('[GH-39] takes two pushed targets of a bake with three', async () => {
    const images = [await push('bake/a'), await push('bake/b'), await push('bake/c')];
    const [a, b, c] = images.map(({ index }, n) => ({
      digest: index.digest,
      names: `${registry.host}/bake/${'abc'[n] ?? ''}:1`,
    }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no images');
    const registryOutput = ['type=registry'];
    await job.writeStepFiles(
      bake(
        {
          a: { ...a, output: registryOutput },
          b: { ...b, output: registryOutput },
          c: { ...c, output: ['type=docker'] },
        },
        {},
      ),
    );
    expect(signed(await sign())).toEqual(images.slice(0, 2).map(({ reference }) => reference));
  });

  it('[GH-41] takes two repositories of two steps, or the one that is included', async () => {
    const images = [await push('both/a'), await push('both/b')];
    for (const [index, image] of images.entries()) await built(image, [`${registry.host}/both/${'ab'[index] ?? ''}:1`]);
    const references = images.map(({ reference }) => reference);
    expect(signed(await sign({ detect_include: '# the second\n**/both/b' }))).toEqual(references.slice(1));
    const all = await sign();
    expect(signed(all)).toEqual(references.slice(0, 1));
    expect(all.log).toContain('already signed by an earlier step of this job');
  });

  it('[GH-42] fails with a table when one name has two digests, and signs nothing', async () => {
    const images = [await push('twice/app'), await push('twice/app')];
    for (const image of images) await built(image, [`${registry.host}/twice/app:1`]);
    const { error } = await nothingSigned(sign());
    expect(error).toContain(`- ${registry.host}/twice/app:1: ${images.map(({ index }) => index.digest).join(', ')}`);
  });

  it('[GH-43] rejects an image id with an explanation', async () => {
    const image = await push('id/app');
    const { digest } = image.index;
    const inputs = { push: true };
    await job.writeStepFiles(
      buildPush({ digest, configDigest: digest, descriptor: false, names: `${registry.host}/id/app:1`, inputs }),
    );
    expect((await nothingSigned(sign())).error).toContain('the id of the local image');
  });

  it('[GH-46] [GH-47] signs the index, not its platforms and attestations', async () => {
    const image = await push('index/app', true);
    const parts = [...image.platforms, ...image.attestations];
    await restart({ artifacts: 'on' });
    const subjects = [image.index, ...parts].map(({ digest }, n) => ({
      name: `${registry.host}/index/app:${n}`,
      digest,
      kind: 'oci',
    }));
    job.declareArtifacts(subjects);
    const result = await sign();
    expect(signed(result)).toEqual([image.reference]);
    expect(result.log.match(/part of an index that is signed as a whole/g)).toHaveLength(image.platforms.length);
    expect(result.log.match(/an attestation manifest, which is never signed on its own/g)).toHaveLength(
      image.attestations.length,
    );
  });

  it('[GH-48] refuses an existing signature', async () => {
    const image = await push('signature/app');
    const first = await sign({ target_artifact_reference: image.reference });
    const digest = first.outputs['signature_digest'] ?? '';
    await restart({ artifacts: 'on' });
    job.declareArtifacts([{ name: `${registry.host}/signature/app:sig`, digest, kind: 'oci' }]);
    expect((await nothingSigned(sign())).error).toContain(`attached to ${image.index.digest}`);
  });

  it.each([
    ['unset', 'artifacts-list (not set: this runner does not have it)'],
    ['off', 'artifacts-list (off: the runner keeps no list)'],
    ['on', 'artifacts-list (empty: no step has declared an artifact)'],
  ] as const)('[GH-49] tells of a list that is %s, which is no error by itself', async (artifacts, line) => {
    await restart({ artifacts });
    expect((await nothingSigned(sign())).error).toContain(line);
    const image = await push('list/app');
    await built(image, [`${registry.host}/list/app:1`]);
    const result = await sign();
    expect(result.exitCode).toBe(0);
    expect(result.log).toContain(line.replace(/ \((.*)\)/, ': $1'));
  });

  it.each([
    ['\uFEFF{"version":1,"subjects":[]}', 'byte-order mark'],
    ['{"version":1', 'not JSON'],
    ['{"version":2,"subjects":[]}', 'version is 2'],
    ['{"version":1}', 'no array "subjects"'],
    ['{"version":1,"subjects":[{"name":"g.io/a","digest":"sha256:ab","kind":"oci"}]}', 'invalid digest'],
    ['{"version":1,"subjects":[{"name":"g.io/a","digest":"sha256:ab","kind":"gem"}]}', 'unknown kind'],
  ])('[GH-50] refuses the list %s', async (text, reason) => {
    await restart({ artifacts: 'on' });
    job.artifactsList = text;
    expect((await nothingSigned(sign())).error).toContain(reason);
  });

  it('[GH-51] signs the two images of a list, and ignores its file with a notice', async () => {
    const images = [await push('declared/a'), await push('declared/b')];
    await restart({ artifacts: 'on' });
    job.declareArtifacts([
      { name: 'app.tar.gz', digest: `sha256:${'f'.repeat(64)}`, kind: 'file' },
      ...images.map(({ index }, n) => ({
        name: `${registry.host}/declared/${'ab'[n] ?? ''}:1`,
        digest: index.digest,
        kind: 'oci',
      })),
    ]);
    const result = await sign();
    expect(signed(result)).toEqual(images.map(({ reference }) => reference));
    expect(result.log).toContain('left out: app.tar.gz - from artifacts-list: a file, not an image');
  });

  it('[GH-52] lets the list decide, and tells what it leaves out', async () => {
    const [declared, left] = [await push('decide/a'), await push('decide/b')];
    await restart({ artifacts: 'on' });
    job.declareArtifacts([{ name: `${registry.host}/decide/a:1`, digest: declared.index.digest, kind: 'oci' }]);
    await built(left, [`${registry.host}/decide/b:1`]);
    const result = await sign();
    expect(signed(result)).toEqual([declared.reference]);
    expect(result.log).toContain(
      `left out: ${left.reference} - from step-outputs: not selected: artifacts-list decides`,
    );
  });

  it('[GH-55] shows nothing of the outputs of other steps', async () => {
    await restart({ debug: true });
    await job.writeStepFiles({
      outputs: { token: 'hunter2-hunter2', metadata: '{"a":"hunter2-hunter2"}' },
      state: { key: 'hunter2-hunter2' },
    });
    const result = await sign();
    expect(result.raw + result.summary + JSON.stringify(result.outputs)).not.toContain('hunter2');
  });

  it('names the channel of an artifact that the registry does not have', async () => {
    const image = await push('there/app');
    await built(image, [`${registry.host}/elsewhere/app:1`]);
    const { error } = await nothingSigned(sign());
    expect(error).toContain(`does not have ${registry.host}/elsewhere/app@${image.index.digest}`);
    expect(error).toContain('step-outputs');
  });

  it.each([
    ['a pull request from a fork', 'pull_request', 'from a fork'],
    ['pull_request_target', 'pull_request_target', 'pull_request_target'],
  ])('[GH-69] [SEC-40] detects nothing in %s; a reference still works', async (_, eventName, reason) => {
    const event = {
      pull_request: { head: { repo: { full_name: 'evil/app' } }, base: { repo: { full_name: 'owner/app' } } },
    };
    await restart({ eventName, event });
    const image = await push('fork/app');
    await built(image, [`${registry.host}/fork/app:1`]);
    const { error } = await nothingSigned(sign());
    expect(error).toContain(reason);
    expect(error).toContain('name the channels in detect');
    expect(signed(await sign({ target_artifact_reference: image.reference }))).toEqual([image.reference]);
  });

  it('[GH-70] a second sign step signs only what is new, and what it is told to', async () => {
    const image = await push('again/app');
    await built(image, [`${registry.host}/again/app:1`]);
    expect(signed(await sign())).toEqual([image.reference]);
    expect((await nothingSigned(sign())).error).toContain('already signed by an earlier step of this job');
    expect(signed(await sign({ target_artifact_reference: image.reference }))).toEqual([image.reference]);
  });
});

describe('sign with the outputs of a build', () => {
  it('[GH-74] takes image_metadata as text, with a byte-order mark, or as a path', async () => {
    const image = await push('metadata/app');
    const { outputs } = buildPush({ digest: image.index.digest, names: `${registry.host}/metadata/app:1` });
    const text = outputs['metadata'] ?? '';
    await job.writeWorkspaceFile('build/metadata.json', `\uFEFF${text}`);
    for (const value of [text, 'build/metadata.json']) {
      const result = await sign({ image_metadata: value });
      expect(result).toMatchObject({ exitCode: 0, errors: [] });
      expect(signed(result)).toEqual([image.reference]);
    }
  });

  it('takes digest and repository', async () => {
    const image = await push('pair/app');
    expect(signed(await sign({ digest: image.index.digest, repository: `${registry.host}/pair/app` }))).toEqual([
      image.reference,
    ]);
    const { error } = await nothingSigned(sign({ digest: image.index.digest }));
    expect(error).toContain('digest is given without repository');
  });

  it('[GH-53] does not look at other steps, nor at the list, when told what to sign', async () => {
    await restart({ artifacts: 'on' });
    job.artifactsList = 'not a list';
    const [wanted, left] = [await push('told/a'), await push('told/b')];
    await built(left, [`${registry.host}/told/b:1`]);
    const result = await sign({ target_artifact_reference: wanted.reference });
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(signed(result)).toEqual([wanted.reference]);
    expect(result.outputs['detection']).toBeUndefined();
  });
});
