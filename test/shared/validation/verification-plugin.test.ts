// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { ExtendedAttribute } from '../../../shared/envelope/content.ts';
import { findVerificationPlugin } from '../../../shared/validation/verification-plugin.ts';
import { verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { signer } from '../../fakes/verification.ts';

const plain = verifiedEnvelope({ signer, payload: new TextEncoder().encode('{}') });

function find(...extended: readonly ExtendedAttribute[]) {
  return findVerificationPlugin({ ...plain, signedAttributes: { ...plain.signedAttributes, extended } });
}

const name = (value: unknown, critical = true) => ({ key: 'io.cncf.notary.verificationPlugin', critical, value });
const minimum = (value: unknown, critical = true) => ({
  key: 'io.cncf.notary.verificationPluginMinVersion',
  critical,
  value,
});

describe('findVerificationPlugin', () => {
  it('finds none in a plain signature, nor by a minimum version alone', () => {
    expect(find()).toBeUndefined();
    expect(find({ key: 'other', critical: true, value: 1 }, minimum(7, false))).toBeUndefined();
  });

  it('finds the plugin with its minimum version', () => {
    expect(find(name('p.1_x-y'))).toEqual({ name: 'p.1_x-y', minimumVersion: undefined });
    expect(find(minimum('1.0.0-alpha.1+build.5'), name('p'))).toEqual({
      name: 'p',
      minimumVersion: '1.0.0-alpha.1+build.5',
    });
  });

  const pluginKey = 'io.cncf.notary.verificationPlugin';
  it.each([
    ['[NP-262]', name('p', false), `${pluginKey} is not a critical Extended attribute`],
    ['[NP-262]', name(1, false), `${pluginKey} is not a critical Extended attribute`],
    ['', name(1), `${pluginKey} from extended attribute is not a string`],
    ['', name(null), `${pluginKey} from extended attribute is not a string`],
    ['', name(' \t'), `${pluginKey} from extended attribute is an empty string`],
  ])('%s refuses the attribute %j', (_, attribute, error) => {
    expect(find(attribute)).toEqual({ error });
  });

  it.each(['../p', 'a/b', 'a\\b', '.', '..', 'p p', 'p\0'])(
    'refuses %j, which could leave the plugin folder',
    (text) => {
      expect(find(name(text))).toEqual({ error: `${pluginKey} from extended attribute is not a plugin name` });
    },
  );

  const badVersions = ['1', '1.0', 'v1.0.0', '01.0.0', '1.0.0-', '1.0.0-01', '1.0.0-a..b', '1.0.0+', ' 1.0.0'];

  it.each<readonly [ExtendedAttribute, string]>([
    [minimum('1.0.0', false), 'is not a critical Extended attribute'],
    [minimum(1), 'from extended attribute is not a string'],
    [minimum(''), 'from extended attribute is an empty string'],
    [minimum(`1.0.0-${'a'.repeat(300)}`), 'from extended attribute is not a valid SemVer'],
    ...badVersions.map((text) => [minimum(text), 'from extended attribute is not a valid SemVer'] as const),
  ])('refuses the minimum version %j', (attribute, problem) => {
    expect(find(name('p'), attribute)).toEqual({
      error: `error while getting plugin minimum version, error: io.cncf.notary.verificationPluginMinVersion ${problem}`,
    });
  });
});
