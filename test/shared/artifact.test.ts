// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { fetchEnvelope, listSignatures, resolveArtifact } from '../../shared/artifact.ts';
import { NotaryError } from '../../shared/errors.ts';
import { Scenario } from '../fakes/verification.ts';

const request = { name: 'reg.example/app' };

describe('resolveArtifact', () => {
  it('gives the digest of a tag', async () => {
    const { artifact, reference, repository } = new Scenario();
    expect(await resolveArtifact({ ...request, tagOrDigest: 'v1' }, repository)).toEqual({ artifact, reference });
  });

  it('passes on that there is no such artifact', async () => {
    const { repository } = new Scenario();
    await expect(resolveArtifact({ ...request, tagOrDigest: 'v2' }, repository)).rejects.toMatchObject({
      code: 'artifact-not-found',
    });
  });

  it('[NP-23] refuses another digest than the one asked for', async () => {
    const { artifact, repository } = new Scenario();
    Object.assign(repository, { resolve: () => Promise.resolve(artifact) });
    const tagOrDigest = `sha512:${'a'.repeat(128)}`;
    await expect(resolveArtifact({ ...request, tagOrDigest }, repository)).rejects.toMatchObject({
      code: 'digest-mismatch',
      message: `user input digest ${tagOrDigest} does not match the resolved digest ${artifact.digest}`,
    });
  });
});

describe('listSignatures', () => {
  it('lists referrers that are signatures, in order', async () => {
    const scenario = new Scenario();
    const first = scenario.sign();
    scenario.repository.addReferrer(scenario.artifact.digest, { ...first, artifactType: 'application/spdx+json' });
    const second = scenario.sign({ format: 'cose' });
    const listed: string[] = [];
    for await (const { digest } of listSignatures(scenario.repository, scenario.artifact)) listed.push(digest);
    expect(listed).toEqual([first.digest, second.digest]);
  });
});

describe('fetchEnvelope', () => {
  it('gives the envelope with the media type of its layer', async () => {
    const scenario = new Scenario();
    const bytes = new Uint8Array([1, 2, 3]);
    const signature = scenario.attach(bytes, 'application/x');
    expect(await fetchEnvelope(scenario.repository, signature)).toMatchObject({ mediaType: 'application/x', bytes });
  });

  it('passes on what the source throws', async () => {
    const scenario = new Scenario();
    const signature = scenario.sign();
    scenario.repository.failures.set(`manifest ${signature.digest}`, new NotaryError('registry-denied', 'no'));
    await expect(fetchEnvelope(scenario.repository, signature)).rejects.toMatchObject({ code: 'registry-denied' });
  });
});
