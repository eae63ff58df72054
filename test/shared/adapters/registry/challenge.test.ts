// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../../shared/adapters/registry/challenge.ts';

function parsed(header: string | string[] | undefined) {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('parseChallenges', () => {
  it('[REG-31] keeps commas and spaces inside quotes, and escapes', () => {
    const header =
      'Bearer realm="https://a/t?x=1,2",service="s \\"q\\"",scope="repository:a:pull,push repository:b:pull"';
    expect(parsed(header)).toEqual([
      ['bearer', { realm: 'https://a/t?x=1,2', service: 's "q"', scope: 'repository:a:pull,push repository:b:pull' }],
    ]);
  });

  it('[REG-31] ignores case and white space around commas and equals signs', () => {
    expect(parsed('BEARER Realm = "r" ,  SERVICE=s')).toEqual([['bearer', { realm: 'r', service: 's' }]]);
  });

  it('[REG-31] reads several challenges of one value and of several', () => {
    const both = [
      ['basic', { realm: 'x' }],
      ['bearer', { realm: 'y', scope: 'z' }],
    ];
    expect(parsed('Basic realm="x", Bearer realm="y",scope=z')).toEqual(both);
    expect(parsed(['Basic realm="x"', 'Bearer realm="y",scope=z'])).toEqual(both);
  });

  it('[REG-31] reads schemes without parameters and with token68', () => {
    expect(parsed('Negotiate, Basic realm=x')).toEqual([
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ]);
    expect(parsed('Negotiate abc/d==').map(([scheme]) => scheme)).toContain('negotiate');
  });

  it('[REG-31] drops garbage after a syntax error, and an unfinished quote', () => {
    expect(parsed('Basic realm="x", ;;;;')).toEqual([['basic', { realm: 'x' }]]);
    expect(parsed('Bearer realm="x", service="y')).toEqual([['bearer', { realm: 'x' }]]);
    expect(parsed('@')).toEqual([]);
    expect(parsed(undefined)).toEqual([]);
  });

  it('lets the first of repeated parameters count, and __proto__ be a name', () => {
    const [challenge] = parseChallenges('Bearer realm=a, realm=b, __proto__=c');
    expect([...(challenge?.parameters ?? [])]).toEqual([
      ['realm', 'a'],
      ['__proto__', 'c'],
    ]);
  });

  it.each(['a=', 'a ', '"', '\\', ',', 'a="', 'a,', ' ='])('[SEC-5] ends fast on many times %j', (part) => {
    expect(() => parseChallenges(`Bearer ${part.repeat(100_000)}`)).not.toThrow();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (header) => void parseChallenges(header)));
  });
});
