// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReferrersMemory } from '../../../../shared/adapters/registry/referrers-memory.ts';
import type { Descriptor } from '../../../../shared/oci/descriptor.ts';
import { digestOf } from '../../../../shared/primitives/digest.ts';
import { startRegistry, type EmbeddedRegistry } from '../../../fakes/registry.ts';
import { listAll, prepareSignature, testClient } from '../../../support/registry-client.ts';

let folder: string;
let registry: EmbeddedRegistry;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'memory-'));
  registry = await startRegistry({ referrersApi: false });
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await registry.close();
});

const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
const subject: Descriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(Buffer.from('an image')),
  size: 8,
};

function memory() {
  return openReferrersMemory(folder, { registry: registry.host, repository: 'team/app', subject: subject.digest }, log);
}

/** A step of the job: a process of its own, as far as the registry client can tell. */
async function step(text: string): Promise<Descriptor> {
  const client = testClient({ jobDirectory: folder });
  const target = client.repository(registry.host, 'team/app');
  const { descriptor } = await target.pushReferrer(await prepareSignature(target, subject, text), 'tag-schema');
  await client.close();
  return descriptor;
}

/** Makes the registry answer the next reads of the tag as if nothing had been written yet. */
function forgetTag(times: number): void {
  const fault = { kind: 'status', status: 404 } as const;
  registry.options.faults.push({ path: /manifests\/sha256-/, method: 'GET', times, fault });
  registry.options.faults.push({ path: /manifests\/sha256-/, method: 'HEAD', times, fault });
}

async function listed(): Promise<string[]> {
  const client = testClient();
  const found = await listAll(client.repository(registry.host, 'team/app'), subject);
  await client.close();
  return found.map(({ digest }) => digest);
}

describe('openReferrersMemory', () => {
  it('[REG-95] keeps the entry of an earlier step although the tag seems not to exist', async () => {
    const first = await step('first');
    forgetTag(1);
    const second = await step('second');
    expect(await listed()).toEqual([second.digest, first.digest]);
  });

  it('[REG-95] adds nothing whose manifest is not there', async () => {
    const gone = { ...subject, digest: digestOf(Buffer.from('gone')) };
    await memory().remember(gone);
    expect(await memory().recall()).toEqual([gone]);
    const only = await step('only');
    expect(await listed()).toEqual([only.digest]);
  });

  it('[REG-95] ignores files that are damaged, of something else, or no files', async () => {
    const first = await step('first');
    const [name = ''] = readdirSync(join(folder, 'notation-referrers'));
    const directory = join(folder, 'notation-referrers', name);
    const other = { registry: 'evil.example', repository: 'team/app', subject: subject.digest, descriptor: first };
    writeFileSync(join(directory, `${'0'.repeat(64)}.json`), '{"registry":');
    writeFileSync(join(directory, `${'1'.repeat(64)}.json`), JSON.stringify(other));
    writeFileSync(join(directory, `${'2'.repeat(64)}.json`), Buffer.alloc(70_000, ' '));
    symlinkSync(join(directory, `${first.digest.slice(7)}.json`), join(directory, `${'3'.repeat(64)}.json`));
    writeFileSync(join(directory, 'README.md'), 'hello');
    expect((await memory().recall()).map(({ digest }) => digest)).toEqual([first.digest]);
  });

  it('works without a folder that can be written', async () => {
    writeFileSync(join(folder, 'notation-referrers'), 'in the way');
    const only = await step('only');
    expect(await memory().recall()).toEqual([]);
    expect(await listed()).toEqual([only.digest]);
  });
});
