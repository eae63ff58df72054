// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { claimOf } from '../../../../shared/adapters/azure/token-claims.ts';

function token(claims: unknown): string {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims);
  return ['{}', payload, 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

describe('claimOf', () => {
  it('shows a claim that is text, on one line and cut', () => {
    expect(claimOf(token({ sub: 'repo:owner/app\r\n::error::x' }), 'sub')).toBe('repo:owner/app ::error::x');
    expect(claimOf(token({ sub: 'x'.repeat(1000) }), 'sub')).toHaveLength(300);
  });

  it.each([[''], ['a'], ['..'], [token('{')], [token([])], [token('null')], [token({ sub: 1 })], [token({})]])(
    'shows nothing of %j',
    (text) => {
      expect(claimOf(text, 'sub')).toBeUndefined();
    },
  );

  it('[SEC-2] shows nothing of ten megabytes of dots', () => {
    expect(claimOf('.'.repeat(10 * 1024 * 1024), 'sub')).toBeUndefined();
  });
});
