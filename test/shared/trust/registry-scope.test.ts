// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { validateRegistryScope } from '../../../shared/trust/registry-scope.ts';

const advice =
  'make sure it is a fully qualified repository without the scheme, protocol or tag. For example domain.com/my/repository or a local scope like local/myOCILayout';

/** The reference's own expressions (Go syntax, same meaning here); they backtrack badly, so only short texts are tried. */
const domain =
  /^(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))+)?(?::[0-9]+)?$/;
const repository =
  /^[a-z0-9]+(?:(?:(?:[._]|__|[-]*)[a-z0-9]+)+)?(?:(?:\/[a-z0-9]+(?:(?:(?:[._]|__|[-]*)[a-z0-9]+)+)?)+)?$/;

function isValid(scope: string): boolean {
  try {
    validateRegistryScope(scope);
    return true;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(NotaryError);
    return false;
  }
}

describe('validateRegistryScope', () => {
  it.each([
    'domain.com/my/repository',
    'local/vectors',
    'localhost:5000/a',
    'a/b',
    'A-1.Example:443/a.b_c__d---e/f',
    'reg/a--b',
    'Zz9-aA0.9z:9/z9.z',
  ])('accepts %s', (scope) => {
    expect(isValid(scope)).toBe(true);
  });

  it.each([
    'registry',
    'https://reg/repo',
    'reg/repo:tag',
    'reg/Repo',
    '/repo',
    'reg/',
    'reg/a/',
    'reg//a',
    'reg/a..b',
    'reg/a___b',
    'reg/a._b',
    'reg/-a',
    'reg/a-',
    '-reg/a',
    'reg-/a',
    'reg..x/a',
    'reg:/a',
    'reg:5x/a',
    ':5000/a',
    'r_g/a',
    'r!g/a',
    'r@g/a',
    'r[g/a',
    'r`g/a',
    'r{g/a',
    'reg/a`b',
    'reg/a{b',
    '[::1]:5000/a',
    'reg/a\n',
    'reg/ä',
    '',
  ])('[NP-233] refuses %j', (scope) => {
    const message = `registry scope ${JSON.stringify(scope)} is not valid, ${advice}`;
    expect(() => {
      validateRegistryScope(scope);
    }).toThrow(expect.objectContaining({ code: 'trust-policy-invalid', message }));
  });

  it.each(['reg/*', '*/a', '**'])('[NP-233] refuses the wildcard inside %s', (scope) => {
    expect(() => {
      validateRegistryScope(scope);
    }).toThrow(`registry scope "${scope}" with wild card(s) is not valid, ${advice}`);
  });

  it('decides as the expressions of the reference', () => {
    const characters = fc.constantFrom('a', 'B', '0', '.', '_', '-', '/', ':');
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 14 }), (scope) => {
        const slash = scope.indexOf('/');
        const expected = slash >= 0 && domain.test(scope.slice(0, slash)) && repository.test(scope.slice(slash + 1));
        expect(isValid(scope)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes linear time', () => {
    expect(isValid(`reg/${'a-'.repeat(100_000)}`)).toBe(false);
    expect(isValid(`reg/${'a'.repeat(200_000)}!`)).toBe(false);
  });
});
