// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { formatReference, parseReference, parseRepositoryName } from '../../../shared/oci/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const expecting = 'Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>';

function errorOf(text: string): NotaryError {
  try {
    parseReference(text);
  } catch (error) {
    if (error instanceof NotaryError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('parseReference', () => {
  it('[REG-1] parses tag, digest, and both, of which the digest wins', () => {
    expect(parseReference('ghcr.io/o/app:v1')).toEqual({ registry: 'ghcr.io', repository: 'o/app', tag: 'v1' });
    expect(parseReference(`ghcr.io/o/app@${digest}`)).toEqual({ registry: 'ghcr.io', repository: 'o/app', digest });
    expect(parseReference(`ghcr.io/o/app:v1@${digest}`)).toEqual({ registry: 'ghcr.io', repository: 'o/app', digest });
  });

  it('[NP-354] drops the tag beside a digest', () => {
    expect(formatReference(parseReference(`reg/repo:tag@${digest}`))).toBe(`reg/repo@${digest}`);
  });

  it.each([
    ['alpine:3', 'missing registry or repository', 'docker.io/library/alpine:3'],
    ['ghcr.io/o/app', 'no tag or digest', '@sha256:'],
    ['ghcr.io/O/App:v1', 'invalid repository "O/App"', 'lower-case: o/app'],
    ['https://ghcr.io/o/app:v1', 'invalid registry "https:"', 'Leave out https://'],
    ['oci://ghcr.io/o/app:v1', 'invalid registry "oci:"', 'Leave out oci://'],
  ])('[REG-2] tells what is wrong with %s', (text, reason, hint) => {
    const error = errorOf(text);
    expect(error.code).toBe('reference-invalid');
    expect(error.message).toBe(`${JSON.stringify(text)}: invalid reference: ${reason}. ${expecting}`);
    expect(error.hint).toContain(hint);
  });

  it('[REG-3] refuses an invalid tag, also beside a digest', () => {
    expect(errorOf('r/a:-x').message).toContain('invalid tag "-x"');
    expect(errorOf(`r/a:bad tag@${digest}`).message).toContain('invalid tag "bad tag"');
    expect(errorOf(`r/a:${'x'.repeat(129)}`).message).toContain('invalid tag');
    expect(errorOf('r/a:').message).toContain('invalid tag ""');
  });

  it.each([
    `SHA256:${'a'.repeat(64)}`,
    `sha256:${'A'.repeat(64)}`,
    `sha256:${'a'.repeat(63)}`,
    `md5:${'a'.repeat(32)}`,
    'sha256:',
    '',
  ])('[NP-355] [REG-8] refuses the digest %s', (text) => {
    expect(errorOf(`r/a@${text}`).message).toMatch(/^"r\/a@.*": invalid reference: invalid digest/);
  });

  it.each([
    ['sha384', 96],
    ['sha512', 128],
  ])('[REG-8] accepts %s', (algorithm, length) => {
    expect(parseReference(`r/a@${algorithm}:${'0'.repeat(length)}`).digest).toBe(`${algorithm}:${'0'.repeat(length)}`);
  });

  it('[REG-7] round-trips an IPv6 literal with port', () => {
    expect(formatReference(parseReference('[::1]:5000/app:v1'))).toBe('[::1]:5000/app:v1');
  });

  it.each([
    '',
    ':5000',
    'a b',
    'host:port',
    'host:',
    'host:99999',
    'user@host',
    'ho%73t',
    '1',
    '0x7f.1',
    '[::1',
    '[fe80::1%25eth0]',
    'host#',
    'host\\x',
  ])('refuses the registry %j', (registry) => {
    expect(errorOf(`${registry}/app:v1`).message).toContain('invalid registry');
  });

  it('keeps upper case in the registry, as Notation does', () => {
    expect(parseReference('GHCR.io/app:v1').registry).toBe('GHCR.io');
  });

  it.each(['a', 'a/b', 'a.b', 'a_b', 'a__b', 'a---b', '0/1-2'])('accepts the repository %s', (repository) => {
    expect(parseReference(`r/${repository}:t`).repository).toBe(repository);
  });

  it.each(['', 'a/', '/a', 'a//b', 'a..b', 'a___b', '.a', 'a-', 'a._b', 'ä', 'a b', 'a\n'])(
    'refuses the repository %j',
    (repository) => {
      expect(errorOf(`r/${repository}:t`).message).toContain('invalid repository');
    },
  );

  it.each(['a-', 'a_', 'a.', '/', ':', '@', '-', '_'])('[SEC-5] ends fast on 100,000 times %j', (part) => {
    expect(errorOf(`r/${part.repeat(100_000)}!`).code).toBe('reference-invalid');
    expect(errorOf(`r/${part.repeat(2_000 / part.length)}!`).code).toBe('reference-invalid');
    expect(errorOf(part.repeat(100_000)).message.length).toBeLessThan(1_000);
  });

  it('returns or throws a NotaryError for any text, and what it returns round-trips', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:]{1,9}\/[a-z/._-]{1,9}[:@][a-z0-9:]{1,9}$/)),
        (text) => {
          try {
            const reference = parseReference(text);
            expect(parseReference(formatReference(reference))).toEqual(reference);
          } catch (error) {
            expect(error).toBeInstanceOf(NotaryError);
          }
        },
      ),
    );
  });
});

describe('parseRepositoryName', () => {
  it('takes a name without tag and digest only', () => {
    expect(parseRepositoryName('ghcr.io/o/app')).toEqual({ registry: 'ghcr.io', repository: 'o/app' });
    expect(() => parseRepositoryName('ghcr.io/o/app:v1')).toThrow('invalid repository');
    expect(() => parseRepositoryName('app')).toThrow('missing registry or repository');
  });
});
