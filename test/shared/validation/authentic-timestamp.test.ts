// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { validateAuthenticTimestamp } from '../../../shared/validation/authentic-timestamp.ts';
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

function validate(now: Date, statement: StatementJson = {}, spec: Partial<EnvelopeSpec> = {}) {
  const payload = new TextEncoder().encode('{}');
  const envelope = verifiedEnvelope({ signer, payload, signingTime: during, ...spec });
  const [parsed] = policyOf(statement).statements;
  if (parsed === undefined) throw new Error('no statement');
  return validateAuthenticTimestamp(envelope, parsed, now);
}

const tsa = { trustStores: ['ca:acme', 'tsa:acme'] };
const afterCertExpiry = { ...tsa, signatureVerification: { level: 'strict', verifyTimestamp: 'afterCertExpiry' } };
const missing = 'no timestamp countersignature was found in the signature envelope';
const unavailable = 'timestamp verification is not available yet';

describe('validateAuthenticTimestamp', () => {
  it.each([notBefore, during, notAfter])(
    '[NP-281] passes without tsa store while all certificates are valid (%s)',
    (now) => {
      expect(validate(now).error).toBeUndefined();
      expect(validate(now, {}, { timestampSignature: token }).error).toBeUndefined();
    },
  );

  it('[NP-282] fails without tsa store once a certificate has expired', () => {
    expect(validate(after).error).toBe(
      `verification time is after certificate "${subject}" validity period, it was expired at "Thu, 31 Dec 2026 00:00:00 +0000"`,
    );
  });

  it('fails before a certificate is valid', () => {
    expect(validate(new Date(notBefore.getTime() - 1)).error).toBe(
      `verification time is before certificate "${subject}" validity period, it will be valid from "Thu, 01 Jan 2026 00:00:00 +0000"`,
    );
  });

  it('names the certificate nearest the leaf', () => {
    expect(validate(new Date('2200-01-01')).error).toContain(subject);
  });

  it('[NP-283] wants a token when the policy lists a tsa store', () => {
    expect(validate(during, tsa)).toMatchObject({ type: 'authenticTimestamp', action: 'enforce', error: missing });
  });

  it('does not pass a token that it cannot verify yet', () => {
    expect(validate(during, tsa, { timestampSignature: token }).error).toBe(unavailable);
    const permissive = { ...tsa, signatureVerification: { level: 'permissive' } };
    expect(validate(during, permissive, { timestampSignature: token })).toMatchObject({
      action: 'log',
      error: unavailable,
    });
  });

  it('[NP-284] wants no token before the certificates expire when the policy says so', () => {
    expect(validate(during, afterCertExpiry).error).toBeUndefined();
    expect(validate(notAfter, afterCertExpiry).error).toBeUndefined();
  });

  it('wants one as soon as they have', () => {
    expect(validate(after, afterCertExpiry).error).toBe(missing);
    expect(validate(after, afterCertExpiry, { timestampSignature: token }).error).toBe(unavailable);
  });

  it('[NP-276] judges a signing authority by its time, not by now', () => {
    const spec = { signingScheme: 'notary.x509.signingAuthority' } as const;
    expect(validate(after, tsa, spec).error).toBeUndefined();
    for (const outside of [new Date(notBefore.getTime() - 1), after]) {
      const [statement] = policyOf({}).statements;
      const envelope = verifiedEnvelope({
        signer,
        payload: new TextEncoder().encode('{}'),
        signingTime: during,
        ...spec,
      });
      const { expiry, extended } = envelope.signedAttributes;
      const authenticSigningTime = { date: outside, offsetMinutes: 0 };
      const signedAttributes = { ...spec, authenticSigningTime, expiry, extended };
      if (statement === undefined) throw new Error('no statement');
      expect(validateAuthenticTimestamp({ ...envelope, signedAttributes }, statement, during).error).toMatch(
        /^certificate "CN=time Signer,O=time,ST=WA,C=US" was not valid when the digital signature was produced at "\w+, \d\d \w+ 202\d \d\d:\d\d:\d\d \+0000"$/,
      );
    }
  });
});
