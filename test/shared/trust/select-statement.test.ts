// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { selectStatement } from '../../../shared/trust/select-statement.ts';
import { policyOf } from '../../fakes/trust-policy.ts';

const digest = `sha256:${'a'.repeat(64)}`;

function selectedFor(reference: string, ...scopes: readonly string[][]): string {
  const statements = scopes.map((registryScopes, index) => ({ name: `statement ${index}`, registryScopes }));
  const { statement, scope } = selectStatement(policyOf(...statements), reference);
  return `${statement.name} by ${scope}`;
}

describe('selectStatement', () => {
  it('[NP-238] refuses a reference without a digest', () => {
    const message =
      'artifact URI "reg/repo:tag" could not be parsed, make sure it is the fully qualified oci artifact URI without the scheme/protocol. e.g domain.com:80/my/repository@sha256:digest';
    expect(() => selectedFor('reg/repo:tag', ['*'])).toThrow(
      expect.objectContaining({ code: 'trust-policy-not-applicable', message }),
    );
  });

  it('refuses a repository that no scope could name, whatever the policy', () => {
    expect(() => selectedFor(`[::1]:5000/a@${digest}`, ['*'])).toThrow(
      expect.objectContaining({ code: 'trust-policy-not-applicable' }),
    );
  });

  it('[NP-239] prefers the exact scope to the wildcard, wherever they stand', () => {
    expect(selectedFor(`reg/a@${digest}`, ['*'], ['reg/b', 'reg/a'])).toBe('statement 1 by reg/a');
    expect(selectedFor(`reg/a@${digest}`, ['reg/b', 'reg/a'], ['*'])).toBe('statement 0 by reg/a');
    expect(selectedFor(`reg/c@${digest}`, ['*'], ['reg/b', 'reg/a'])).toBe('statement 0 by *');
  });

  it('[NP-240] tells when no statement applies, and how to change that', () => {
    const message = `artifact "reg/a@${digest}" has no applicable trust policy statement. Trust policy applicability for a given artifact is determined by registryScopes. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy`;
    expect(() => selectedFor(`reg/a@${digest}`, ['reg/b'])).toThrow(
      expect.objectContaining({
        code: 'trust-policy-not-applicable',
        message,
        hint: 'Add "reg/a" (or "*") to the registryScopes of a statement of {input:trustPolicy}; it has "reg/b".',
      }),
    );
  });

  it.each(['REG/a', 'reg:443/a', 'reg/a/b', 'index.docker.io/library/a'])('does not normalise: %s', (repository) => {
    expect(() => selectedFor(`${repository}@${digest}`, ['reg/a', 'docker.io/library/a'])).toThrow(
      'has no applicable trust policy statement',
    );
  });

  it('takes what stands before the last @ as the repository', () => {
    expect(() => selectedFor(`reg/a@${digest}@${digest}`, ['*'])).toThrow('is not valid');
  });
});
