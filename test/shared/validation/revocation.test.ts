// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { CertificateRevocation } from '../../../shared/revocation/status.ts';
import { validateRevocation } from '../../../shared/validation/revocation.ts';
import { signer } from '../../fakes/verification.ts';

const chain = signer.certificateChain;

function facts(...statuses: readonly CertificateRevocation['status'][]): CertificateRevocation[] {
  return statuses.map((status, index) => ({ subject: `CN=${index}`, status }));
}

describe('validateRevocation', () => {
  it.each([
    [['good', 'good', 'not-revokable'], undefined],
    [['not-revokable', 'not-revokable', 'not-revokable'], undefined],
    [['revoked', 'good', 'not-revokable'], 'signing certificate with subject "CN=0" is revoked'],
    [['good', 'revoked', 'not-revokable'], 'signing certificate with subject "CN=1" is revoked'],
    [['revoked', 'revoked', 'not-revokable'], 'signing certificate with subject "CN=0" is revoked'],
    [['unknown', 'good', 'not-revokable'], 'signing certificate with subject "CN=0" revocation status is unknown'],
    [['unknown', 'unknown', 'not-revokable'], 'signing certificate with subject "CN=0" revocation status is unknown'],
    [['unknown', 'revoked', 'not-revokable'], 'signing certificate with subject "CN=1" is revoked'],
  ] as const)('judges %j', (statuses, error) => {
    expect(validateRevocation(chain, facts(...statuses), 'enforce').error).toBe(error);
  });

  it('[NP-334] reports a revoked leaf before an unknown intermediate', () => {
    expect(validateRevocation(chain, facts('revoked', 'unknown', 'not-revokable'), 'enforce').error).toBe(
      'signing certificate with subject "CN=0" is revoked',
    );
  });

  it('tells the reason that the source gave', () => {
    const [first, ...others] = facts('unknown', 'good', 'not-revokable');
    expect(
      validateRevocation(chain, [{ subject: '', status: 'unknown', ...first, reason: 'timeout' }, ...others], 'log'),
    ).toMatchObject({
      type: 'revocation',
      action: 'log',
      error: 'signing certificate with subject "CN=0" revocation status is unknown: timeout',
    });
  });

  it('passes only what the source says of every certificate', () => {
    expect(validateRevocation(chain, facts('good', 'good'), 'enforce').error).toBe(
      'unable to check revocation status, err: 2 results for 3 certificates',
    );
    expect(validateRevocation(chain, [], 'enforce').error).toContain('0 results for 3 certificates');
    const odd = facts('good', 'good', 'good').map((fact) => ({ ...fact, status: 'fine' as never }));
    expect(validateRevocation(chain, odd, 'enforce').error).toContain('revocation status is unknown');
    expect(validateRevocation(chain, { error: 'offline' }, 'enforce').error).toBe(
      'unable to check revocation status, err: offline',
    );
  });
});
