// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePushLog, readPushLogs } from '../../../../shared/adapters/discovery/push-logs.ts';
import { pushTranscript } from '../../../fakes/docker-push.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

describe('parsePushLog', () => {
  it('[ADO-26] reads every tag of an image', () => {
    const text =
      pushTranscript('localhost:5000/app', '1', digest) + pushTranscript('localhost:5000/app', 'latest', digest);
    expect(parsePushLog(text)).toEqual([
      { repository: 'localhost:5000/app', tag: '1', digest },
      { repository: 'localhost:5000/app', tag: 'latest', digest },
    ]);
  });

  it('[ADO-30] reads repositories of any depth', () => {
    expect(parsePushLog(pushTranscript('myacr.azurecr.io/a/b/c/d', '1', digest))).toEqual([
      { repository: 'myacr.azurecr.io/a/b/c/d', tag: '1', digest },
    ]);
  });

  it('[ADO-34] names images of Docker Hub as Docker does', () => {
    expect(parsePushLog(pushTranscript('docker.io/library/repo', '1', digest))[0]?.repository).toBe(
      'docker.io/library/repo',
    );
  });

  it('reads lines with carriage returns, and tags of one push in a row', () => {
    const text = `The push refers to repository [r.io/a]\r\nx: Pushed\r\n1: digest: ${digest} size: 5\r\n2: digest: ${other} size: 5\r\n`;
    expect(parsePushLog(text).map(({ tag }) => tag)).toEqual(['1', '2']);
  });

  it.each([
    ['a digest without a repository before it', `1: digest: ${digest} size: 528\n`],
    ['a digest that is cut', 'The push refers to repository [r.io/a]\n1: digest: sha256:abc size: 528\n'],
    ['a quiet push', 'r.io/a:1\n'],
    ['a repository that is none', `The push refers to repository [r.io/##vso[x]]\n1: digest: ${digest} size: 1\n`],
    ['a repository with a tag', `The push refers to repository [r.io/a:1]\n1: digest: ${digest} size: 1\n`],
    ['an empty text', ''],
  ])('[ADO-39] finds nothing in %s', (_, text) => {
    expect(parsePushLog(text)).toEqual([]);
  });

  it('forgets a repository when a push to something unreadable begins', () => {
    const text = `The push refers to repository [r.io/a]\nThe push refers to repository [r.io/B!]\n1: digest: ${digest} size: 1\n`;
    expect(parsePushLog(text)).toEqual([]);
  });

  it('takes any text without throwing', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom('The push refers to repository [', ']\n', '1: digest: ', `${digest} size: 1\n`, 'r.io/a'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        for (const { repository, tag } of parsePushLog(pieces.join(''))) {
          expect(repository).toMatch(/^[^\s#]+\/[a-z0-9]/);
          expect(tag).toMatch(/^\w/);
        }
      }),
    );
  });
});

describe('readPushLogs', () => {
  let temp = '';
  beforeEach(async () => {
    temp = await mkdtemp(join(tmpdir(), 'push-logs-'));
  });
  afterEach(async () => {
    await rm(temp, { recursive: true });
  });

  async function write(name: string, text: string): Promise<void> {
    await mkdir(join(temp, 'task_outputs'), { recursive: true });
    await writeFile(join(temp, 'task_outputs', name), text);
  }

  it('[ADO-39] is undefined without the folder, or without a temporary folder', async () => {
    expect(await readPushLogs(temp)).toBeUndefined();
    expect(await readPushLogs(join(temp, 'none'))).toBeUndefined();
  });

  it('[ADO-28] reads every log, in the order of the pushes', async () => {
    await write('push_1700000000010.txt', pushTranscript('r.io/b', '1', other));
    await write('push_999.txt', pushTranscript('r.io/a', '1', digest));
    const logs = await readPushLogs(temp);
    expect(logs?.files.map(({ name }) => name)).toEqual(['push_999.txt', 'push_1700000000010.txt']);
    expect(logs?.files.flatMap(({ pushed }) => pushed)).toHaveLength(2);
    expect(logs?.incomplete).toBeUndefined();
  });

  it('[ADO-39] passes over foreign files', async () => {
    await write('build_1700000000010.txt', pushTranscript('r.io/b', '1', other));
    await write('push_x.txt', pushTranscript('r.io/b', '1', other));
    await write('push_1.txt.bak', pushTranscript('r.io/b', '1', other));
    await write('push_1.txt', '\0\x01\xff not a log');
    expect(await readPushLogs(temp)).toEqual({ files: [{ name: 'push_1.txt', pushed: [] }] });
  });

  it('[ADO-39] passes over folders, links that lead outside, and files that are too large, and says so', async () => {
    await write('push_1.txt', pushTranscript('r.io/a', '1', digest));
    await mkdir(join(temp, 'task_outputs', 'push_2.txt'));
    await write('push_4.txt', 'x'.repeat(8 * 1024 * 1024 + 1));
    if (process.platform !== 'win32') {
      await writeFile(join(temp, 'outside.txt'), pushTranscript('r.io/b', '1', other));
      await symlink(join(temp, 'outside.txt'), join(temp, 'task_outputs', 'push_3.txt'));
    }
    const logs = await readPushLogs(temp);
    expect(logs?.files.map(({ name }) => name)).toEqual(['push_1.txt']);
    expect(logs?.incomplete).toContain('could not be read');
  });

  it('reads the last 200 files', async () => {
    await Promise.all(
      Array.from({ length: 205 }, (_, index) =>
        write(`push_${index}.txt`, pushTranscript('r.io/a', `t${index}`, digest)),
      ),
    );
    const logs = await readPushLogs(temp);
    expect(logs?.files).toHaveLength(200);
    expect(logs?.files[0]?.name).toBe('push_5.txt');
    expect(logs?.incomplete).toContain('200');
  });
});
