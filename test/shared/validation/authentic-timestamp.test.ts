// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { needsTimestamp, validateAuthenticTimestamp } from '../../../shared/validation/authentic-timestamp.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { type EnvelopeSpec, verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { type StatementJson, policyOf } from '../../fakes/trust-policy.ts';

const notBefore = new Date('2026-01-01T00:00:00Z');
const notAfter = new Date('2026-12-31T00:00:00Z');
const during = new Date('2026-06-01');
const after = new Date(notAfter.getTime() + 1000);
const authority = createCertificateAuthority({ name: 'time' });
const signer = authority.issue({ notBefore, notAfter });
const subject = 'CN=time Signer,O=time,ST=WA,C=US';
const token = new Uint8Array([0x30, 0]);

function envelopeOf(spec: Partial<EnvelopeSpec> = {}) {
  return verifiedEnvelope({ signer, payload: new TextEncoder().encode('{}'), signingTime: during, ...spec });
}

function validate(now: Date, spec: Partial<EnvelopeSpec> = {}) {
  return validateAuthenticTimestamp(envelopeOf(spec), 'enforce', now);
}

/** Whether a timestamp decides under the policy statement. */
function needs(now: Date, statement: StatementJson = {}, spec: Partial<EnvelopeSpec> = {}): boolean {
  const [parsed] = policyOf(statement).statements;
  if (parsed === undefined) throw new Error('no statement');
  return needsTimestamp(envelopeOf(spec), parsed, now);
}

const tsa = { trustStores: ['ca:acme', 'tsa:acme'] };
const afterCertExpiry = { ...tsa, signatureVerification: { level: 'strict', verifyTimestamp: 'afterCertExpiry' } };

describe('needsTimestamp', () => {
  it('[NP-281] [NP-282] does not without a tsa store, whatever the envelope carries', () => {
    for (const now of [during, after]) {
      expect(needs(now)).toBe(false);
      expect(needs(now, {}, { timestampSignature: token })).toBe(false);
    }
  });

  it('[NP-283] does whenever the policy lists a tsa store', () => {
    expect(needs(during, tsa)).toBe(true);
    expect(needs(after, tsa)).toBe(true);
    expect(needs(during, { ...tsa, signatureVerification: { level: 'strict', verifyTimestamp: 'always' } })).toBe(true);
  });

  it('[NP-284] [NP-285] does once a certificate has expired when the policy says so', () => {
    expect(needs(during, afterCertExpiry)).toBe(false);
    expect(needs(notAfter, afterCertExpiry)).toBe(false);
    expect(needs(after, afterCertExpiry)).toBe(true);
    const expiredRoot = createCertificateAuthority({ name: 'expired', root: { notAfter } }).issue();
    expect(needs(notAfter, afterCertExpiry, { signer: expiredRoot })).toBe(false);
    expect(needs(after, afterCertExpiry, { signer: expiredRoot })).toBe(true);
  });

  it('[NP-276] does not for a signing authority', () => {
    expect(needs(after, tsa, { signingScheme: 'notary.x509.signingAuthority' })).toBe(false);
  });
});

describe('validateAuthenticTimestamp', () => {
  it.each([notBefore, during, notAfter])('[NP-281] passes while all certificates are valid (%s)', (now) => {
    expect(validate(now).error).toBeUndefined();
    expect(validate(now, { timestampSignature: token }).error).toBeUndefined();
  });

  it('[NP-282] fails once a certificate has expired', () => {
    expect(validate(after)).toMatchObject({ type: 'authenticTimestamp', action: 'enforce' });
    expect(validate(after).error).toBe(
      `verification time is after certificate "${subject}" validity period, it was expired at "Thu, 31 Dec 2026 00:00:00 +0000"`,
    );
  });

  it('fails before a certificate is valid', () => {
    expect(validate(new Date(notBefore.getTime() - 1)).error).toBe(
      `verification time is before certificate "${subject}" validity period, it will be valid from "Thu, 01 Jan 2026 00:00:00 +0000"`,
    );
  });

  it('[SEC-12] names the certificate nearest the leaf of all that have expired', () => {
    expect(validate(new Date('2200-01-01')).error).toContain(subject);
    const expiredRoot = createCertificateAuthority({ name: 'expired', root: { notAfter } }).issue();
    expect(validate(after, { signer: expiredRoot }).error).toContain('certificate "CN=expired Root,');
  });

  it('[NP-276] judges a signing authority by its time, not by now', () => {
    const spec = { signingScheme: 'notary.x509.signingAuthority' } as const;
    expect(validate(after, spec).error).toBeUndefined();
    const judge = (date: Date, later: { isLater?: true } = {}) => {
      const envelope = envelopeOf(spec);
      const { expiry, extended } = envelope.signedAttributes;
      const authenticSigningTime = { date, offsetMinutes: 0, ...later };
      const signedAttributes = { ...spec, authenticSigningTime, expiry, extended };
      return validateAuthenticTimestamp({ ...envelope, signedAttributes }, 'enforce', during);
    };
    for (const atTheEdge of [notBefore, notAfter]) expect(judge(atTheEdge).error).toBeUndefined();
    expect(judge(notBefore, { isLater: true }).error).toBeUndefined();
    expect(judge(notAfter, { isLater: true }).error).toContain('was not valid when the digital signature was produced');
    expect(judge(notAfter).note).toContain('were valid at the authentic signing time');
    for (const outside of [new Date(notBefore.getTime() - 1), after]) {
      expect(judge(outside).error).toMatch(
        /^certificate "CN=time Signer,O=time,ST=WA,C=US" was not valid when the digital signature was produced at "\w+, \d\d \w+ 202\d \d\d:\d\d:\d\d \+0000"$/,
      );
    }
  });
});
