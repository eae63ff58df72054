// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { TrustPolicyStatement } from '../../../shared/trust/policy.ts';
import { type TrustedCertificates, storesFor, validateAuthenticity } from '../../../shared/validation/authenticity.ts';
import { createSelfSigned } from '../../fakes/certificate-authority.ts';
import { verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { type StatementJson, policyOf } from '../../fakes/trust-policy.ts';
import { acme, signer } from '../../fakes/verification.ts';

const payload = new TextEncoder().encode('{}');
const envelope = verifiedEnvelope({ signer, payload });
const store = { type: 'ca', name: 'acme' } as const;
const untrusted = "the signature's certificate chain does not contain any trusted certificate";

function statement(members: StatementJson = {}): TrustPolicyStatement {
  const [first] = policyOf(members).statements;
  if (first === undefined) throw new Error('no statement');
  return first;
}

function validate(trusted: TrustedCertificates, members: StatementJson = {}) {
  return validateAuthenticity(envelope, statement(members), trusted);
}

const audit = { signatureVerification: { level: 'audit' } };
const subject = { trustedIdentities: ['x509.subject: C=US, ST=WA, O=acme'] };
const other = { trustedIdentities: ['x509.subject: C=US, ST=WA, O=other'] };

describe('validateAuthenticity', () => {
  it.each([0, 1, 2])('[NP-197] passes when certificate %d of the chain is in a store', (index) => {
    const certificate = signer.certificateChain[index];
    if (certificate === undefined) throw new Error('no certificate');
    const result = validate([{ store, certificates: [certificate] }], subject);
    expect(result).toEqual({
      type: 'authenticity',
      action: 'enforce',
      note: `certificate "${certificate.subject}" is in trust store ca:acme; the signer is trusted identity "x509.subject: C=US, ST=WA, O=acme"`,
    });
  });

  it('[NP-197] fails when none is', () => {
    const stranger = createSelfSigned({ subject: 'C=US,ST=WA,O=acme,CN=acme Root' }).certificateChain;
    expect(validate([{ store, certificates: stranger }])).toMatchObject({
      error: untrusted,
      hint: expect.stringContaining('"CN=acme Root,O=acme,ST=WA,C=US"') as string,
    });
  });

  it('compares whole certificates, not their names', () => {
    const twin = createSelfSigned({ subject: acme.root.subject, notBefore: new Date('2021-01-01') });
    expect(validate([{ store, certificates: twin.certificateChain }]).error).toBe(untrusted);
  });

  it('[NP-277] fails when no store of the right type is listed', () => {
    expect(validate([]).error).toBe('no trusted certificates are found to verify authenticity');
    expect(validate([{ store, certificates: [] }]).error).toContain('no trusted certificates are found');
  });

  it('tells why a store could not be loaded', () => {
    expect(validate({ error: 'no store', hint: 'make one' })).toEqual({
      type: 'authenticity',
      action: 'enforce',
      error: 'no store',
      hint: 'make one',
    });
  });

  const trusted = [{ store, certificates: [acme.root.certificate] }];

  it('fails when the signer is no trusted identity', () => {
    expect(validate(trusted, other)).toMatchObject({
      error: expect.stringContaining('does not match the X.509 trusted identities') as string,
      hint: expect.stringContaining('the subject is "CN=acme Signer,O=acme,ST=WA,C=US"') as string,
    });
  });

  it('lets a wrong identity replace an untrusted chain that is only logged', () => {
    expect(validate([], { ...audit, ...other }).error).toContain('does not match the X.509 trusted identities');
    expect(validate([], { ...audit, ...subject }).error).toContain('no trusted certificates are found');
    expect(validate([], other).error).toContain('no trusted certificates are found');
  });

  it('[NP-220] trusts nobody by identities that only a plugin could read', () => {
    expect(validate(trusted, { trustedIdentities: ['foo:bar'] }).error).toBe(
      'no x509 trusted identities are configured in the trust policy "default"',
    );
  });
});

describe('storesFor', () => {
  const listed = statement({ trustStores: ['tsa:t', 'ca:b', 'signingAuthority:s', 'ca:a', 'ca:b'] });

  it('takes the stores of the scheme, each once, in order', () => {
    expect(storesFor(listed, 'notary.x509').map(({ name }) => name)).toEqual(['b', 'a']);
    expect(storesFor(listed, 'notary.x509.signingAuthority').map(({ name }) => name)).toEqual(['s']);
  });
});
