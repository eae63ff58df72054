// SPDX-License-Identifier: Apache-2.0
import { rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEarlierSteps } from '../../../../shared/adapters/discovery/github-step-files.ts';
import { startJob } from '../../../support/github-runner.ts';
import type { GitHubJob } from '../../../support/github-runner.ts';

let job: GitHubJob;
beforeEach(async () => {
  job = await startJob();
});
afterEach(async () => {
  await job.dispose();
});

async function read() {
  const { GITHUB_OUTPUT: own = '' } = await job.runEnvironment();
  return readEarlierSteps(own);
}

describe('readEarlierSteps', () => {
  it('[GH-40] reads outputs and state of every step, in the order of writing', async () => {
    const start = Date.now();
    await job.writeStepFiles({ outputs: { digest: 'b' }, state: { x: '2' } }, { modified: new Date(start + 5000) });
    await job.writeStepFiles({ outputs: { digest: 'a' }, state: { x: '1' } }, { modified: new Date(start + 1000) });
    const { steps } = await read();
    expect(steps.map(({ outputs, state }) => [outputs.get('digest'), state.get('x')])).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it('does not read our own output, nor steps without any', async () => {
    await job.writeStepFiles({});
    const files = await job.writeStepFiles({ outputs: { digest: 'own' } });
    expect((await readEarlierSteps(files.path.set_output)).steps).toEqual([]);
  });

  it('[GH-71] reads files with CRLF', async () => {
    await job.writeStepFiles({ outputs: { metadata: '{\n}' } }, { lineEnd: '\r\n' });
    expect((await read()).steps[0]?.outputs.get('metadata')).toBe('{\n}');
  });

  it('[GH-54] finds nothing when the folder was wiped, and says so', async () => {
    const { GITHUB_OUTPUT: own = '' } = await job.runEnvironment();
    rmSync(dirname(own), { recursive: true });
    expect(await readEarlierSteps(own)).toEqual({ steps: [], unreadable: 'not readable', skipped: 0 });
    expect((await readEarlierSteps('')).unreadable).toBe('GITHUB_OUTPUT is not set');
  });

  it('[GH-58] passes over a file that is too large, binary, or a link to somewhere else', async () => {
    const large = await job.writeStepFiles({ outputs: { digest: 'large' } });
    truncateSync(large.path.set_output, 10 * 1024 * 1024);
    const linked = await job.writeStepFiles({ outputs: { digest: 'linked' } });
    unlinkSync(linked.path.set_output);
    writeFileSync(join(job.workspace, 'outside'), 'digest=linked\n');
    symlinkSync(join(job.workspace, 'outside'), linked.path.set_output);
    const binary = await job.writeStepFiles({});
    writeFileSync(binary.path.set_output, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    const found = await read();
    expect(found.steps.flatMap(({ outputs }) => [...outputs.keys()])).not.toContain('digest');
    expect(found.skipped).toBe(2);
  });

  it('[GH-59] passes over files that are older than the job', async () => {
    await job.writeStepFiles({ outputs: { digest: 'now' } });
    await job.writeStepFiles({ outputs: { digest: 'old' } }, { modified: new Date(Date.now() - 3_600_000) });
    const { steps, skipped } = await read();
    expect(steps.map(({ outputs }) => outputs.get('digest'))).toEqual(['now']);
    expect(skipped).toBe(1);
  });
});
