// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { CertificateRevocation } from '../../../shared/revocation/status.ts';
import { findTsaRevocation } from '../../../shared/validation/tsa-revocation.ts';
import { tsaSigner } from '../../fakes/timestamp-token.ts';

type Status = CertificateRevocation['status'];

function find(nearest: 'leaf' | 'root', ...statuses: readonly Status[]): string | undefined {
  const facts = statuses.map((status, i) => ({ subject: ['leaf', 'middle', 'root'][i] ?? '', status }));
  return findTsaRevocation(tsaSigner.certificateChain, facts, nearest);
}

describe('findTsaRevocation', () => {
  it('passes what is good or cannot be revoked', () => {
    for (const nearest of ['leaf', 'root'] as const) {
      expect(find(nearest, 'good', 'good', 'not-revokable')).toBeUndefined();
      expect(find(nearest, 'not-revokable', 'not-revokable', 'not-revokable')).toBeUndefined();
    }
  });

  it('[NP-306] [SEC-14] tells a revoked certificate before an unknown one', () => {
    const revoked = (name: string) => `timestamping certificate with subject "${name}" is revoked`;
    expect(find('leaf', 'unknown', 'revoked', 'unknown')).toBe(revoked('middle'));
    expect(find('root', 'unknown', 'revoked', 'unknown')).toBe(revoked('middle'));
    expect(find('leaf', 'revoked', 'revoked', 'not-revokable')).toBe(revoked('leaf'));
    expect(find('root', 'revoked', 'revoked', 'not-revokable')).toBe(revoked('middle'));
  });

  it('never passes an unknown status', () => {
    const unknown = (name: string) => `timestamping certificate with subject "${name}" revocation status is unknown`;
    expect(find('leaf', 'unknown', 'unknown', 'not-revokable')).toBe(unknown('leaf'));
    expect(find('root', 'unknown', 'unknown', 'not-revokable')).toBe(unknown('middle'));
  });

  it('[SEC-7] does not take missing results for good ones', () => {
    const text = (count: number) =>
      `length of certificate revocation result ${count} does not match length of the certificate chain 3`;
    expect(find('leaf')).toBe(text(0));
    expect(find('root', 'good', 'good')).toBe(text(2));
  });

  it('says why', () => {
    const facts = ['leaf', 'middle', 'root'].map((subject) => ({
      subject,
      status: 'unknown' as const,
      reason: 'no answer',
    }));
    expect(findTsaRevocation(tsaSigner.certificateChain, facts, 'leaf')).toMatch(/is unknown: no answer$/);
  });
});
