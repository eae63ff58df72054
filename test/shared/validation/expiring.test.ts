// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { SignatureSummary } from '../../../shared/validation/outcome.ts';
import { endWithoutTimestamp, expiringSoon, supportingChain } from '../../../shared/validation/expiring.ts';

const now = new Date('2026-11-21T00:00:00Z');

function summary(timestamped: boolean, ...ends: string[]): SignatureSummary {
  const certificates = ends.map((notAfter, index) => ({
    subject: `CN=${index}`,
    issuer: '',
    notBefore: '',
    notAfter,
    thumbprint: '',
  }));
  return { timestamped, certificates } as unknown as SignatureSummary;
}

describe('expiringSoon', () => {
  it('tells what ends within the days given, and what has ended', () => {
    const chain = supportingChain(
      summary(false, '2026-12-20T00:00:00Z', '2026-11-01T00:00:00Z', '2036-01-01T00:00:00Z'),
    );
    expect(expiringSoon(chain, now, 30)).toEqual([
      'the signing certificate "CN=0" expires at 2026-12-20T00:00:00Z',
      'the CA certificate "CN=1" expired at 2026-11-01T00:00:00Z',
    ]);
    expect(expiringSoon(chain, now, 28)).toHaveLength(1);
  });

  it('tells a certificate once although it is in the chain and in a trust store', () => {
    const root = { role: 'CA certificate', subject: 'CN=Root', notAfter: now };
    expect(expiringSoon([root, { ...root, role: 'certificate of trust store ca:acme' }], now, 30)).toHaveLength(1);
  });
});

describe('expiringSoon, bounded', () => {
  it('tells nothing when the days are 0, not even what has ended', () => {
    expect(expiringSoon(supportingChain(summary(false, '2026-11-01T00:00:00Z')), now, 0)).toEqual([]);
  });

  it('tells twenty certificates one by one, and counts the others', () => {
    const certificates = Array.from({ length: 25 }, (_, index) => ({
      role: 'certificate of trust store ca:acme',
      subject: `CN=${index}`,
      notAfter: now,
    }));
    const told = expiringSoon(certificates, now, 30);
    expect(told).toHaveLength(21);
    expect(told.at(-1)).toBe('5 more certificates expire soon or have expired');
  });
});

describe('endWithoutTimestamp', () => {
  it('is the first end in the chain', () => {
    expect(endWithoutTimestamp(summary(false, '2027-01-02T00:00:00Z', '2027-01-01T00:00:00Z'), true)).toEqual({
      at: new Date('2027-01-01'),
      sentence:
        'the signature has no timestamp: it can be verified until 2027-01-01T00:00:00Z, when a certificate of its chain expires',
    });
  });

  it('is nothing for a signature with a timestamp, where timestamps count', () => {
    expect(endWithoutTimestamp(summary(true, '2027-01-02T00:00:00Z'), true)).toBeUndefined();
    expect(endWithoutTimestamp(summary(true, '2027-01-02T00:00:00Z'), false)?.sentence).toBe(
      'the timestamp of the signature does not count, because the trust policy statement lists no tsa store: it can be ' +
        'verified until 2027-01-02T00:00:00Z, when a certificate of its chain expires',
    );
  });

  it('is nothing for a signature of a signing authority, which vouches for the time', () => {
    const signed = { ...summary(false, '2027-01-02T00:00:00Z'), signingScheme: 'notary.x509.signingAuthority' };
    expect(endWithoutTimestamp(signed, true)).toBeUndefined();
  });
});
