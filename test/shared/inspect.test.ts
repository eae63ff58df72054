// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { NotaryError } from '../../shared/errors.ts';
import { inspectArtifact } from '../../shared/inspect.ts';
import { thumbprint } from '../../shared/x509/thumbprint.ts';
import { signEnvelope, tamper } from '../fakes/signed-envelope.ts';
import { Scenario, signer } from '../fakes/verification.ts';

describe('inspectArtifact', () => {
  let scenario: Scenario;
  beforeEach(() => {
    scenario = new Scenario();
  });

  function inspect(options: { readonly tagOrDigest?: string; readonly maxSignatures?: number } = {}) {
    const request = { name: 'reg.example/app', tagOrDigest: scenario.artifact.digest, ...options };
    return inspectArtifact(request, { source: scenario.repository });
  }

  it('[NP-396] shows an artifact without signatures', async () => {
    expect(await inspect({ tagOrDigest: 'v1' })).toEqual({
      reference: scenario.reference,
      artifact: scenario.artifact,
      signatures: [],
      truncated: false,
    });
  });

  it('shows what a signature says', async () => {
    const descriptor = scenario.sign({
      payload: { ...scenario.artifact, annotations: { build: '7' } },
      expiry: new Date('2027-01-01'),
      signingAgent: 'agent/1',
      format: 'cose',
    });
    const { signatures } = await inspect();
    expect(signatures).toEqual([
      {
        digest: descriptor.digest,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        size: descriptor.size,
        summary: {
          envelopeMediaType: 'application/cose',
          signingScheme: 'notary.x509',
          algorithm: 'ECDSA-SHA-256',
          signingTime: '2026-01-01T00:00:00Z',
          expiry: '2027-01-01T00:00:00Z',
          signingAgent: 'agent/1',
          timestamped: false,
          userMetadata: { build: '7' },
          certificates: signer.certificateChain.map((certificate) => ({
            subject: certificate.subject,
            issuer: certificate.issuer,
            notBefore: '2020-01-01T00:00:00Z',
            notAfter: '2120-01-01T00:00:00Z',
            thumbprint: thumbprint(certificate),
          })),
        },
      },
    ]);
  });

  it('shows a signature that does not verify: it is not the place to judge', async () => {
    scenario.attach(tamper(signEnvelope({ signer, payload: scenario.artifact })));
    expect((await inspect()).signatures[0]?.summary?.signingScheme).toBe('notary.x509');
  });

  it('[NP-397] shows the other signatures when one cannot be read', async () => {
    scenario.attach(new TextEncoder().encode('{}'));
    scenario.attach(new Uint8Array([1]), 'application/octet-stream');
    scenario.attachManifest('{"schemaVersion":2,"layers":[]}');
    const lost = scenario.sign({ format: 'cose' });
    scenario.repository.failures.set(`manifest ${lost.digest}`, new NotaryError('registry-unreachable', 'gone'));
    scenario.sign();
    const { signatures } = await inspect();
    expect(signatures.map(({ error }) => error)).toEqual([
      expect.stringMatching(/^jws envelope protected header can't be decoded/),
      'signature envelope format with media type "application/octet-stream" is not supported',
      'signature manifest requries exactly one signature envelope blob, got 0',
      'gone',
      undefined,
    ]);
    expect(signatures.map(({ summary }) => summary !== undefined)).toEqual([false, false, false, false, true]);
  });

  it('stops at the limit, and says that there are more', async () => {
    scenario.sign();
    scenario.sign({ format: 'cose' });
    expect(await inspect({ maxSignatures: 2 })).toMatchObject({ truncated: false, signatures: [{}, {}] });
    const { signatures, truncated } = await inspect({ maxSignatures: 1 });
    expect([signatures.length, truncated]).toEqual([1, true]);
  });

  it('does not take a listing that fails for an empty one', async () => {
    scenario.repository.failures.set(`list ${scenario.artifact.digest}`, new NotaryError('registry-response', 'odd'));
    await expect(inspect()).rejects.toMatchObject({ code: 'registry-response' });
  });

  it('throws when there is no such artifact', async () => {
    await expect(inspect({ tagOrDigest: 'v2' })).rejects.toMatchObject({ code: 'artifact-not-found' });
  });
});
