// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { InputReader } from '../../shared/input-reader.ts';
import type { InputName } from '../../shared/inputs.ts';
import { parseReference } from '../../shared/oci/reference.ts';
import { checkLoginRegistry, parseRegistrySettings } from '../../shared/registry-inputs.ts';
import { fakeHost } from '../fakes/host.ts';

function parse(inputs: Partial<Record<InputName, string>>) {
  const host = fakeHost({ inputs });
  const reader = new InputReader(host);
  const settings = parseRegistrySettings(reader, host);
  reader.finish();
  return { settings, host };
}

describe('parseRegistrySettings', () => {
  it('[REG-54] reads a login, and masks its secrets first', () => {
    const { settings, host } = parse({ registryUsername: 'alice', registryPassword: 's3cret', githubToken: 'ghs_x' });
    expect(settings.login?.username).toBe('alice');
    expect(settings.login?.password.reveal()).toBe('s3cret');
    expect(settings.jobToken?.reveal()).toBe('ghs_x');
    expect(host.masks).toEqual(['s3cret', 'ghs_x']);
    expect(parse({}).settings).toMatchObject({ login: undefined, jobToken: undefined, referrersSettle: undefined });
  });

  it('wants a password with a user name', () => {
    expect(() => parse({ registryUsername: 'alice' })).toThrow('without {input:registryPassword}');
  });

  it.each([
    ['0', 0],
    ['1500', 1500],
  ])('takes %s milliseconds to watch the referrers tag', (text, expected) => {
    expect(parse({ referrersSettle: text }).settings.referrersSettle).toBe(expected);
  });

  it.each(['-1', '1.5', '1s', '600001', '9999999'])('refuses to watch it for %s', (text) => {
    expect(() => parse({ referrersSettle: text })).toThrow('must be a number of milliseconds');
  });
});

describe('checkLoginRegistry', () => {
  const { settings } = parse({ registryUsername: 'alice', registryPassword: 's3cret' });
  const one = parseReference('r.example/a:1');

  it('lets a login be for one registry only', () => {
    expect(() => {
      checkLoginRegistry(settings, [one, parseReference('r.example/b:1')]);
    }).not.toThrow();
    expect(() => {
      checkLoginRegistry(settings, [one, parseReference('evil.example/b:1')]);
    }).toThrow('is for one registry, and the artifacts are in 2: r.example, evil.example');
    expect(() => {
      checkLoginRegistry(parse({}).settings, [one, parseReference('s.example/b:1')]);
    }).not.toThrow();
  });
});
