// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { type ExtendedAttribute, envelopeMediaTypes } from '../../shared/envelope/content.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { encodeSignatureManifest } from '../../shared/oci/signature-manifest.ts';
import { policyOf } from '../fakes/trust-policy.ts';
import { signEnvelope, tamper } from '../fakes/signed-envelope.ts';
import { Scenario, imageManifestType, signer } from '../fakes/verification.ts';

/** The envelope with a signature that does not fit. */
function spoil(envelope: Uint8Array, format: 'jws' | 'cose'): Uint8Array {
  if (format === 'jws') return tamper(envelope);
  // COSE ends with the signature
  return envelope.map((byte, index) => (index === envelope.length - 1 ? byte ^ 1 : byte));
}

describe('verifyArtifact, with a registry that is against it', () => {
  let scenario: Scenario;
  beforeEach(() => {
    scenario = new Scenario();
  });

  it('[SEC-10] resolves a tag once, and names the digest that was verified', async () => {
    scenario.sign();
    const evil = scenario.repository.putManifest(imageManifestType, '{"schemaVersion":2,"evil":true}');
    let resolved = 0;
    const answers: readonly Descriptor[] = [scenario.artifact, evil];
    const source = Object.assign(Object.create(scenario.repository) as typeof scenario.repository, {
      resolve: () => Promise.resolve(answers[resolved++ % 2] ?? evil),
      fetchManifest: scenario.repository.fetchManifest.bind(scenario.repository),
      fetchBlob: scenario.repository.fetchBlob.bind(scenario.repository),
      listReferrers: scenario.repository.listReferrers.bind(scenario.repository),
    });
    const outcome = await scenario.verify({ tagOrDigest: 'v1' }, { source });
    expect(resolved).toBe(1);
    expect(outcome).toMatchObject({ outcome: 'verified', reference: scenario.reference });

    // The other answer first: what is asked about then is the other artifact, which nobody has signed.
    const other = await scenario.verify({ tagOrDigest: 'v1' }, { source });
    expect(other).toMatchObject({ outcome: 'failed', artifact: { digest: evil.digest } });
  });

  it('[SEC-9] [SEC-10] refuses another digest than the one that was asked for', async () => {
    scenario.sign();
    const evil = scenario.repository.putManifest(imageManifestType, '{"schemaVersion":2,"evil":true}');
    const source = Object.assign(Object.create(scenario.repository) as typeof scenario.repository, {
      resolve: () => Promise.resolve(evil),
    });
    await expect(scenario.verify({}, { source })).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  it.each(['jws', 'cose'] as const)(
    '[SEC-6] acts on nothing that a signature in %s says before it holds',
    async (format) => {
      const asked: string[] = [];
      const plugin: ExtendedAttribute = { key: 'io.cncf.notary.verificationPlugin', critical: true, value: 'p' };
      const spec = { signer, format, extended: [plugin], expiry: new Date('2026-02-01') };
      const payloads = [scenario.artifact, Buffer.from('{"targetArtifact":{"size":-1},"x":[') as Uint8Array];
      for (const payload of format === 'cose' ? payloads : [scenario.artifact]) {
        scenario.attach(spoil(signEnvelope({ ...spec, payload }), format), envelopeMediaTypes[format]);
      }
      const outcome = await scenario.verify(
        { requiredMetadata: new Map([['a', '1']]) },
        {
          trustStore: { load: (type, name) => Promise.reject(new Error(asked.push(`${type}:${name}`).toString())) },
          plugins: { locate: (name) => Promise.reject(new Error(asked.push(name).toString())) },
          revocation: { check: () => Promise.reject(new Error(asked.push('revocation').toString())) },
        },
      );
      expect(asked).toEqual([]);
      expect(outcome.outcome).toBe('failed');
      expect(outcome.signatures).not.toEqual([]);
      for (const { verified, validations, error } of outcome.signatures) {
        expect(verified).toBe(false);
        expect(validations.map(({ type }) => type)).toEqual(['integrity']);
        expect(validations[0]?.error).toMatch(/^signature is invalid\. Error: /);
        expect(error).toBeUndefined();
      }
    },
  );

  it('[REG-82] [SEC-8] stops at the hundredth signature, and takes only a positive limit', async () => {
    for (let count = 0; count < 101; count++) scenario.attach(Buffer.from(`junk ${count}`));
    const outcome = await scenario.verify();
    expect(outcome).toMatchObject({ outcome: 'failed' });
    expect(outcome.signatures).toHaveLength(100);
    expect('error' in outcome ? outcome.error : '').toContain(
      'limit of 100 signatures to verify per artifact exceeded',
    );
    for (const maxSignatures of [0, -1, Number.NaN]) {
      await expect(scenario.verify({ maxSignatures })).rejects.toMatchObject({ code: 'input-invalid' });
    }
  });

  it('[REG-82] [SEC-8] finds the good signature behind 99 bad ones', async () => {
    for (let count = 0; count < 99; count++) scenario.attach(Buffer.from(`junk ${count}`));
    scenario.sign();
    expect((await scenario.verify()).outcome).toBe('verified');
  });

  it('[REG-84] does not take the signature of another artifact, and goes on to the next one', async () => {
    const other = scenario.repository.putManifest(imageManifestType, '{"schemaVersion":2,"other":true}');
    const envelope = signEnvelope({ signer, payload: other });
    const layer = scenario.repository.putBlob('application/jose+json', envelope);
    const annotations = { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' };
    const form = 'config-media-type';
    scenario.attachManifest(encodeSignatureManifest({ form, envelope: layer, subject: other, annotations }));
    expect((await scenario.verify({ policy: policyOf({}) })).outcome).toBe('failed');
    const good = scenario.sign();
    const outcome = await scenario.verify();
    expect(outcome.outcome).toBe('verified');
    expect(outcome.signatures.at(-1)?.digest).toBe(good.digest);
  });
});
