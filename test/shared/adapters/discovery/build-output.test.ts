// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { isPushed, isPushedByDigest, parseBuildOutput } from '../../../../shared/adapters/discovery/build-output.ts';

describe('parseBuildOutput', () => {
  it.each<[unknown, boolean, boolean]>([
    ['type=registry', true, false],
    ['type=image,push=true', true, false],
    ['type=image,name=ghcr.io/o/app,push=true', true, false],
    ['type=image,"name=ghcr.io/o/a,ghcr.io/o/b",push=true', true, false],
    ['type=image,push=1', true, false],
    ['type=image,push=false', false, false],
    ['type=image', false, false],
    ['type=image,push-by-digest=true,name-canonical=true,push=true', true, true],
    ['type=docker', false, false],
    ['type=oci,dest=out.tar,push=true', false, false],
    ['out/', false, false],
    ['"type=image,push=true"', false, false],
    [{ type: 'image', push: 'true' }, true, false],
    [{ type: 'image', push: true, 'push-by-digest': 'true' }, true, true],
    [{ type: 'registry' }, true, false],
  ])('[GH-37] %j: pushed %s, by digest only %s', (text, pushed, byDigest) => {
    const output = parseBuildOutput(text);
    expect(output !== undefined && isPushed(output)).toBe(pushed);
    expect(output !== undefined && isPushedByDigest(output)).toBe(byDigest);
  });

  it('reads quoted fields', () => {
    expect(parseBuildOutput('type=image,"name=a,""b""",push=true')?.get('name')).toBe('a,"b"');
  });

  it.each([null, 1, [], true])('does not take %j', (value) => {
    expect(parseBuildOutput(value)).toBeUndefined();
  });
});
