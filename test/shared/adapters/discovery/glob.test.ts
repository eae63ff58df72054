// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../../../shared/adapters/discovery/glob.ts';

describe('matchesGlob', () => {
  it.each([
    ['ghcr.io/owner/app', 'ghcr.io/owner/app', true],
    ['ghcr.io/owner/*', 'ghcr.io/owner/app', true],
    ['ghcr.io/owner/*', 'ghcr.io/owner/app/sub', false],
    ['ghcr.io/**', 'ghcr.io/owner/app/sub', true],
    ['**/app', 'ghcr.io/owner/app', true],
    ['*', 'ghcr.io/owner/app', false],
    ['**', 'ghcr.io/owner/app', true],
    ['ghcr.io/owner/ap?', 'ghcr.io/owner/app', true],
    ['ghcr.io?owner/app', 'ghcr.io/owner/app', false],
    ['ghcr.io/owner/app*', 'ghcr.io/owner/app', true],
    ['ghcr.io/owner/APP', 'ghcr.io/owner/app', false],
    ['ghcr.io/owner', 'ghcr.io/owner/app', false],
    ['gh.r.io/owner/app', 'ghcr.io/owner/app', false],
    ['', 'ghcr.io/owner/app', false],
  ])('%j and %j: %s', (glob, name, expected) => {
    expect(matchesGlob(glob, name)).toBe(expected);
  });

  it('takes no time for a glob that would make a backtracking matcher try everything', () => {
    expect(matchesGlob('*a'.repeat(200), `${'a'.repeat(254)}b`)).toBe(false);
  });

  it('refuses an overlong glob', () => {
    expect(() => matchesGlob('*'.repeat(600), 'x')).toThrow(/\{input:detectInclude\}/);
  });
});
