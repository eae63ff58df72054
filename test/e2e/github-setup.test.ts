// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tarGz, zip } from '../fakes/archive.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob, StepResult } from '../support/github-runner.ts';

const windows = process.platform === 'win32';
const program = windows ? 'notation.exe' : 'notation';
const script = '#!/bin/sh\necho "Version: 9.9.9"\n';
const served: Readonly<Record<string, Buffer>> = {
  '/notation.tar.gz': tarGz({ [program]: script, LICENSE: 'Apache-2.0' }),
  '/notation.zip': zip({ [program]: script }),
  '/other.tar.gz': tarGz({ 'README.md': 'nothing else' }),
  '/page.tar.gz': Buffer.from('<!doctype html><title>::error::Sign in ##[add-mask]x</title>'),
};

let server: Server;
let base = '';
let requests: string[] = [];
let job: GitHubJob;
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const body = served[(request.url ?? '').replace(/\?.*/, '')];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(async () => {
  requests = [];
  job = await startJob();
});
afterEach(async () => {
  await job.dispose();
});

function checksum(path: string): string {
  return createHash('sha256')
    .update(served[path] ?? '')
    .digest('hex');
}

function setup(inputs: Record<string, string> = {}, action = 'actions/setup'): Promise<StepResult> {
  return job.step({ action, with: inputs });
}

function setupFrom(path: string, sum = checksum(path.replace(/\?.*/, ''))): Promise<StepResult> {
  return setup({ url: base + path, checksum: sum });
}

/** Puts a release into the tool cache, as an earlier job or the runner's image would have. */
function fillToolCache(version: string): string {
  const folder = join(job.toolCache, 'notation', version, process.arch);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, program), script, { mode: 0o755 });
  writeFileSync(`${folder}.complete`, '');
  return folder;
}

async function failure(step: Promise<StepResult>): Promise<string> {
  const result = await step;
  expect(result.exitCode).toBe(1);
  expect(result.errors).toHaveLength(1);
  expect(result.paths).toEqual([]);
  expect(result.raw).not.toMatch(/^\s+at /m);
  return result.errors[0] ?? '';
}

describe('setup', () => {
  it.runIf(!windows)('[GH-4] puts notation on the PATH of the next step, 1.3.2 without inputs', async () => {
    const folder = fillToolCache('1.3.2');
    const result = await setup();
    expect(result).toMatchObject({ exitCode: 0, errors: [], warnings: [], paths: [folder] });
    expect(result.outputs).toEqual({ version: '1.3.2', path: folder, cache_hit: 'true' });
    expect(requests).toEqual([]);
    const env = await job.runEnvironment();
    expect(execFileSync('notation', ['version'], { env }).toString()).toBe('Version: 9.9.9\n');
  });

  it('[GH-3] the root action is setup, with version, url and checksum', async () => {
    const folder = fillToolCache('1.2.0');
    const official = await setup({ version: '1.2.0' }, '');
    expect(official).toMatchObject({ exitCode: 0, warnings: [], paths: [folder] });
    const custom = await setup({ url: `${base}/notation.tar.gz`, checksum: checksum('/notation.tar.gz') }, '');
    expect(custom).toMatchObject({ exitCode: 0, outputs: { version: '', cache_hit: 'false' } });
    expect(custom.log).toContain(`downloading Notation CLI from ${base}/notation.tar.gz`);
  });

  it('takes the checksum in either case, and says what upstream says', async () => {
    const result = await setupFrom('/notation.tar.gz', checksum('/notation.tar.gz').toUpperCase());
    expect(result.exitCode).toBe(0);
    for (const line of ['downloading Notation CLI completed', 'successfully verified download checksum']) {
      expect(result.log.split('\n')).toContain(line);
    }
    expect(readdirSync(result.outputs['path'] ?? '')).toContain(program);
    expect(readdirSync(job.temp).filter((name) => name.startsWith('notation-cli-'))).toEqual([]);
  });

  it.each(['2.0.0', 'constructor', '__proto__', 'v1.3.2'])(
    '[GH-5] [GH-10] does not support version %s',
    async (version) => {
      const message = await failure(setup({ version }));
      expect(message).toContain(`official Notation CLI release does not support version ${version}`);
      expect(message).toContain('1.3.2, 1.3.1');
    },
  );

  it('[GH-6] wants a checksum with a url', async () => {
    const message = await failure(setup({ url: `${base}/notation.tar.gz` }));
    expect(message).toContain('user provided url of customized Notation CLI release but without SHA256 checksum');
    expect(requests).toEqual([]);
  });

  it('[GH-7] names both hashes when they differ, and installs nothing', async () => {
    const wrong = '0'.repeat(64);
    const message = await failure(setupFrom('/notation.tar.gz', wrong));
    expect(message).toContain(
      `checksum of downloaded Notation CLI ${checksum('/notation.tar.gz')} does not match expected checksum ${wrong}`,
    );
    expect(readdirSync(job.toolCache)).toEqual([]);
    expect(readdirSync(job.temp).filter((name) => name.startsWith('notation-cli-'))).toEqual([]);
  });

  it('[GH-8] explains a url that is not an archive', async () => {
    expect(await failure(setupFrom('/page.tar.gz'))).toContain('neither a zip nor a tar archive');
  });

  it('explains an archive without the program, and a url that is none', async () => {
    expect(await failure(setupFrom('/other.tar.gz'))).toContain(`there is no ${program} at its top`);
    expect(await failure(setup({ url: 'ftp://example.com/x', checksum: '0'.repeat(64) }))).toContain(
      'url must be an http(s) address',
    );
    expect(await failure(setup({ url: `${base}/x`, checksum: 'abc' }))).toContain('checksum must be a SHA-256');
  });

  it('explains a download that fails', async () => {
    const message = await failure(setupFrom('/missing.tar.gz'));
    expect(message).toContain(`could not be downloaded from ${base}/missing.tar.gz`);
    expect(message).toContain('404');
  });

  it.each(['/notation.zip?token=x&y=.tar', '/notation.tar.gz?download=1'])(
    '[GH-8] goes by the content of %s',
    async (path) => {
      const result = await setupFrom(path);
      expect(result).toMatchObject({ exitCode: 0, errors: [] });
      expect(readdirSync(result.outputs['path'] ?? '')).toContain(program);
    },
  );

  it('[GH-9] takes the second time from the tool cache', async () => {
    const first = await setupFrom('/notation.tar.gz');
    expect(first.outputs['cache_hit']).toBe('false');
    expect(requests).toEqual(['/notation.tar.gz']);
    const second = await setupFrom('/notation.tar.gz');
    expect(second).toMatchObject({ exitCode: 0, outputs: { cache_hit: 'true', path: first.outputs['path'] } });
    expect(requests).toEqual(['/notation.tar.gz']);
  });

  it('refuses an unknown command of the root action', async () => {
    expect(await failure(setup({ command: 'constructor' }, ''))).toContain(
      'command must be one of setup, sign, verify, inspect',
    );
  });
});
