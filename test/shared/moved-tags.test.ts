// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../shared/errors.ts';
import { movedTags } from '../../shared/moved-tags.ts';
import { MemoryRepository } from '../fakes/artifact-source.ts';

const type = 'application/vnd.oci.image.manifest.v1+json';

function artifact(digest: string, tags: readonly string[]) {
  return { reference: `reg.test/app@${digest}`, tags, source: 'step-outputs', evidence: ['push: true'] };
}

describe('movedTags', () => {
  it('[GH-68] names the tag that points elsewhere, where it points, and what is signed', async () => {
    const repository = new MemoryRepository();
    const { digest } = repository.putManifest(type, '{"a":1}', 'stays');
    const { digest: newer } = repository.putManifest(type, '{"a":2}', 'latest');
    const warnings = await movedTags([artifact(digest, ['latest', 'stays'])], () => repository);
    expect(warnings).toEqual([
      `reg.test/app:latest now points at ${newer}, no longer at what this job has pushed: reg.test/app@${digest} is signed`,
    ]);
  });

  it('does not warn of a tag that is gone or cannot be read', async () => {
    const repository = new MemoryRepository();
    const { digest } = repository.putManifest(type, '{}');
    repository.failures.set('resolve broken', new NotaryError('registry-response', 'no'));
    expect(await movedTags([artifact(digest, ['gone', 'broken'])], () => repository)).toEqual([]);
  });

  it('asks for a bounded number of tags, and for none when there are none', async () => {
    const repository = new MemoryRepository();
    const { digest } = repository.putManifest(type, '{}');
    const many = Array.from({ length: 100 }, (_, index) => `tag-${index}`);
    await movedTags([artifact(digest, many), artifact(digest, [])], () => repository);
    expect(repository.requests).toHaveLength(8);
  });
});
