// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { describeRevocation } from '../../../shared/revocation/describe-revocation.ts';
import type { CertificateRevocation, RevocationCheck } from '../../../shared/revocation/status.ts';

const root: CertificateRevocation = { subject: 'CN=root', status: 'not-revokable', checks: [] };
const check = (method: 'ocsp' | 'crl', server: string, more: Partial<RevocationCheck> = {}): RevocationCheck => ({
  method,
  server,
  result: 'good',
  ...more,
});

describe('describeRevocation', () => {
  it('[SEC-18] says that nothing could be checked', () => {
    expect(describeRevocation([{ ...root, subject: 'CN=leaf' }, root])).toBe(
      'no certificate names an OCSP responder or a CRL',
    );
  });

  it('tells who answered, and which certificates could not be checked', () => {
    const leaf = {
      subject: 'CN=leaf',
      status: 'good',
      checks: [
        check('ocsp', 'http://o', { result: 'unknown', error: 'no' }),
        check('crl', 'http://c', { cached: true }),
      ],
    } as const;
    expect(describeRevocation([leaf, { ...root, subject: 'CN=issuer' }, root])).toBe(
      'certificates checked: 1 ("CN=leaf" by CRL http://c, kept, because OCSP could not tell; ' +
        '"CN=issuer" names neither an OCSP responder nor a CRL)',
    );
    const issuer = {
      subject: 'CN=issuer',
      status: 'good',
      checks: [check('crl', 'http://a'), check('crl', 'http://b')],
    } as const;
    const first = { ...leaf, checks: [check('ocsp', 'http://p', { result: 'unknown' }), check('ocsp', 'http://o')] };
    expect(describeRevocation([first, issuer, root])).toBe(
      'certificates checked: 2 ("CN=leaf" by OCSP http://o; "CN=issuer" by CRL http://a and CRL http://b)',
    );
  });

  it('tells only a number of sources that say no more', () => {
    expect(describeRevocation([{ subject: 'CN=leaf', status: 'good' }, root])).toBe('certificates checked: 1');
  });
});
