// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import type { EnvelopeFormat, VerifiedEnvelope } from '../../shared/envelope/content.ts';
import { NotaryError } from '../../shared/errors.ts';
import type { RevocationSource } from '../../shared/ports.ts';
import type { CertificateRevocation } from '../../shared/revocation/status.ts';
import type { ValidationResult } from '../../shared/validation/outcome.ts';
import { verifyTimestamp } from '../../shared/verify-timestamp.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { verifiedEnvelope } from '../fakes/signed-envelope.ts';
import { accuracy, makeToken, tsaAuthority, tsaSigner, type TokenSpec } from '../fakes/timestamp-token.ts';
import { policyOf, type StatementJson } from '../fakes/trust-policy.ts';
import { MemoryTrustStore } from '../fakes/verification.ts';

const notBefore = new Date('2026-01-01T00:00:00Z');
const notAfter = new Date('2026-12-31T00:00:00Z');
const during = new Date('2026-06-15');
const after = new Date('2028-01-01');
const signer = createCertificateAuthority({ name: 'acme' }).issue({ notBefore, notAfter });
const tsa = { trustStores: ['ca:acme', 'tsa:clocks'] };
const afterCertExpiry = { ...tsa, signatureVerification: { level: 'strict', verifyTimestamp: 'afterCertExpiry' } };

/** An envelope with a timestamp of its signature, or none. */
function envelopeWith(spec: Partial<TokenSpec> | undefined, format: EnvelopeFormat = 'jws'): VerifiedEnvelope {
  const payload = new TextEncoder().encode('{}');
  const envelope = verifiedEnvelope({ signer, payload, signingTime: during, format });
  if (spec === undefined) return envelope;
  const timestampSignature = makeToken({ message: envelope.signature, ...spec });
  return { ...envelope, unsignedAttributes: { ...envelope.unsignedAttributes, timestampSignature } };
}

/** Answers the same for every certificate but the root, and keeps what was asked. */
class FixedRevocation implements RevocationSource {
  status: CertificateRevocation['status'] = 'good';
  failure: NotaryError | undefined;
  readonly asked: unknown[] = [];

  check(...[chain, purpose, time]: Parameters<RevocationSource['check']>): Promise<CertificateRevocation[]> {
    this.asked.push([chain.length, purpose, time]);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const root = chain.length - 1;
    const results = chain.map(
      ({ subject }, i) => ({ subject, status: i === root ? 'not-revokable' : this.status }) as const,
    );
    return Promise.resolve(results);
  }
}

describe('verifyTimestamp', () => {
  let trustStore: MemoryTrustStore;
  let revocation: FixedRevocation;
  beforeEach(() => {
    trustStore = new MemoryTrustStore();
    trustStore.stores.set('tsa:clocks', [tsaAuthority.root.certificate]);
    revocation = new FixedRevocation();
  });

  function verify(envelope: VerifiedEnvelope, statement: StatementJson = tsa, now = during): Promise<ValidationResult> {
    const [parsed] = policyOf(statement).statements;
    if (parsed === undefined) throw new Error('no statement');
    return verifyTimestamp(envelope, parsed, now, { trustStore, revocation });
  }

  it.each(['jws', 'cose'] as const)('passes a good timestamp of a %s signature, and says so', async (format) => {
    expect(await verify(envelopeWith({}, format))).toEqual({
      type: 'authenticTimestamp',
      action: 'enforce',
      note: 'timestamped at 2026-06-01T00:00:10Z by "CN=TSA,C=US", when all certificates were valid; certificates checked: 2',
      revocation: expect.any(Array) as unknown,
      timestamp: {
        earliest: '2026-06-01T00:00:10Z',
        latest: '2026-06-01T00:00:10Z',
        certificates: tsaSigner.chain.map(
          ({ certificate: { subject } }) => expect.objectContaining({ subject }) as unknown,
        ),
      },
    });
    expect(revocation.asked).toEqual([[3, 'timestamping', undefined]]);
  });

  it('[NP-285] passes an expired certificate by a timestamp inside its validity', async () => {
    expect((await verify(envelopeWith({}), afterCertExpiry, after)).error).toBeUndefined();
    expect((await verify(envelopeWith({}), tsa, after)).error).toBeUndefined();
    expect((await verify(envelopeWith(undefined), {}, after)).error).toMatch(/^verification time is after certificate/);
  });

  it('[NP-281] looks at no token without a tsa store', async () => {
    expect(
      (await verify(envelopeWith({ content: new Uint8Array() }), { trustStores: ['ca:acme'] })).error,
    ).toBeUndefined();
    expect(trustStore.loaded).toEqual([]);
  });

  it('[NP-284] looks at no token before the certificates expire when the policy says so', async () => {
    expect((await verify(envelopeWith(undefined), afterCertExpiry)).error).toBeUndefined();
    expect(revocation.asked).toEqual([]);
  });

  it('[NP-283] wants a token', async () => {
    const missing = 'no timestamp countersignature was found in the signature envelope';
    expect(await verify(envelopeWith(undefined))).toMatchObject({ error: missing });
    const empty = envelopeWith(undefined);
    const unsignedAttributes = { ...empty.unsignedAttributes, timestampSignature: new Uint8Array() };
    expect(await verify({ ...empty, unsignedAttributes })).toMatchObject({ error: missing });
  });

  it.each<[string, Partial<TokenSpec>, RegExp]>([
    ['[NP-287] another content', { contentType: '1.2.3' }, /^failed to parse timestamp countersignature with error: /],
    ['[NP-288] no TSTInfo', { content: new Uint8Array() }, /^failed to get the timestamp TSTInfo with error: /],
    [
      '[NP-289] [SEC-13] another signature',
      { message: Buffer.from('x') },
      /with error: invalid TSTInfo: mismatched message$/,
    ],
    ['[NP-295] V1 only', { signingCertificate: 'v1' }, /^failed to verify the timestamp countersignature with error: /],
    ['[NP-291] a time too early', { genTime: '20251231235959Z' }, /^timestamp can be before certificate/],
    ['[NP-292] a time too late', { genTime: '20261231000001Z' }, /^timestamp can be after certificate/],
    [
      '[NP-293] an accuracy that reaches beyond',
      { genTime: '20261230235959Z', accuracy: [accuracy.seconds(2)] },
      /^timestamp can be after certificate/,
    ],
  ])('refuses %s', async (_, spec, error) => {
    expect((await verify(envelopeWith(spec))).error).toMatch(error);
  });

  it('[NP-286] refuses garbage, loudly also where it is only logged', async () => {
    const envelope = envelopeWith(undefined);
    const unsignedAttributes = { ...envelope.unsignedAttributes, timestampSignature: Buffer.from('garbage') };
    const permissive = { ...tsa, signatureVerification: { level: 'permissive' } };
    expect(await verify({ ...envelope, unsignedAttributes }, permissive)).toMatchObject({
      action: 'log',
      error: expect.stringMatching(/^failed to parse timestamp countersignature with error: /) as unknown,
    });
  });

  it('loads the stores in order, each once, and only for a token that fits', async () => {
    trustStore.stores.set('tsa:others', [createCertificateAuthority({ name: 'others' }).root.certificate]);
    const several = { trustStores: ['ca:acme', 'tsa:others', 'tsa:clocks', 'tsa:others'] };
    expect((await verify(envelopeWith({}), several)).error).toBeUndefined();
    expect(trustStore.loaded).toEqual(['tsa:others', 'tsa:clocks']);
    await verify(envelopeWith({ message: Buffer.from('x') }), several);
    expect(trustStore.loaded).toHaveLength(2);
  });

  it('[NP-290] fails without a trusted root', async () => {
    trustStore.stores.set('tsa:clocks', [createCertificateAuthority({ name: 'others' }).root.certificate]);
    expect((await verify(envelopeWith({}))).error).toBe(
      'failed to verify the timestamp countersignature with error: failed to verify signed token: ' +
        'cms verification failure: x509: certificate signed by unknown authority',
    );
    trustStore.stores.set('tsa:clocks', []);
    expect((await verify(envelopeWith({}))).error).toBe('no trusted TSA certificate found in trust store');
    trustStore.stores.clear();
    expect(await verify(envelopeWith({}))).toMatchObject({
      error: 'failed to load tsa trust store with error: the trust store "clocks" of type "tsa" does not exist',
      hint: 'Create it.',
    });
  });

  it('[SEC-14] [SEC-18] checks revocation of the authority, and tells when nothing could be checked', async () => {
    revocation.status = 'revoked';
    expect((await verify(envelopeWith({}))).error).toBe(
      'timestamping certificate with subject "CN=TSA,C=US" is revoked',
    );
    revocation.status = 'unknown';
    expect((await verify(envelopeWith({}))).error).toBe(
      'timestamping certificate with subject "CN=TSA,C=US" revocation status is unknown',
    );
    revocation.status = 'not-revokable';
    expect((await verify(envelopeWith({}))).note).toMatch(/; no certificate names an OCSP responder or a CRL$/);
    revocation.failure = new NotaryError('chain-invalid', 'no');
    expect((await verify(envelopeWith({}))).error).toBe(
      'failed to check timestamping certificate chain revocation with error: no',
    );
  });
});
