// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { CertificateChain } from '../../../shared/x509/certificate.ts';
import { findConstrainedName } from '../../../shared/x509/constrained-names.ts';
import { issueCertificate } from '../../fakes/certificate-authority.ts';
import { defaultExtensions, extension } from '../../fakes/certificate-extensions.ts';
import { context, contextPrimitive, sequence } from '../../fakes/der.ts';

const kinds = { dns: 2, email: 1, uri: 6, ip: 7 } as const;
type Kind = keyof typeof kinds;

function generalName(kind: Kind, value: string): Uint8Array {
  const content = kind === 'ip' ? Uint8Array.from(value.split(/[./]/).map(Number)) : Buffer.from(value);
  return contextPrimitive(kinds[kind], content);
}

function named(kind: Kind, ...names: readonly string[]) {
  const value = sequence(...names.map((name) => generalName(kind, name)));
  return issueCertificate('leaf', { extensions: [extension('2.5.29.17', value)] }).certificate;
}

function constraining(kind: Kind, permitted: readonly string[], excluded: readonly string[] = []) {
  const subtrees = (number: number, bases: readonly string[]) =>
    bases.length === 0 ? [] : [context(number, ...bases.map((base) => sequence(generalName(kind, base))))];
  const value = sequence(...subtrees(0, permitted), ...subtrees(1, excluded));
  return issueCertificate('ca', { extensions: [...defaultExtensions.ca, extension('2.5.29.30', value)] }).certificate;
}

function problem(kind: Kind, name: string, permitted: readonly string[], excluded: readonly string[] = []) {
  return findConstrainedName([named(kind, name), constraining(kind, permitted, excluded)]);
}

describe('findConstrainedName', () => {
  it.each<[Kind, string, string]>([
    ['dns', 'example.com', 'example.com'],
    ['dns', 'a.b.EXAMPLE.com', 'example.COM'],
    ['dns', 'a.example.com', '.example.com'],
    ['dns', 'anything', ''],
    ['uri', 'https://user@a.example.com:8443/x?y#z', 'example.com'],
    ['uri', '//example.com/x', 'example.com'],
    ['email', 'a@example.com', 'example.com'],
    ['email', 'a@sub.example.com', '.example.com'],
    ['email', 'a@EXAMPLE.com', 'a@example.COM'],
    ['email', '"a b"@example.com', 'example.com'],
    ['email', '"a"@example.com', 'a@example.com'],
    ['email', 'a\\@b@example.com', '"a@b"@example.com'],
    ['ip', '10.1.2.3', '10.0.0.0/255.0.0.0'],
  ])('permits %s %s by %s', (kind, name, constraint) => {
    expect(problem(kind, name, [constraint])).toBeUndefined();
    expect(problem(kind, name, [], [constraint])).toMatch(/ is excluded by constraint "/);
  });

  it.each<[Kind, string, string]>([
    ['dns', 'notexample.com', 'example.com'],
    ['dns', 'com', 'example.com'],
    ['dns', 'example.com', '.example.com'],
    ['dns', 'a.example.com', 'b.example.com'],
    ['uri', 'https://example.org/example.com', 'example.com'],
    ['uri', 'https://example.com@example.org/', 'example.com'],
    ['email', 'A@example.com', 'a@example.com'],
    ['email', 'a@notexample.com', 'example.com'],
    ['email', 'a@example.com', '.example.com'],
    ['ip', '11.0.0.1', '10.0.0.0/255.0.0.0'],
    ['ip', '0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1', '0.0.0.0/0.0.0.0'],
  ])('does not permit %s %s by %s', (kind, name, constraint) => {
    expect(problem(kind, name, [constraint])).toMatch(/ is not permitted by any constraint$/);
    expect(problem(kind, name, [], [constraint])).toBeUndefined();
  });

  it.each<[Kind, string]>([
    ['uri', 'urn:example'],
    ['uri', 'http://10.0.0.1/'],
    ['uri', 'http://[::1]/'],
    ['email', 'nobody'],
    ['dns', 'a..b'],
  ])('refuses %s %s, which cannot be compared, as soon as there is a constraint', (kind, name) => {
    expect(problem(kind, name, [], ['x.test'])).toMatch(/cannot be matched against constraints$/);
    expect(findConstrainedName([named(kind, name), issueCertificate('ca').certificate])).toBeUndefined();
  });

  it('lets an excluded name be hit by a wildcard', () => {
    expect(problem('dns', '*.example.com', [], ['host.example.com'])).toMatch(
      / is excluded by constraint "host.example.com"$/,
    );
    expect(problem('dns', '*.example.com', [], ['host.example.org'])).toBeUndefined();
    expect(problem('dns', '*.example.com', ['host.example.com'])).toMatch(/not permitted/);
    expect(problem('ip', '42.46.1.1', [], ['42.46.1.2/255.255.255.255'])).toBeUndefined();
  });

  it('applies constraints to what is below them only, and each of them', () => {
    const leaf = named('dns', 'a.example.com');
    const permit = constraining('dns', ['example.com']);
    const exclude = constraining('dns', [], ['a.example.com']);
    const other = constraining('email', ['nowhere.test']);
    const check = (...chain: CertificateChain) => findConstrainedName(chain);
    expect(check(leaf, permit, other)).toBeUndefined();
    expect(check(leaf, permit, exclude)).toBe('DNS name "a.example.com" is excluded by constraint "a.example.com"');
    expect(check(exclude, leaf, permit)).toBeUndefined();
    expect(check(leaf)).toBeUndefined();
  });

  it('looks at every name', () => {
    const leaf = named('dns', 'a.example.com', 'b.test');
    expect(findConstrainedName([leaf, constraining('dns', ['example.com'])])).toBe(
      'DNS name "b.test" is not permitted by any constraint',
    );
    expect(findConstrainedName([leaf, constraining('dns', ['example.com', 'test'])])).toBeUndefined();
  });

  it('[SEC-3] compares no more than 250,000 times', () => {
    const names = Array.from({ length: 501 }, (_, i) => `a${i}.example.com`);
    const constraint = constraining('dns', [...names.slice(0, 499), 'example.com']);
    expect(findConstrainedName([named('dns', ...names.slice(1)), constraint])).toBeUndefined();
    expect(findConstrainedName([named('dns', ...names), constraint])).toBe(
      'more than 250000 names and constraints to compare',
    );
  });
});
