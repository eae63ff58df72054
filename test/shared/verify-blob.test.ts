// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { type EnvelopeFormat, envelopeMediaTypes } from '../../shared/envelope/content.ts';
import type { VerifyPorts } from '../../shared/ports.ts';
import { type DigestAlgorithm, digestOf } from '../../shared/primitives/digest.ts';
import { parseBlobTrustPolicy } from '../../shared/trust/blob-policy.ts';
import type { VerificationOutcome } from '../../shared/validation/outcome.ts';
import { type VerifyBlobRequest, verifyBlob } from '../../shared/verify-blob.ts';
import { MemoryBlob } from '../fakes/memory-blob.ts';
import { type EnvelopeSpec, signEnvelope, tamper } from '../fakes/signed-envelope.ts';
import { skipStatement } from '../fakes/trust-policy.ts';
import type { StatementJson } from '../fakes/trust-policy.ts';
import { unreachableServers } from '../fakes/revocation-source.ts';
import { noVerificationPlugins } from '../fakes/verification-plugins.ts';
import { MemoryTrustStore, acme, quietLog, signer } from '../fakes/verification.ts';

function policyOf(statement: StatementJson = {}) {
  const strict = { name: 'files', globalPolicy: true, trustStores: ['ca:acme'], trustedIdentities: ['*'] };
  const statements = [{ ...strict, signatureVerification: { level: 'strict' }, ...statement }];
  const text = JSON.stringify({ version: '1.0', trustPolicies: statements });
  return parseBlobTrustPolicy(Buffer.from(text), 'trustpolicy.blob.json');
}

describe('verifyBlob', () => {
  let blob: MemoryBlob;
  let trustStore: MemoryTrustStore;
  beforeEach(() => {
    blob = new MemoryBlob();
    trustStore = new MemoryTrustStore();
    trustStore.stores.set('ca:acme', [acme.root.certificate]);
  });

  function payloadOf(content: Uint8Array, algorithm: DigestAlgorithm = 'sha256') {
    return { mediaType: 'application/zip', digest: digestOf(content, algorithm), size: content.length };
  }

  async function attach(spec: Partial<EnvelopeSpec> = {}, edit = (bytes: Uint8Array) => bytes): Promise<void> {
    const bytes = edit(signEnvelope({ signer, payload: payloadOf(blob.content), ...spec }));
    await blob.writeSignature(spec.format ?? 'jws', bytes);
  }

  function verify(request: Partial<VerifyBlobRequest> = {}): Promise<VerificationOutcome> {
    const ports: Omit<VerifyPorts, 'source'> = {
      trustStore,
      revocation: unreachableServers,
      plugins: noVerificationPlugins,
      clock: { now: () => new Date('2026-06-01') },
      log: quietLog,
    };
    return verifyBlob(
      { policy: policyOf(), contentMediaType: undefined, requiredMetadata: new Map(), ...request },
      { ...ports, blob },
    );
  }

  async function failure(request: Partial<VerifyBlobRequest> = {}): Promise<string> {
    const outcome = await verify(request);
    return outcome.outcome === 'failed' ? outcome.error : expect.fail(`the outcome is ${outcome.outcome}`);
  }

  it.each<EnvelopeFormat>(['jws', 'cose'])('verifies a signature file in %s', async (format) => {
    await attach({ format });
    const outcome = await verify();
    expect(outcome).toMatchObject({
      outcome: 'verified',
      requested: 'app.zip',
      reference: 'app.zip',
      statement: 'files',
      level: { name: 'strict' },
      warnings: [],
    });
    expect(outcome.signatures).toMatchObject([
      { verified: true, file: `app.zip.${format}.sig`, signature: { envelopeMediaType: envelopeMediaTypes[format] } },
    ]);
  });

  it.each([
    ['RSA-3072', 'sha384'],
    ['EC-521', 'sha512'],
  ] as const)('[NP-24] [NP-25] takes the digest by the hash of the signature: %s', async (keyType, algorithm) => {
    await attach({ signer: acme.issue({ keyType }), payload: payloadOf(blob.content, algorithm) });
    expect((await verify()).outcome).toBe('verified');
    await attach({ signer: acme.issue({ keyType }), payload: payloadOf(blob.content) });
    expect(await failure()).toContain('integrity check failed. signature does not match the given blob');
  });

  it('[NP-273] refuses a file that was altered', async () => {
    await attach();
    blob.content = Buffer.from('contenT');
    expect(await failure()).toContain('integrity check failed. signature does not match the given blob');
    await attach({ payload: { ...payloadOf(blob.content), size: 8 } });
    expect(await failure()).toContain('integrity check failed. signature does not match the given blob');
  });

  it('[NP-274] compares the media type only when one is given', async () => {
    await attach();
    expect((await verify({ contentMediaType: 'application/zip' })).outcome).toBe('verified');
    expect(await failure({ contentMediaType: 'Application/zip' })).toContain('integrity check failed.');
    await expect(verify({ contentMediaType: 'a/b/c' })).rejects.toThrow('invalid content media-type "a/b/c": mime:');
  });

  it('[NP-275] refuses required metadata with a reserved key', async () => {
    await attach();
    expect(await failure({ requiredMetadata: new Map([['io.cncf.notary.x', '1']]) })).toContain(
      'failed to generate descriptor for given artifact. Error: error adding user metadata: metadata key io.cncf.notary.x has reserved prefix io.cncf.notary',
    );
  });

  it('wants the metadata that is required, before it compares the file', async () => {
    await attach({ payload: { ...payloadOf(blob.content), annotations: { k: 'v' } } });
    expect((await verify({ requiredMetadata: new Map([['k', 'v']]) })).outcome).toBe('verified');
    blob.content = Buffer.from('other');
    expect(await failure({ requiredMetadata: new Map([['k', 'w']]) })).toContain(
      'unable to find specified metadata in the signature',
    );
  });

  it('takes the first of the two signature files that verifies', async () => {
    await attach({}, tamper);
    await attach({ format: 'cose' });
    const { outcome, signatures } = await verify();
    expect([outcome, signatures.map(({ verified }) => verified)]).toEqual(['verified', [false, true]]);
  });

  it('[NP-394] fails without a signature file, and names the files it looked for', async () => {
    expect(await verify()).toMatchObject({
      outcome: 'failed',
      error: 'no signature is associated with "app.zip", make sure the file was signed successfully',
      hint: expect.stringContaining('app.zip.jws.sig, app.zip.cose.sig') as string,
    });
  });

  it('does not look at signatures at level skip, where the reference crashes', async () => {
    await attach({}, tamper);
    const outcome = await verify({ policy: policyOf(skipStatement) });
    expect(outcome).toMatchObject({ outcome: 'skipped', statement: 'files', signatures: [] });
  });

  it('[NP-242] fails when no statement applies', async () => {
    await attach();
    expect(await failure({ policyName: 'other' })).toBe('no applicable blob trust policy with name "other"');
    expect(await failure({ policy: policyOf({ globalPolicy: false }) })).toBe('no global blob trust policy');
    expect((await verify({ policy: policyOf({ globalPolicy: false }), policyName: 'files' })).outcome).toBe('verified');
  });

  it('refuses a signature of an artifact with the same digest and another payload type', async () => {
    await attach({ contentType: 'application/json' });
    expect(await failure()).toContain('payload content type "application/json" not supported');
  });

  it('is as strict with files as with artifacts', async () => {
    await attach({ extended: [{ key: 'k', critical: true, value: 'v' }] });
    expect((await verify()).outcome).toBe('verified');
    expect(await failure({ strictness: 'strict' })).toContain('the signature has the critical attribute "k"');
  });
});
