// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { tarGz, zip } from '../fakes/archive.ts';
import { AgentJob, agentNodes, packagedTask } from '../support/azure-agent.ts';
import type { StepResult } from '../support/azure-agent.ts';

const program = process.platform === 'win32' ? 'notation.exe' : 'notation';
const archives: Record<string, Buffer> = {
  '/notation.tar.gz': tarGz({ LICENSE: 'x', [program]: '#!/bin/sh\necho fake\n' }),
  '/notation.zip': zip({ [program]: '#!/bin/sh\necho fake\n' }),
  '/other.tar.gz': tarGz({ README: 'no program in here' }),
};

function checksum(path: string): string {
  return createHash('sha256')
    .update(archives[path] ?? '')
    .digest('hex');
}

let server: Server;
let base = '';
let requests: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    const body = archives[(request.url ?? '').replace(/\?.*/, '')];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe.each(agentNodes())('install on $name', (node) => {
  let job: AgentJob;
  afterEach(() => {
    job.dispose();
    requests = [];
  });

  function install(inputs: Record<string, string> = {}, name = 'cli'): Promise<StepResult> {
    return job.run({ name, task: packagedTask, inputs: { command: 'install', ...inputs } });
  }

  function custom(path: string, sum = checksum(path.replace(/\?.*/, ''))): Promise<StepResult> {
    return install({ isCustomVersion: 'true', url: base + path, checksum: sum });
  }

  /** Folders that are put on the PATH of later steps. */
  function pathsOf(result: StepResult): string[] {
    return result.commands.filter(({ name }) => name === 'task.prependpath').map(({ data }) => data);
  }

  /** What the task has left in the temporary folder, the key file of task-lib aside. */
  function leftovers(): string[] {
    return readdirSync(job.temp).filter((name) => name !== '.taskkey');
  }

  it('[ADO-8] succeeds without network, and says that no CLI is needed', async () => {
    job = new AgentJob({ node });
    const result = await install({ version: '1.3.2' });
    expect(result).toMatchObject({ result: 'Succeeded', exitCode: 0, errors: [], complaints: [] });
    expect(result.warnings).toEqual([expect.stringContaining('needs no Notation CLI')]);
    expect(job.variable('cli.Status')).toBe('Succeeded');
    expect(leftovers()).toEqual([]);
  });

  it('[ADO-9] succeeds twice in one job', async () => {
    job = new AgentJob({ node });
    expect((await install({}, 'first')).result).toBe('Succeeded');
    expect((await install({}, 'second')).result).toBe('Succeeded');
    expect((await custom('/notation.tar.gz')).result).toBe('Succeeded');
    expect(
      (
        await install(
          { isCustomVersion: 'true', url: `${base}/notation.zip`, checksum: checksum('/notation.zip') },
          'x',
        )
      ).result,
    ).toBe('Succeeded');
  });

  it.each(['/notation.tar.gz', '/notation.zip'])('[ADO-11] installs %s into a folder of its own', async (path) => {
    job = new AgentJob({ node });
    const result = await custom(path, ` ${checksum(path).toUpperCase()} `);
    expect(result).toMatchObject({ result: 'Succeeded', exitCode: 0, errors: [], warnings: [], complaints: [] });
    const [folder = ''] = pathsOf(result);
    expect(dirname(folder)).toBe(job.temp);
    expect(readdirSync(folder)).toEqual([program]);
    expect(readFileSync(join(folder, program), 'utf8')).toContain('echo fake');
    if (process.platform !== 'win32') expect(statSync(join(folder, program)).mode & 0o111).not.toBe(0);
  });

  it('[ADO-10] succeeds with a CLI on the PATH already', async () => {
    job = new AgentJob({ node });
    expect(pathsOf(await custom('/notation.tar.gz'))).toHaveLength(1);
    expect((await install({}, 'again')).result).toBe('Succeeded');
  });

  it('[ADO-12] refuses a wrong checksum before it extracts anything', async () => {
    job = new AgentJob({ node });
    const result = await custom('/notation.tar.gz', '0'.repeat(64));
    expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
    expect(result.errors).toEqual([
      expect.stringContaining(`Expected: ${'0'.repeat(64)}, Actual: ${checksum('/notation.tar.gz')}`),
    ]);
    expect(pathsOf(result)).toEqual([]);
    expect(leftovers()).toEqual([]);
    expect(job.variable('cli.Status')).toBe('Failed');
  });

  it('[ADO-13] takes an address with a query', async () => {
    job = new AgentJob({ node });
    const result = await custom('/notation.tar.gz?sv=2024&sig=a%2Fb');
    expect(result.result).toBe('Succeeded');
    expect(requests).toEqual(['/notation.tar.gz?sv=2024&sig=a%2Fb']);
  });

  it.each(['/notation.tgz', '/notation', '/x?file=notation.tar.gz'])(
    '[ADO-14] refuses %s before it downloads anything',
    async (path) => {
      job = new AgentJob({ node });
      const result = await custom(path, '0'.repeat(64));
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors[0]).toMatch(/Unsupported file extension.*url/);
      expect(requests).toEqual([]);
    },
  );

  it('[ADO-15] succeeds after an attempt that failed in the same folder', async () => {
    job = new AgentJob({ node });
    expect((await custom('/notation.tar.gz', '0'.repeat(64))).result).toBe('Failed');
    const result = await install(
      { isCustomVersion: 'true', url: `${base}/notation.tar.gz`, checksum: checksum('/notation.tar.gz') },
      'second',
    );
    expect(result.result).toBe('Succeeded');
    expect(job.variable('second.Status')).toBe('Succeeded');
  });

  it('[ADO-16] refuses versions that Notation@0 refuses', async () => {
    job = new AgentJob({ node });
    expect((await install({ version: '1.0.0.0' })).errors[0]).toContain('Invalid version prefix: 1.0.0.0.');
    expect((await install({ version: '9.9' }, 'next')).errors[0]).toContain('Unsupported version: 9.9.');
    expect((await install({ version: 'v1.3' }, 'last')).result).toBe('Succeeded');
  });

  it('names what is missing or wrong', async () => {
    job = new AgentJob({ node });
    expect((await install({ isCustomVersion: 'True' })).errors[0]).toContain('url and checksum is not given');
    expect((await custom('/notation.tar.gz', 'abc')).errors[0]).toContain(
      "checksum is not a SHA-256 checksum in hexadecimal. Got 'abc'",
    );
    expect((await install({ isCustomVersion: 'maybe' })).errors[0]).toContain(
      "isCustomVersion must be true or false. Got 'maybe'",
    );
    expect((await custom('/missing.zip', '0'.repeat(64))).errors[0]).toContain('status 404');
    const result = await custom('/other.tar.gz');
    expect(result.errors[0]).toContain(`does not contain ${program}`);
    expect(leftovers()).toEqual([]);
  });
});
