// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { type NamedKey, findNamedKey } from '../../../shared/plugin/signing-keys.ts';
import { expectError } from '../../support/expect-error.ts';

const file = '/home/runner/.config/notation/signingkeys.json';
const local = { name: 'test', keyPath: '/keys/test.key', certPath: '/keys/test.crt' };
const akeyless = { name: 'Akeyless', id: '/CodeSign', pluginName: 'akeyless' };

function find(list: unknown, name: string): NamedKey {
  return findNamedKey(Buffer.from(typeof list === 'string' ? list : JSON.stringify(list)), name, file);
}

describe('findNamedKey', () => {
  const list = { default: 'Akeyless', keys: [local, { ...akeyless, pluginConfig: { region: 'eu', empty: null } }] };

  it('finds a local key and a key of a plugin with its configuration', () => {
    expect(find(list, 'test')).toEqual(local);
    expect(find(list, 'Akeyless')).toEqual({
      name: 'Akeyless',
      plugin: 'akeyless',
      keyId: '/CodeSign',
      config: new Map([
        ['region', 'eu'],
        ['empty', ''],
      ]),
    });
  });

  it('finds the default key, unless a key has just that name', () => {
    expect(find(list, 'default').name).toBe('Akeyless');
    expect(find({ default: 'test', keys: [local, { ...akeyless, name: 'default' }] }, 'default')).toMatchObject({
      keyId: '/CodeSign',
    });
  });

  it('takes a key of both kinds as the local one, as the reference does', () => {
    expect(find({ keys: [{ ...akeyless, ...local }] }, 'test')).toEqual(local);
  });

  it('names the file and the keys that there are', () => {
    expectError(
      () => find(list, 'akeyless'),
      'key-unreadable',
      `signing key "akeyless" not found in ${file}: it has "test", "Akeyless"`,
    );
    expectError(
      () => find({ keys: [local] }, 'default'),
      'key-unreadable',
      `default signing key not set in ${file}: it has "test"`,
    );
    expectError(() => find({}, 'test'), 'key-unreadable', `signing key "test" not found in ${file}: it has no keys`);
    const many = Array.from({ length: 25 }, (_, index) => ({ ...local, name: `k${index}` }));
    expectError(() => find({ keys: many }, 'x'), 'key-unreadable', /"k19" and 5 more$/);
  });

  it.each([
    ['an empty name', { keys: [{ ...local, name: '' }] }, 'key name cannot be empty'],
    ['a name twice', { keys: [local, local] }, 'multiple keys with name "test" found'],
    ['an empty default', { default: '', keys: [local] }, 'default key name cannot be empty'],
    ['a default that is not there', { default: 'gone', keys: [local] }, 'default key "gone" not found'],
    ['too many keys', { keys: Array.from({ length: 1001 }, () => local) }, 'it has more than 1000 keys'],
  ])('refuses a list with %s, whatever key is asked for', (_, broken, problem) => {
    expectError(() => find(broken, 'test'), 'key-unreadable', `malformed signingkeys.json: ${problem} (${file})`);
  });

  it.each(['', '{', '[]', '{"keys":{}}', '{"keys":[{"name":1}]}', '{"keys":[{"pluginConfig":{"a":1}}]}'])(
    'refuses %j',
    (text) => {
      expectError(() => find(text, 'test'), 'key-unreadable', /^malformed signingkeys\.json: /);
    },
  );

  it('refuses a key of neither kind, and a plugin name that is a path', () => {
    for (const partial of [
      { keyPath: '/k' },
      { certPath: '/c' },
      { id: 'x' },
      { pluginName: 'p' },
      { id: 'x', pluginName: '../p' },
    ]) {
      expectError(
        () => find({ keys: [{ name: 'test', ...partial }] }, 'test'),
        'key-unsupported',
        /^the signing key "test" in \/home\/runner/,
      );
    }
  });

  it('gives an error of ours for any text', () => {
    const text = JSON.stringify(list);
    for (let end = 0; end < text.length; end++) {
      expect(() => find(text.slice(0, end), 'test')).toThrow(NotaryError);
    }
  });
});
