// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateOcsp } from '../../../shared/revocation/ocsp.ts';
import type { RevocationQuestion } from '../../../shared/revocation/revocation-question.ts';
import { createCertificateAuthority, issueCertificate } from '../../fakes/certificate-authority.ts';
import { defaultExtensions, extendedKeyUsage, extension } from '../../fakes/certificate-extensions.ts';
import { der, integer, nullValue, octetString, oid, sequence, text } from '../../fakes/der.ts';
import { issuedOf, questionOf, revocableSigner } from '../../fakes/revocable-chain.ts';
import {
  invalidityDate,
  ocspResponse,
  singleResponse,
  type Issued,
  type OcspSpec,
} from '../../fakes/revocation-answers.ts';

const issued = issuedOf(revocableSigner());
const { issuer } = issued;

function evaluate(spec: Partial<OcspSpec> = {}, options: Partial<RevocationQuestion> = {}) {
  const about: Issued = { ...issued, ...spec };
  return evaluateOcsp(ocspResponse({ ...issued, ...spec }), questionOf(about, options));
}

const expired = 'error checking revocation status via OCSP: expired OCSP response';

describe('evaluateOcsp', () => {
  it.each([
    ['good', { result: 'good', nextUpdate: '2100-01-01T00:00:00Z', decided: true }],
    [
      'revoked',
      {
        result: 'revoked',
        error: 'certificate is revoked via OCSP',
        nextUpdate: '2100-01-01T00:00:00Z',
        decided: true,
      },
    ],
    [
      'unknown',
      {
        result: 'unknown',
        error: 'certificate has unknown status via OCSP',
        nextUpdate: '2100-01-01T00:00:00Z',
        decided: true,
      },
    ],
  ] as const)('[NP-310] takes %s for what it is', (status, answer) => {
    expect(evaluate({ status })).toEqual(answer);
  });

  it('takes two statuses at once for unknown, and none for revoked, as the reference does', () => {
    expect(evaluate({ status: 'both' }).result).toBe('unknown');
    expect(evaluate({ status: 'none' }).result).toBe('revoked');
  });

  it.each(['good', 'revoked', 'unknown'] as const)(
    '[NP-315] does not use an expired response of status %s',
    (status) => {
      const nextUpdate = new Date('2026-05-31T23:59:59Z');
      expect(evaluate({ status, nextUpdate })).toEqual({ result: 'unknown', error: expired, decided: false });
    },
  );

  it('uses a response up to and including its nextUpdate', () => {
    const nextUpdate = new Date('2026-06-01T00:00:00Z');
    expect(evaluate({ nextUpdate }, { now: nextUpdate }).result).toBe('good');
    expect(evaluate({ nextUpdate }, { now: new Date(nextUpdate.getTime() + 1) }).error).toBe(expired);
    const fraction = text(0x18, '20260601000000.5Z');
    expect(evaluate({ nextUpdate: fraction }, { now: new Date('2026-06-01T00:00:00.500Z') }).result).toBe('good');
    expect(evaluate({ nextUpdate: fraction }, { now: new Date('2026-06-01T00:00:00.501Z') }).error).toBe(expired);
  });

  it.each([
    ['none', null],
    ['the year 1', text(0x18, '00010101000000Z')],
    ['no time', integer(7)],
  ])('[NP-316] takes a response without nextUpdate for expired: %s', (_, nextUpdate) => {
    expect(evaluate({ nextUpdate })).toEqual({ result: 'unknown', error: expired, decided: false });
  });

  it.each(['not a time', '20260229000000Z', '20261301000000Z', '20260601000000', '20260601000060Z'])(
    '[SEC-45] does not use a response whose nextUpdate is %s',
    (time) => {
      expect(evaluate({ nextUpdate: text(0x18, time) })).toMatchObject({ result: 'unknown', decided: false });
    },
  );

  describe('invalidity date', () => {
    const status = 'revoked';
    const extensions = [invalidityDate(new Date('2025-06-01'))];
    const before = new Date('2025-05-31');

    it('[NP-317] takes a revoked certificate for good that a signing authority saw before it became invalid', () => {
      expect(evaluate({ status, extensions }, { authenticSigningTime: before }).result).toBe('good');
    });

    it('[NP-317] does not without the time of a signing authority, nor at or after the date', () => {
      expect(evaluate({ status, extensions }).result).toBe('revoked');
      expect(evaluate({ status, extensions }, { authenticSigningTime: new Date('2025-06-01') }).result).toBe('revoked');
      expect(evaluate({ status }, { authenticSigningTime: before }).result).toBe('revoked');
    });

    it('says nothing of an unknown certificate', () => {
      expect(evaluate({ status: 'unknown', extensions }, { authenticSigningTime: before }).result).toBe('unknown');
    });

    it.each([
      ['no time', nullValue()],
      ['more than a time', Buffer.concat([text(0x18, '20250601000000Z'), nullValue()])],
      ['a time that is none', text(0x18, '20250631000000Z')],
    ])('does not count when it is %s', (_, value) => {
      const odd = [extension('2.5.29.24', value)];
      expect(evaluate({ status, extensions: odd }, { authenticSigningTime: before }).result).toBe('revoked');
    });

    it('counts by its last one', () => {
      const early = invalidityDate(new Date('2020-01-01'));
      const asked = { authenticSigningTime: before };
      expect(evaluate({ status, extensions: [early, ...extensions] }, asked).result).toBe('good');
      expect(evaluate({ status, extensions: [...extensions, early] }, asked).result).toBe('revoked');
    });
  });

  describe('which certificate', () => {
    it('[SEC-13] does not use what is said of another certificate', () => {
      expect(evaluate({ serialNumber: 4711n })).toEqual({
        result: 'unknown',
        error: 'no response matching the supplied certificate',
        decided: false,
      });
    });

    it('uses the first response with the serial number', () => {
      const other = singleResponse({ ...issued, serialNumber: 4711n, status: 'revoked' });
      const revoked = singleResponse({ ...issued, status: 'revoked' });
      expect(evaluate({ before: [other] }).result).toBe('good');
      expect(evaluate({ before: [other, revoked] }).result).toBe('revoked');
      const good = singleResponse({ ...issued });
      expect(evaluate({ before: [good], status: 'revoked' }).result).toBe('good');
    });

    it('[SEC-43] compares serial numbers exactly', () => {
      const serialNumber = 2n ** 150n;
      const large = issuedOf(revocableSigner({ serialNumber }));
      expect(evaluate({ ...large }).result).toBe('good');
      expect(evaluate({ ...large, serialNumber: serialNumber + 1n }).result).toBe('unknown');
    });

    it('does not compare the hashes of the issuer, but wants a known hash algorithm', () => {
      const issuerHashes = [Uint8Array.of(1), Uint8Array.of(2)] as const;
      expect(evaluate({ issuerHashes }).result).toBe('good');
      for (const hash of ['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3']) {
        expect(evaluate({ issuerHash: hash }).result).toBe('good');
      }
      expect(evaluate({ issuerHash: '1.2.840.113549.2.5' }).error).toBe('unsupported issuer hash algorithm');
    });
  });

  describe('signer', () => {
    const delegated = issueCertificate('leaf', { subject: 'CN=OCSP' }, issuer);

    it('[NP-337] accepts a delegated responder without the extended key usage OCSPSigning', () => {
      expect(evaluate({ signer: delegated }).result).toBe('good');
    });

    it('accepts a delegated responder that has expired', () => {
      const old = issueCertificate('leaf', { subject: 'CN=old OCSP', notAfter: new Date('2021-01-01') }, issuer);
      expect(evaluate({ signer: old }).result).toBe('good');
    });

    it('[SEC-13] refuses a responder of another issuer', () => {
      const stranger = issueCertificate('leaf', { subject: 'CN=stranger' });
      expect(evaluate({ signer: stranger })).toEqual({
        result: 'unknown',
        error: 'bad OCSP signature: not issued by the issuer',
        decided: false,
      });
      const [root] = createCertificateAuthority({ name: 'another' }).intermediates;
      expect(evaluate({ signer: root ?? issuer, certificates: [] }).error).toMatch(/^bad OCSP signature: x509: ECDSA/);
    });

    it('refuses a response that is not signed by the certificate that comes with it', () => {
      expect(evaluate({ certificates: [delegated] }).error).toMatch(/^bad signature on embedded certificate: /);
      expect(evaluate({ signer: delegated, certificates: [issued.certificate, delegated] }).result).toBe('unknown');
      expect(evaluate({ signer: delegated, certificates: [delegated, issued.certificate] }).result).toBe('good');
    });

    it('refuses a copy of the issuer when that is an intermediate, and accepts one of a root', () => {
      expect(evaluate({ certificates: [issuer] }).error).toBe('bad OCSP signature: not issued by the issuer');
      const authority = createCertificateAuthority({ intermediates: 0 });
      const certificate = authority.issue().leaf;
      expect(evaluate({ certificate, issuer: authority.root, certificates: [authority.root] }).result).toBe('good');
    });

    it('refuses an embedded certificate that is none', () => {
      expect(evaluate({ certificates: [{ ...issuer, der: sequence() }] }).error).toMatch(/^x509: malformed/);
    });

    it('refuses a changed signature', () => {
      const editSignature = (signature: Uint8Array) => signature.with(-1, (signature.at(-1) ?? 0) ^ 1);
      expect(evaluate({ editSignature }).error).toBe('bad OCSP signature: x509: ECDSA verification failure');
    });

    it.each(['SHA1-RSA', 'SHA256-RSA', 'SHA384-RSA', 'SHA512-RSA'] as const)('accepts %s', (signatureAlgorithm) => {
      expect(evaluate({ ...rsaIssued, signatureAlgorithm }).result).toBe('good');
    });

    it.each(['MD5-RSA', 'SHA224-RSA', 'SHA256-RSAPSS'] as const)('refuses %s', (signatureAlgorithm) => {
      expect(evaluate({ ...rsaIssued, signatureAlgorithm }).error).toBe(
        'bad OCSP signature: x509: cannot verify signature: algorithm unimplemented',
      );
    });

    it.each(['ECDSA-SHA1', 'ECDSA-SHA256', 'ECDSA-SHA384', 'ECDSA-SHA512'] as const)('accepts %s', (algorithm) => {
      expect(evaluate({ signatureAlgorithm: algorithm }).result).toBe('good');
    });

    it('refuses Ed25519', () => {
      const authority = createCertificateAuthority({ intermediates: 0, keyType: 'Ed25519' });
      expect(evaluate({ certificate: authority.issue().leaf, issuer: authority.root }).error).toMatch(
        /algorithm unimplemented$/,
      );
    });
  });

  describe('strict responders', () => {
    const strict = { strictResponders: true };
    const noCheck = extension('1.3.6.1.5.5.7.48.1.5', nullValue());
    const usage = extendedKeyUsage(['OCSPSigning']);
    const responder = (extensions: readonly Uint8Array[], notAfter = new Date('2100-01-01')) =>
      issueCertificate('leaf', { subject: 'CN=OCSP', extensions, notAfter }, issuer);

    it('accepts the issuer, and whom it has delegated', () => {
      expect(evaluate({}, strict).result).toBe('good');
      expect(evaluate({ signer: responder([usage, noCheck]) }, strict).result).toBe('good');
      const authority = createCertificateAuthority({ intermediates: 0 });
      expect(
        evaluate(
          { certificate: authority.issue().leaf, issuer: authority.root, certificates: [authority.root] },
          strict,
        ).result,
      ).toBe('good');
    });

    it.each([
      ['lacks the extended key usage OCSPSigning', responder([...defaultExtensions.leaf, noCheck])],
      ['lacks the extended key usage OCSPSigning', responder([noCheck])],
      ['lacks id-pkix-ocsp-nocheck, so that its own revocation is not known', responder([usage])],
      ['is not valid now', responder([usage, noCheck], new Date('2026-05-31'))],
    ])('refuses a responder that %s', (problem, signer) => {
      expect(evaluate({ signer }).result).toBe('good');
      expect(evaluate({ signer }, strict)).toEqual({
        result: 'unknown',
        error: `the OCSP responder certificate with subject "CN=OCSP" ${problem}`,
        decided: false,
      });
    });
  });

  describe('form', () => {
    it.each([
      [1, 'malformed'],
      [2, 'internal error'],
      [3, 'try later'],
      [5, 'signature required'],
      [6, 'unauthorized'],
    ])('tells the bare error %i', (responseStatus, name) => {
      const error = `error checking revocation status via OCSP: OCSP ${name}`;
      expect(evaluate({ responseStatus })).toEqual({ result: 'unknown', error, decided: false });
    });

    it('tells errors that are not bare, and unknown ones', () => {
      const later = sequence(der(0x0a, Uint8Array.of(3)), integer(1));
      expect(evaluateOcsp(later, questionOf(issued)).error).toBe('ocsp: error from server: try later');
      expect(evaluate({ responseStatus: 4 }).error).toBe('ocsp: error from server: unknown OCSP status: 4');
      expect(evaluate({ responseStatus: 0 }).error).toBe('bad OCSP response type');
    });

    it('refuses a response of another type, and one without content', () => {
      expect(evaluate({ responseType: '1.3.6.1.5.5.7.48.1.2' }).error).toBe('bad OCSP response type');
    });

    it('refuses what follows the response', () => {
      const body = Buffer.concat([ocspResponse(issued), nullValue()]);
      expect(evaluateOcsp(body, questionOf(issued)).error).toBe('trailing data in OCSP response');
    });

    it('refuses critical extensions of the response, whatever they say', () => {
      const critical = [invalidityDate(new Date('2025-06-01'), { critical: true })];
      expect(evaluate({ extensions: critical }).error).toBe('unsupported critical extension');
      const noticed = [extension('1.2.3', Uint8Array.of(1))];
      expect(evaluate({ extensions: noticed }).result).toBe('good');
    });

    it.each([
      ['a name with characters that its type does not have', der(0xa1, nameOf(text(0x13, 'a_b')))],
      ['a name with a number beyond 64 bits', der(0xa1, nameOf(integer(2n ** 70n)))],
      ['a name without a value', der(0xa1, sequence(der(0x31, sequence(oid('2.5.4.3')))))],
      ['two names', der(0xa1, sequence(), sequence())],
      ['a key hash that is no octet string', der(0xa2, integer(1))],
      ['two key hashes', der(0xa2, octetString(Uint8Array.of(1)), octetString(Uint8Array.of(1)))],
      ['neither', der(0xa3, sequence())],
    ])('refuses %s as the responder', (_, responderId) => {
      expect(evaluate({ responderId })).toMatchObject({ result: 'unknown', decided: false });
    });

    it.each([
      ['a name', der(0xa1, nameOf(text(0x13, 'a b')))],
      ['an empty name', der(0xa1, sequence())],
      ['a key hash of any length', der(0xa2, octetString(Uint8Array.of(1)))],
      ['a name under another class', der(0x01, sequence())],
    ])('accepts %s as the responder, whoever that is', (_, responderId) => {
      expect(evaluate({ responderId }).result).toBe('good');
    });

    it('[SEC-3] takes any bytes for unknown, and throws nothing', () => {
      const good = ocspResponse(issued);
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
          expect(evaluateOcsp(bytes, questionOf(issued))).toMatchObject({ result: 'unknown', decided: false });
        }),
      );
      fc.assert(
        fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
          const changed = good.with(at, (good[at] ?? 0) ^ mask);
          expect(['good', 'unknown']).toContain(evaluateOcsp(changed, questionOf(issued)).result);
        }),
        { numRuns: 1000 },
      );
    });

    it('never takes a changed signed byte for good', () => {
      const good = ocspResponse({ ...issued, status: 'revoked' });
      fc.assert(
        fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
          const changed = good.with(at, (good[at] ?? 0) ^ mask);
          expect(['revoked', 'unknown']).toContain(evaluateOcsp(changed, questionOf(issued)).result);
        }),
        { numRuns: 2000 },
      );
    });
  });
});

function nameOf(value: Uint8Array): Uint8Array {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), value)));
}

const rsa = createCertificateAuthority({ intermediates: 0, keyType: 'RSA-2048' });
const rsaIssued: Issued = { certificate: rsa.issue().leaf, issuer: rsa.root };
