// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { corroborate } from '../../shared/detected.ts';
import { NotaryError } from '../../shared/errors.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { manifestTypes } from '../../shared/oci/manifest.ts';
import type { Detection } from '../../shared/ports.ts';
import { MemoryRepository } from '../fakes/artifact-source.ts';

const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'c'.repeat(64)}`, size: 2 };

function image(repository: MemoryRepository, more: object = {}): Descriptor {
  const manifest = { schemaVersion: 2, mediaType: manifestTypes.image, config, layers: [], ...more };
  return repository.putManifest(manifestTypes.image, JSON.stringify(manifest));
}

function index(repository: MemoryRepository, manifests: readonly object[]): Descriptor {
  const content = { schemaVersion: 2, mediaType: manifestTypes.index, manifests };
  return repository.putManifest(manifestTypes.index, JSON.stringify(content));
}

function detectionOf(...digests: string[]): Detection {
  const artifacts = digests.map((digest) => {
    return { reference: `reg.test/app@${digest}`, tags: ['1'], source: 'step-outputs', evidence: ['push: true'] };
  });
  return { artifacts, rejected: [], channels: [], fix: 'fix' };
}

async function confirm(repository: MemoryRepository, ...digests: string[]) {
  const asked: string[] = [];
  const result = await corroborate(detectionOf(...digests), (registry, name) => {
    asked.push(`${registry}/${name}`);
    return repository;
  });
  return { ...result, asked, kept: result.artifacts.map(({ reference }) => reference.slice('reg.test/app@'.length)) };
}

describe('corroborate', () => {
  it('notes that the registry has the artifact, and what it is', async () => {
    const repository = new MemoryRepository();
    const { digest } = image(repository);
    const { artifacts, asked } = await confirm(repository, digest);
    expect(artifacts).toEqual([
      {
        reference: `reg.test/app@${digest}`,
        tags: ['1'],
        source: 'step-outputs',
        evidence: ['push: true', 'registry'],
        mediaType: manifestTypes.image,
      },
    ]);
    expect(asked).toEqual(['reg.test/app']);
  });

  it('[GH-46] keeps the index, not its parts', async () => {
    const repository = new MemoryRepository();
    const child = image(repository);
    const whole = index(repository, [{ ...child, platform: { os: 'linux', architecture: 'amd64' } }]);
    const { kept, rejected } = await confirm(repository, child.digest, whole.digest);
    expect(kept).toEqual([whole.digest]);
    expect(rejected[0]?.reason).toBe('part of an index that is signed as a whole');
  });

  it('keeps a part when its index is in another repository', async () => {
    const repository = new MemoryRepository();
    const child = image(repository);
    const whole = index(repository, [child]);
    const detection = detectionOf(child.digest);
    const elsewhere = { ...detectionOf(whole.digest).artifacts[0], reference: `reg.test/other@${whole.digest}` };
    const both = { ...detection, artifacts: [...detection.artifacts, elsewhere as (typeof detection.artifacts)[0]] };
    expect((await corroborate(both, () => repository)).artifacts).toHaveLength(2);
  });

  it.each([
    ['annotation form', { annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }, {}],
    ['unknown platform', { platform: { os: 'unknown', architecture: 'unknown' } }, {}],
  ])('[GH-47] never an attestation manifest: %s', async (_, entry, more) => {
    const repository = new MemoryRepository();
    const attestation = image(repository, more);
    const whole = index(repository, [{ ...attestation, ...entry }]);
    const { kept, rejected } = await confirm(repository, attestation.digest, whole.digest);
    expect(kept).toEqual([whole.digest]);
    expect(rejected[0]?.reason).toMatch(/attestation manifest/);
  });

  it.each([
    ['OCI artifact form', { artifactType: 'application/vnd.docker.attestation.manifest.v1+json' }],
    [
      'in-toto statements only',
      { layers: [{ mediaType: 'application/vnd.in-toto+json', digest: config.digest, size: 2 }] },
    ],
  ])('[GH-47] never an attestation manifest without its index: %s', async (_, more) => {
    const repository = new MemoryRepository();
    const { kept, rejected } = await confirm(repository, image(repository, more).digest);
    expect(kept).toEqual([]);
    expect(rejected[0]?.reason).toMatch(/attestation manifest/);
  });

  it('[GH-48] never something attached to another artifact', async () => {
    const repository = new MemoryRepository();
    const subject = image(repository);
    const attached = image(repository, { subject });
    const { kept, rejected } = await confirm(repository, attached.digest);
    expect(kept).toEqual([]);
    expect(rejected[0]?.reason).toContain(`attached to ${subject.digest}`);
  });

  it('[GH-48] never a signature', async () => {
    const repository = new MemoryRepository();
    const signature = image(repository, { artifactType: 'application/vnd.cncf.notary.signature' });
    const old = image(repository, { config: { ...config, mediaType: 'application/vnd.cncf.notary.signature' } });
    expect((await confirm(repository, signature.digest, old.digest)).kept).toEqual([]);
  });

  it('names the channel of an artifact that the registry does not have', async () => {
    const digest = `sha256:${'d'.repeat(64)}`;
    const failure = confirm(new MemoryRepository(), digest);
    await expect(failure).rejects.toThrow(`does not have reg.test/app@${digest}, which step-outputs says`);
    await expect(failure).rejects.toMatchObject({ code: 'artifact-not-found' });
  });

  it('passes refused credentials on as such', async () => {
    const repository = new MemoryRepository();
    const { digest } = image(repository);
    repository.failures.set(`resolve ${digest}`, new NotaryError('registry-unauthorized', 'no credentials'));
    await expect(confirm(repository, digest)).rejects.toMatchObject({ code: 'registry-unauthorized' });
  });

  it('asks for many, and keeps their order', async () => {
    const repository = new MemoryRepository();
    const digests = Array.from({ length: 20 }, (_, n) => image(repository, { annotations: { n: String(n) } }).digest);
    expect((await confirm(repository, ...digests)).kept).toEqual(digests);
  });
});
