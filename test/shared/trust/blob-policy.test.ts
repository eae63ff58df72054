// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseBlobTrustPolicy, selectBlobStatement } from '../../../shared/trust/blob-policy.ts';
import { skipStatement } from '../../fakes/trust-policy.ts';
import type { StatementJson } from '../../fakes/trust-policy.ts';

const strict = {
  signatureVerification: { level: 'strict' },
  trustStores: ['ca:acme'],
  trustedIdentities: ['*'],
};

function parse(statements: readonly StatementJson[], version = '1.0') {
  const document = { version, trustPolicies: statements.map((statement) => ({ ...strict, ...statement })) };
  return parseBlobTrustPolicy(Buffer.from(JSON.stringify(document)), 'trustpolicy.blob.json');
}

describe('parseBlobTrustPolicy', () => {
  it('reads statements, of which one may be global', () => {
    const { statements } = parse([{ name: 'a' }, { name: 'b', globalPolicy: true }]);
    expect(statements.map(({ name, globalPolicy }) => [name, globalPolicy])).toEqual([
      ['a', false],
      ['b', true],
    ]);
    expect(statements[0]).not.toHaveProperty('registryScopes');
  });

  it('[NP-242] refuses two global statements', () => {
    const global = { globalPolicy: true };
    expect(() =>
      parse([
        { name: 'a', ...global },
        { name: 'b', ...global },
      ]),
    ).toThrow(
      'multiple blob trust policy statements have globalPolicy set to true. Only one trust policy statement can be marked as global policy',
    );
  });

  it('[NP-243] accepts a global statement at level skip', () => {
    const { statements } = parse([{ name: 'a', globalPolicy: true, ...skipStatement }]);
    expect(statements[0]?.level.name).toBe('skip');
  });

  it.each<[string, () => unknown]>([
    ['blob trust policy document has empty version, version must be specified', () => parse([], '')],
    ['blob trust policy document uses unsupported version "2.0"', () => parse([], '2.0')],
    ['blob trust policy document can not have zero trust policy statements', () => parse([])],
    ['multiple blob trust policy statements use the same name "a"', () => parse([{ name: 'a' }, { name: 'a' }])],
    ['blob trust policy: a trust policy statement is missing a name', () => parse([{ name: '' }])],
    ['blob trust policy: trust policy statement "a" is either missing', () => parse([{ name: 'a', trustStores: [] }])],
    ['malformed trust policy', () => parse([{ name: 'a', globalPolicy: 'true' }])],
  ])('[NP-204] [NP-205] [NP-206] says %s', (message, work) => {
    expect(work).toThrow(message);
  });
});

describe('selectBlobStatement', () => {
  const policy = parse([{ name: 'a' }, { name: 'b', globalPolicy: true }]);

  it('takes the statement with exactly the name, else the global one', () => {
    expect(selectBlobStatement(policy, 'a').name).toBe('a');
    expect(selectBlobStatement(policy, undefined).name).toBe('b');
  });

  it.each([
    [policy, 'A', 'no applicable blob trust policy with name "A"'],
    [policy, ' ', 'policy name cannot be empty'],
    [parse([{ name: 'a' }]), undefined, 'no global blob trust policy'],
  ])('[NP-242] refuses what does not fit (%#)', (from, name, message) => {
    expect(() => selectBlobStatement(from, name)).toThrow(message);
    expect(() => selectBlobStatement(from, name)).toThrow(
      expect.objectContaining({ code: 'trust-policy-not-applicable' }) as Error,
    );
  });
});
