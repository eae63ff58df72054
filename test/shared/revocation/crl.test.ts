// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { deltaAddresses, findRevocation, validateCrlBundle, type CrlBundle } from '../../../shared/revocation/crl.ts';
import { parseRevocationList } from '../../../shared/revocation/revocation-list.ts';
import type { RevocationQuestion } from '../../../shared/revocation/revocation-question.ts';
import { createCertificateAuthority, issueCertificate } from '../../fakes/certificate-authority.ts';
import { basicConstraints, extension, keyUsage } from '../../fakes/certificate-extensions.ts';
import { context, contextPrimitive, integer, nullValue, sequence, text } from '../../fakes/der.ts';
import { issuedOf, questionOf, revocableSigner } from '../../fakes/revocable-chain.ts';
import {
  crl,
  deltaIndicator,
  freshestCrl,
  invalidityDate,
  reasonCode,
  type CrlSpec,
  type RevokedSpec,
} from '../../fakes/revocation-answers.ts';

const issued = issuedOf(revocableSigner());
const { issuer } = issued;
const { serialNumber } = issued.certificate.certificate;
const idp = extension('2.5.29.28', sequence(), { critical: true });

function bundleOf(base: Partial<CrlSpec> = {}, delta?: Partial<CrlSpec>): CrlBundle {
  const parse = (spec: Partial<CrlSpec>) => parseRevocationList(crl({ issuer, ...spec }));
  return { base: parse(base), ...(delta === undefined ? {} : { delta: parse(deltaSpec(delta)) }) };
}

function deltaSpec(delta: Partial<CrlSpec>): Partial<CrlSpec> {
  return { number: 2, extensions: [deltaIndicator(1)], ...delta };
}

/** Why the CRLs say nothing; undefined if they do. */
function problem(bundle: CrlBundle, question: RevocationQuestion = questionOf(issued)): string | undefined {
  try {
    validateCrlBundle(bundle, question);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('validateCrlBundle', () => {
  it('accepts a CRL, and a delta to it', () => {
    expect(problem(bundleOf())).toBeUndefined();
    expect(problem(bundleOf({}, {}))).toBeUndefined();
  });

  it('[NP-322] refuses an expired CRL, and one without nextUpdate', () => {
    const now = new Date('2026-06-01T00:00:00Z');
    expect(problem(bundleOf({ nextUpdate: now }))).toBeUndefined();
    expect(problem(bundleOf({ nextUpdate: new Date('2026-05-31T23:59:59Z') }))).toBe(
      'failed to validate base CRL: expired CRL. Current time 2026-06-01T00:00:00Z is after CRL NextUpdate 2026-05-31T23:59:59Z',
    );
    expect(problem(bundleOf({ nextUpdate: null }))).toBe('failed to validate base CRL: CRL NextUpdate is not set');
    expect(problem(bundleOf({ nextUpdate: new Date('0001-01-01T00:00:00Z') }))).toBe(
      'failed to validate base CRL: CRL NextUpdate is not set',
    );
    expect(problem(bundleOf({}, { nextUpdate: new Date('2026-01-01') }))).toMatch(
      /^failed to validate delta CRL: expired CRL/,
    );
  });

  it('[NP-323][SEC-13] refuses a CRL that is signed by another key', () => {
    const [other] = createCertificateAuthority({ name: 'another' }).intermediates;
    const bundle = { base: parseRevocationList(crl({ issuer: other ?? issuer })) };
    expect(problem(bundle)).toBe(
      `failed to validate base CRL: CRL is not signed by CA ${issuer.certificate.subject}: x509: ECDSA verification failure`,
    );
    const editSignature = (signature: Uint8Array) => signature.with(-1, (signature.at(-1) ?? 0) ^ 1);
    expect(problem(bundleOf({ editSignature }))).toMatch(/ECDSA verification failure$/);
    expect(problem(bundleOf({}, { editSignature }))).toMatch(/^failed to validate delta CRL: CRL is not signed/);
  });

  it('does not compare the name of the issuer', () => {
    const renamed = { ...issuer, subject: sequence() };
    expect(problem({ base: parseRevocationList(crl({ issuer: renamed })) })).toBeUndefined();
  });

  it.each([
    ['without cRLSign', 3, [basicConstraints({ ca: true }), keyUsage(['keyCertSign'])], false],
    ['without key usage', 3, [basicConstraints({ ca: true })], true],
    ['that is no CA', 3, [basicConstraints({ ca: false }), keyUsage(['cRLSign'])], false],
    ['without basic constraints', 3, [keyUsage(['cRLSign'])], false],
    ['of version 1', 1, [], true],
  ] as const)('accepts an issuer %s as Go does', (_, version, extensions, accepted) => {
    const authority = issueCertificate('ca', { version, extensions: [...extensions], subject: 'CN=some CA' });
    const certificate = issueCertificate('leaf', {}, authority);
    const found = problem(
      { base: parseRevocationList(crl({ issuer: authority })) },
      questionOf({ certificate, issuer: authority }),
    );
    expect(found === undefined).toBe(accepted);
    if (!accepted) expect(found).toContain('parent certificate cannot sign this kind of certificate');
  });

  it.each([
    ['SHA1-RSA', undefined],
    ['SHA256-RSA', undefined],
    ['SHA512-RSA', undefined],
    ['SHA256-RSAPSS', undefined],
    ['MD5-RSA', 'x509: cannot verify signature: insecure algorithm MD5-RSA'],
    ['SHA224-RSA', 'x509: cannot verify signature: algorithm unimplemented'],
  ] as const)('judges a CRL signed with %s', (signatureAlgorithm, expected) => {
    const authority = createCertificateAuthority({ intermediates: 0, keyType: 'RSA-2048' });
    const question = questionOf({ certificate: authority.issue().leaf, issuer: authority.root });
    const bundle = { base: parseRevocationList(crl({ issuer: authority.root, signatureAlgorithm })) };
    if (expected === undefined) expect(problem(bundle, question)).toBeUndefined();
    else expect(problem(bundle, question)).toMatch(new RegExp(`: ${expected}$`));
  });

  it('[NP-324] refuses an unknown critical extension, but not an issuing distribution point', () => {
    const critical = extension('1.2.3', nullValue(), { critical: true });
    expect(problem(bundleOf({ extensions: [critical] }))).toBe(
      'failed to validate base CRL: unsupported critical extension found in CRL: 1.2.3',
    );
    expect(problem(bundleOf({}, { extensions: [deltaIndicator(1), critical] }))).toBe(
      'failed to validate delta CRL: unsupported critical extension found in CRL: 1.2.3',
    );
    expect(problem(bundleOf({ extensions: [idp] }))).toBeUndefined();
    expect(problem(bundleOf({ extensions: [extension('1.2.3', nullValue())] }))).toBeUndefined();
  });

  it('[NP-329] refuses a delta that does not fit its base', () => {
    expect(problem(bundleOf({ number: 2 }, {}))).toBe('delta CRL number 2 is not greater than the base CRL number 2');
    expect(problem(bundleOf({ number: 3 }, {}))).toBe('delta CRL number 2 is not greater than the base CRL number 3');
    expect(problem(bundleOf({}, { extensions: [deltaIndicator(2)] }))).toBe(
      'delta CRL indicator 2 is not less than or equal to the base CRL number 1',
    );
    expect(problem(bundleOf({}, { extensions: [deltaIndicator(0)] }))).toBeUndefined();
    expect(problem(bundleOf({}, { extensions: [] }))).toBe('delta CRL indicator extension is not found');
    const odd = extension('2.5.29.27', nullValue(), { critical: true });
    expect(problem(bundleOf({}, { extensions: [odd] }))).toBe('failed to parse delta CRL indicator extension');
  });

  it('refuses a delta where a CRL number is missing; the reference crashes if one of the two has it', () => {
    expect(problem(bundleOf({ number: null }, {}))).toBe(
      'delta CRL number 2 is not greater than the base CRL number <nil>',
    );
    expect(problem(bundleOf({}, { number: null }))).toBe(
      'delta CRL number <nil> is not greater than the base CRL number 1',
    );
    expect(problem(bundleOf({ number: null }, { number: null }))).toBe(
      'delta CRL number <nil> is not greater than the base CRL number <nil>',
    );
    expect(problem(bundleOf({ number: null }))).toBeUndefined();
  });

  it('[SEC-43] compares CRL numbers exactly', () => {
    const base = { number: null, extensions: [extension('2.5.29.20', integer(2n ** 64n))] };
    const delta = { number: null, extensions: [extension('2.5.29.20', integer(2n ** 64n + 1n)), deltaIndicator(1)] };
    expect(problem(bundleOf(base, delta))).toBeUndefined();
    expect(problem(bundleOf(delta, base))).toMatch(/^delta CRL number 18446744073709551616 is not greater/);
  });

  it('[NP-330] does not support a delta that only the certificate names', () => {
    const named = issuedOf(revocableSigner({ extensions: [freshestCrl('http://crl.example/delta')] }));
    const bundle = bundleOf();
    expect(problem(bundle, questionOf(named))).toBe('freshest CRL from certificate extension is not supported');
    expect(problem(bundleOf({}, {}), questionOf(named))).toBeUndefined();
  });
});

describe('findRevocation', () => {
  function isRevoked(
    base: readonly RevokedSpec[],
    delta?: readonly RevokedSpec[],
    authenticSigningTime?: Date,
  ): boolean {
    const bundle = bundleOf({ revoked: base }, delta && { revoked: delta });
    return findRevocation(bundle, questionOf(issued, { authenticSigningTime })) !== undefined;
  }

  const entry = (spec: Partial<RevokedSpec> = {}): RevokedSpec => ({ serialNumber, ...spec });
  const hold = 6;
  const remove = 8;
  const [early, late] = [new Date('2024-01-01'), new Date('2024-01-02')];

  it('finds nothing in a CRL of others', () => {
    expect(isRevoked([])).toBe(false);
    expect(isRevoked([entry({ serialNumber: serialNumber + 1n, reason: 1 })])).toBe(false);
  });

  it.each([undefined, 0, 1, 2, 3, 4, 5, 7, 9, 10, 99])(
    '[NP-320] finds a certificate revoked for reason %s',
    (reason) => {
      expect(isRevoked([entry(reason === undefined ? {} : { reason })])).toBe(true);
      expect(isRevoked([], [entry(reason === undefined ? {} : { reason })])).toBe(true);
    },
  );

  it('[NP-321] finds a certificate on hold until the hold is lifted', () => {
    expect(isRevoked([entry({ reason: hold })])).toBe(true);
    expect(isRevoked([entry({ reason: hold, date: early })], [entry({ reason: remove, date: late })])).toBe(false);
    expect(isRevoked([entry({ reason: remove, date: early }), entry({ reason: hold, date: late })])).toBe(true);
    expect(isRevoked([entry({ reason: hold, date: late })], [entry({ reason: remove, date: early })])).toBe(true);
    expect(isRevoked([entry({ reason: remove })])).toBe(false);
  });

  it('counts the first of two entries of one time', () => {
    expect(isRevoked([entry({ reason: hold, date: late }), entry({ reason: remove, date: late })])).toBe(true);
    expect(isRevoked([entry({ reason: remove, date: late }), entry({ reason: hold, date: late })])).toBe(false);
  });

  it('counts a final reason whenever it is given', () => {
    expect(isRevoked([entry({ reason: 1, date: early })], [entry({ reason: remove, date: late })])).toBe(true);
    expect(isRevoked([entry({ reason: remove, date: late }), entry({ reason: 1, date: early })])).toBe(true);
  });

  it('passes a certificate that a signing authority saw before it became invalid', () => {
    const extensions = [invalidityDate(new Date('2025-06-01'))];
    const before = new Date('2025-05-31');
    expect(isRevoked([entry({ reason: 1, extensions })], undefined, before)).toBe(false);
    expect(isRevoked([entry({ reason: 1, extensions })], undefined, new Date('2025-06-01'))).toBe(true);
    expect(isRevoked([entry({ reason: 1, extensions })])).toBe(true);
    expect(isRevoked([entry({ reason: 1 })], undefined, before)).toBe(true);
    // finer than the time of a signing authority
    const fraction = [extension('2.5.29.24', text(0x18, '20250601000000.000000001Z'))];
    expect(isRevoked([entry({ extensions: fraction })], undefined, new Date('2025-06-01'))).toBe(false);
    // at once, whatever comes later
    expect(isRevoked([entry({ reason: hold, extensions }), entry({ reason: 1 })], undefined, before)).toBe(false);
    expect(isRevoked([entry({ reason: 1 }), entry({ reason: hold, extensions })], undefined, before)).toBe(true);
  });

  it('fails on entries of the certificate that cannot be understood, and on no others', () => {
    const critical = [extension('1.2.3', nullValue(), { critical: true })];
    expect(() => isRevoked([entry({ extensions: critical })])).toThrow(
      'unsupported critical extension found in CRL: 1.2.3',
    );
    expect(() => isRevoked([entry({ extensions: [reasonCode(1, { critical: true })] })])).toThrow('2.5.29.21');
    expect(isRevoked([entry({ extensions: [extension('1.2.3', nullValue())], reason: remove })])).toBe(false);
    expect(isRevoked([entry({ serialNumber: 4711n, extensions: critical })])).toBe(false);
    // a critical invalidity date is understood
    expect(isRevoked([entry({ extensions: [invalidityDate(early, { critical: true })] })])).toBe(true);
    const odd = [extension('2.5.29.24', text(0x18, '20250631000000Z'))];
    expect(() => isRevoked([entry({ extensions: odd })])).toThrow(/^failed to parse invalidity date: /);
    const trailing = [extension('2.5.29.24', Buffer.concat([text(0x18, '20250601000000Z'), nullValue()]))];
    expect(() => isRevoked([entry({ extensions: trailing })])).toThrow(
      'invalid invalidity date extension: trailing data',
    );
  });
});

describe('deltaAddresses', () => {
  const addresses = (...extensions: readonly Uint8Array[]) => deltaAddresses(bundleOf({ extensions }).base);

  it('reads the first run of URIs of each distribution point', () => {
    expect(addresses()).toEqual([]);
    expect(addresses(freshestCrl())).toEqual([]);
    expect(addresses(freshestCrl('http://a', 'ldap://b'))).toEqual(['http://a', 'ldap://b']);
    const uri = (address: string) => contextPrimitive(6, Buffer.from(address));
    const mixed = sequence(
      sequence(context(0, context(0, uri('http://a'), contextPrimitive(2, Buffer.from('dns')), uri('http://b')))),
    );
    expect(addresses(extension('2.5.29.46', mixed))).toEqual(['http://a']);
  });

  it('refuses what is malformed', () => {
    expect(() => addresses(extension('2.5.29.46', nullValue()))).toThrow(/^failed to parse Freshest CRL extension: /);
  });
});
