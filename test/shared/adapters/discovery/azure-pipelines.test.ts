// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectAzurePushes, judgeAzurePushes } from '../../../../shared/adapters/discovery/azure-pipelines.ts';
import type { PushLogs, PushedTag } from '../../../../shared/adapters/discovery/push-logs.ts';
import { pushTranscript } from '../../../fakes/docker-push.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

function logs(...files: PushedTag[][]): PushLogs {
  return { files: files.map((pushed, index) => ({ name: `push_${index + 1}.txt`, pushed })) };
}

describe('judgeAzurePushes', () => {
  it('[ADO-26] takes two tags of one image as one artifact, with both tags', () => {
    const found = judgeAzurePushes(
      `https://r.io/a@${digest}`,
      logs([
        { repository: 'r.io/a', tag: '1', digest },
        { repository: 'r.io/a', tag: 'latest', digest },
      ]),
    );
    expect(found.artifacts).toEqual([
      {
        reference: `r.io/a@${digest}`,
        tags: ['1', 'latest'],
        source: 'RESOURCE_URIS',
        evidence: ['set by a push step', 'push_1.txt: pushed as 1', 'push_1.txt: pushed as latest'],
        confirmedBy: ['push logs'],
      },
    ]);
    expect(found.channels.map(({ state }) => state)).toEqual(['1 found', '1 found']);
  });

  it('[ADO-28] adds what only the logs know: the push of an earlier step', () => {
    const found = judgeAzurePushes(
      `https://r.io/b@${other}`,
      logs([{ repository: 'r.io/a', tag: '1', digest }], [{ repository: 'r.io/b', tag: '1', digest: other }]),
    );
    expect(found.artifacts.map(({ reference, source }) => [reference, source])).toEqual([
      [`r.io/b@${other}`, 'RESOURCE_URIS'],
      [`r.io/a@${digest}`, 'push logs'],
    ]);
  });

  it('[ADO-30] finds a deep repository when the variable is empty', () => {
    const found = judgeAzurePushes('', logs([{ repository: 'myacr.azurecr.io/a/b/c', tag: '1', digest }]));
    expect(found.artifacts.map(({ reference }) => reference)).toEqual([`myacr.azurecr.io/a/b/c@${digest}`]);
    expect(found.channels[0]).toEqual({ name: 'RESOURCE_URIS', state: 'empty' });
  });

  it('[ADO-29] names every place, and the line to add', () => {
    const found = judgeAzurePushes(undefined, undefined);
    expect(found.artifacts).toEqual([]);
    expect(found.channels).toEqual([
      { name: 'RESOURCE_URIS', state: 'not set by any step of this job' },
      { name: 'push logs of Docker@2', state: 'no folder task_outputs in Agent.TempDirectory' },
    ]);
    expect(found.fix).toContain('{input:artifacts}: ');
  });

  it('[ADO-32] leaves out an empty digest with the reason; the log of the push completes it', () => {
    const found = judgeAzurePushes('https://r.io/a@sha256:', logs([{ repository: 'r.io/a', tag: '1', digest }]));
    expect(found.rejected[0]).toMatchObject({ what: 'https://r.io/a@sha256:', source: 'RESOURCE_URIS' });
    expect(found.artifacts.map(({ reference }) => reference)).toEqual([`r.io/a@${digest}`]);
  });

  it('[ADO-35] keeps one digest in two repositories apart', () => {
    const found = judgeAzurePushes(`https://r.io/a@${digest}`, logs([{ repository: 'r.io/b', tag: '1', digest }]));
    expect(found.artifacts).toHaveLength(2);
  });

  it('takes the last digest of a tag that was pushed twice, and says so', () => {
    const found = judgeAzurePushes(
      `https://r.io/a@${other}`,
      logs([{ repository: 'r.io/a', tag: '1', digest }], [{ repository: 'r.io/a', tag: '1', digest: other }]),
    );
    expect(found.artifacts.map(({ reference }) => reference)).toEqual([`r.io/a@${other}`]);
    expect(found.rejected).toEqual([
      {
        what: `r.io/a@${digest}`,
        source: 'push logs',
        reason: `the tag 1 was pushed again in this job, as ${other}`,
        warn: true,
      },
    ]);
  });

  it('[ADO-30] takes a registry for no image of Docker Hub when the log knows better', () => {
    const uri = `https://docker.io/library/build-host@${digest}`;
    const pushes = logs([{ repository: 'build-host:5000/a/b/c', tag: '1', digest }]);
    const found = judgeAzurePushes(uri, pushes);
    expect(found.artifacts.map(({ reference }) => reference)).toEqual([`build-host:5000/a/b/c@${digest}`]);
    expect(found.rejected[0]?.reason).toBe('it was pushed to build-host:5000/a/b/c');
    expect(judgeAzurePushes(uri, undefined).artifacts).toHaveLength(1);
    expect(judgeAzurePushes(`https://docker.io/library/other@${digest}`, pushes).artifacts).toHaveLength(2);
  });

  it('keeps a digest that lost one tag and has another', () => {
    const found = judgeAzurePushes(
      undefined,
      logs(
        [
          { repository: 'r.io/a', tag: '1', digest },
          { repository: 'r.io/a', tag: 'latest', digest },
        ],
        [{ repository: 'r.io/a', tag: 'latest', digest: other }],
      ),
    );
    expect(found.artifacts.map(({ reference, tags }) => [reference, tags])).toEqual([
      [`r.io/a@${digest}`, ['1']],
      [`r.io/a@${other}`, ['latest']],
    ]);
    expect(found.rejected).toEqual([]);
  });

  it('says when logs could not all be read', () => {
    const found = judgeAzurePushes(undefined, { files: [], incomplete: 'push_1.txt could not be read' });
    expect(found.channels[1]?.state).toBe('empty, push_1.txt could not be read');
  });
});

describe('detectAzurePushes', () => {
  it('[ADO-28] reads the logs below the temporary folder', async () => {
    const temp = await mkdtemp(join(tmpdir(), 'detect-'));
    try {
      await mkdir(join(temp, 'task_outputs'));
      await writeFile(join(temp, 'task_outputs', 'push_1700000000000.txt'), pushTranscript('r.io/a', '1', digest));
      const sources = { resourceUris: undefined, tempDirectory: temp };
      const found = await detectAzurePushes(sources, { detect: '', include: [] });
      expect(found.artifacts[0]?.evidence).toEqual(['push_1700000000000.txt: pushed as 1']);
      const off = await detectAzurePushes(sources, { detect: 'off', include: [] });
      expect(off).toMatchObject({ artifacts: [], channels: [{ name: 'detection', state: 'off' }] });
    } finally {
      await rm(temp, { recursive: true });
    }
  });
});
