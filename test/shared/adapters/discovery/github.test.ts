// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { detectOnGitHub } from '../../../../shared/adapters/discovery/github.ts';
import { writeSigned } from '../../../../shared/adapters/discovery/signed-memory.ts';
import { buildPush } from '../../../support/docker-actions.ts';
import { startJob } from '../../../support/github-runner.ts';
import type { GitHubJob, JobOptions } from '../../../support/github-runner.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;
const auto = { detect: 'auto', include: [] };
const fork = {
  pull_request: { head: { repo: { full_name: 'evil/app' } }, base: { repo: { full_name: 'owner/app' } } },
};

let job: GitHubJob | undefined;
afterEach(async () => {
  await job?.dispose();
});

async function start(options: JobOptions = {}): Promise<GitHubJob> {
  job = await startJob(options);
  return job;
}

function pushed(names: string, named = digest) {
  return buildPush({ digest: named, names, inputs: { push: true } });
}

async function detect(from: GitHubJob, options = auto) {
  const found = await detectOnGitHub(await from.runEnvironment(), options);
  return { ...found, references: found.artifacts.map(({ reference }) => reference) };
}

describe('detectOnGitHub', () => {
  it('[GH-33] finds what build-push left', async () => {
    const from = await start();
    await from.writeStepFiles(pushed('ghcr.io/o/app:1,ghcr.io/o/app:latest'));
    const found = await detect(from);
    expect(found.artifacts).toEqual([
      {
        reference: `ghcr.io/o/app@${digest}`,
        tags: ['1', 'latest'],
        source: 'step-outputs',
        evidence: ['docker/build-push-action output', 'push: true'],
        confirmedBy: [],
      },
    ]);
    expect(found.channels).toEqual([
      { name: 'artifacts-list', state: 'off: the runner keeps no list' },
      { name: 'step-outputs', state: '1 found' },
    ]);
  });

  it('[GH-49] has a state for each way in which the list can be empty', async () => {
    const states = [];
    for (const artifacts of ['unset', 'off', 'on'] as const) {
      const from = await start({ artifacts });
      states.push((await detect(from)).channels[0]?.state);
      await from.dispose();
    }
    expect(states).toEqual([
      'not set: this runner does not have it',
      'off: the runner keeps no list',
      'empty: no step has declared an artifact',
    ]);
  });

  it('[GH-52] lets the list of artifacts decide', async () => {
    const from = await start({ artifacts: 'on' });
    from.declareArtifacts([{ name: 'ghcr.io/o/declared:1', digest: other, kind: 'oci' }]);
    await from.writeStepFiles(pushed('ghcr.io/o/app:1'));
    const found = await detect(from);
    expect(found.references).toEqual([`ghcr.io/o/declared@${other}`]);
    expect(found.rejected).toEqual([
      { what: `ghcr.io/o/app@${digest}`, source: 'step-outputs', reason: 'not selected: artifacts-list decides' },
    ]);
  });

  it('[GH-50] refuses a list that it cannot understand', async () => {
    const from = await start({ artifacts: 'on' });
    from.artifactsList = '{"version":2}';
    await expect(detect(from)).rejects.toThrow(/GITHUB_ARTIFACTS_LIST.*version is 2/);
  });

  it('[GH-54] goes on without command files', async () => {
    const from = await start({ artifacts: 'unset' });
    const environment = await from.runEnvironment();
    rmSync(from.commandFiles, { recursive: true });
    const found = await detectOnGitHub(environment, auto);
    expect(found.artifacts).toEqual([]);
    expect(found.channels[1]).toEqual({ name: 'step-outputs', state: 'not readable' });
  });

  it('[GH-69] [SEC-40] believes nothing in a pull request from a fork, unless channels are named', async () => {
    const from = await start({ eventName: 'pull_request', event: fork });
    await from.writeStepFiles(pushed('ghcr.io/o/app:1'));
    const found = await detect(from);
    expect(found.references).toEqual([]);
    expect(found.channels.map(({ state }) => state)).toEqual([
      expect.stringMatching(/^off: .*from a fork; name the channels in \{input:detect\}/) as string,
      expect.stringMatching(/^off: /) as string,
    ]);
    expect((await detect(from, { detect: 'step-outputs', include: [] })).references).toEqual([
      `ghcr.io/o/app@${digest}`,
    ]);
  });

  it('[GH-69] [SEC-40] believes nothing in pull_request_target', async () => {
    const from = await start({ eventName: 'pull_request_target' });
    await from.writeStepFiles(pushed('ghcr.io/o/app:1'));
    expect((await detect(from)).references).toEqual([]);
  });

  it('looks only at the channels that are named, and at none when off', async () => {
    const from = await start({ artifacts: 'on' });
    from.declareArtifacts([{ name: 'ghcr.io/o/declared:1', digest: other, kind: 'oci' }]);
    await from.writeStepFiles(pushed('ghcr.io/o/app:1'));
    expect((await detect(from, { detect: 'step-outputs', include: [] })).references).toEqual([
      `ghcr.io/o/app@${digest}`,
    ]);
    const off = await detect(from, { detect: 'off', include: [] });
    expect(off.references).toEqual([]);
    expect(off.channels.map(({ state }) => state)).toEqual(['off', 'off']);
  });

  it('[GH-70] leaves out what was signed earlier in this job', async () => {
    const from = await start();
    await from.writeStepFiles(pushed('ghcr.io/o/app:1'));
    await from.writeStepFiles(pushed('ghcr.io/o/tool:1', other));
    await writeSigned(from.temp, [`ghcr.io/o/app@${digest}`]);
    expect((await detect(from)).references).toEqual([`ghcr.io/o/tool@${other}`]);
  });

  it('gives the lines that fix it, and the other way only where the runner has it', async () => {
    const from = await start({ artifacts: 'unset' });
    const { fix } = await detect(from);
    expect(fix).toContain('{input:artifacts}: ghcr.io/owner/app@${{ steps.build.outputs.digest }}');
    expect(fix).not.toContain('GITHUB_ARTIFACTS');
    await from.dispose();
    expect((await detect(await start({ artifacts: 'off' }))).fix).not.toContain('GITHUB_ARTIFACTS');
    await job?.dispose();
    expect((await detect(await start({ artifacts: 'on' }))).fix).toContain('>> "$GITHUB_ARTIFACTS"');
  });
});
