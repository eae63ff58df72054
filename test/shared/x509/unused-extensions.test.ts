// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { checkUnusedExtension } from '../../../shared/x509/unused-extensions.ts';
import { encodeName } from '../../fakes/certificate-authority.ts';
import { context, contextPrimitive, der, integer, nullValue, octetString, oid, sequence } from '../../fakes/der.ts';
import { expectError } from '../../support/expect-error.ts';

type Case = readonly [string, Uint8Array];

function check(oidText: string, value: Uint8Array, critical = false): void {
  checkUnusedExtension({ oid: oidText, critical, value });
}

function suite(name: string, id: string, accepted: readonly Case[], refused: readonly Case[]): void {
  describe(name, () => {
    it.each(accepted)('accepts %s', (_, value) => {
      expect(() => {
        check(id, value);
      }).not.toThrow();
    });
    it.each(refused)('refuses %s', (_, value) => {
      expectError(
        () => {
          check(id, value);
        },
        'malformed',
        /^x509: /,
      );
    });
  });
}

const bytes = (content: string) => Buffer.from(content, 'latin1');
const email = (content: string) => contextPrimitive(1, bytes(content));
const dns = (content: string) => contextPrimitive(2, bytes(content));
const uri = (content: string) => contextPrimitive(6, bytes(content));
const ip = (...content: number[]) => contextPrimitive(7, Uint8Array.from(content));

suite(
  'subject alternative name',
  '2.5.29.17',
  [
    [
      'names of every kind',
      sequence(email('a@b'), dns('b'), uri('http://b'), ip(1, 2, 3, 4), context(4, encodeName('CN=x'))),
    ],
    ['no name', sequence()],
    ['an IPv6 address', sequence(ip(...new Array<number>(16).fill(1)))],
    ['an email address and a domain that are neither', sequence(email('?'), dns('..'))],
  ],
  [
    ['no sequence', dns('b')],
    ['Latin-1 in an email address', sequence(email('\xe9'))],
    ['Latin-1 in a domain', sequence(dns('\xe9'))],
    ['Latin-1 in a URI', sequence(uri('http://\xe9'))],
    ['a URI that does not parse', sequence(uri('http://[::1'))],
    ['an address of five bytes', sequence(ip(1, 2, 3, 4, 5))],
  ],
);

const permitted = (...bases: Uint8Array[]) => context(0, ...bases.map((base) => sequence(base)));
const constraints = (...bases: Uint8Array[]) => sequence(permitted(...bases));

suite(
  'name constraints',
  '2.5.29.30',
  [
    ['domains', constraints(dns('.a.b'), dns(''), dns('a'))],
    ['email addresses and hosts', constraints(email('a@b'), email('"a b"@c'), email('a\\ b@c'), email('.b'))],
    ['a host of URIs', constraints(uri('.a.b'), uri('1.2.3'))],
    ['networks', constraints(ip(10, 0, 0, 0, 255, 240, 0, 0), ip(...new Array<number>(32).fill(0)))],
    ['a directory name', constraints(context(4, encodeName('CN=x')))],
    ['excluded names', sequence(context(1, sequence(dns('a'))))],
    ['one empty side', sequence(context(0), context(1, sequence(dns('a'))))],
  ],
  [
    ['nothing', sequence()],
    ['two empty sides', sequence(context(0), context(1))],
    ['something behind', sequence(permitted(dns('a')), nullValue())],
    ['trailing bytes', Uint8Array.of(...constraints(dns('a')), 0)],
    ['a domain with empty labels', constraints(dns('a..b'))],
    ['a domain with a final dot', constraints(dns('a.'))],
    ['Latin-1', constraints(dns('\xe9'))],
    ['an email address that is none', constraints(email('a..b@c'))],
    ['an email address without local part', constraints(email('@c'))],
    ['an unfinished quotation', constraints(email('"a@c'))],
    ['an address as host of URIs', constraints(uri('1.2.3.4'))],
    ['an IPv6 address as host of URIs', constraints(uri('::1'))],
    ['a network of six bytes', constraints(ip(1, 2, 3, 4, 5, 6))],
    ['a mask with a gap', constraints(ip(10, 0, 0, 0, 255, 0, 255, 0))],
    ['a mask with a gap in a byte', constraints(ip(10, 0, 0, 0, 0xfd, 0, 0, 0))],
  ],
);

suite(
  'certificate policies',
  '2.5.29.32',
  [
    ['policies with qualifiers', sequence(sequence(oid('1.2.3'), sequence()), sequence(oid('2.5.29.32.0')))],
    ['an arc of any size', sequence(sequence(der(0x06, bytes('\x2a\x8f\xff\xff\xff\xff\xff\x7f'))))],
  ],
  [
    ['the same policy twice', sequence(sequence(oid('1.2.3')), sequence(oid('1.2.3')))],
    ['an empty identifier', sequence(sequence(der(0x06)))],
    ['an unfinished identifier', sequence(sequence(der(0x06, Uint8Array.of(0x2a, 0x81))))],
    ['a padded identifier', sequence(sequence(der(0x06, Uint8Array.of(0x2a, 0x80, 0x01))))],
    ['no identifier', sequence(sequence(integer(1)))],
  ],
);

suite(
  'policy mappings',
  '2.5.29.33',
  [['mappings', sequence(sequence(oid('1.2.3'), oid('1.2.4')))]],
  [['half a mapping', sequence(sequence(oid('1.2.3')))]],
);

suite(
  'policy constraints',
  '2.5.29.36',
  [
    ['both', sequence(contextPrimitive(0, Uint8Array.of(1)), contextPrimitive(1, Uint8Array.of(0)))],
    ['none', sequence()],
  ],
  [
    ['an empty number', sequence(contextPrimitive(0, new Uint8Array()))],
    ['a padded number', sequence(contextPrimitive(1, Uint8Array.of(0, 1)))],
    ['a number of nine bytes', sequence(contextPrimitive(0, new Uint8Array(9).fill(1)))],
  ],
);

suite('inhibit any policy', '2.5.29.54', [['a number', integer(3)]], [['no number', nullValue()]]);
suite(
  'subject key identifier',
  '2.5.29.14',
  [['bytes', octetString(Uint8Array.of(1))]],
  [['no octet string', nullValue()]],
);
suite(
  'authority key identifier',
  '2.5.29.35',
  [
    ['a key', sequence(contextPrimitive(0, Uint8Array.of(1)))],
    ['none', sequence()],
    ['another form', sequence(context(1, encodeName('CN=x')))],
  ],
  [
    ['no sequence', nullValue()],
    ['a key beyond its end', sequence(Uint8Array.of(0x80, 5, 1))],
  ],
);

describe('other extensions', () => {
  it('are not looked at', () => {
    expect(() => {
      check('1.2.3', bytes('anything'), true);
      check('2.5.29.99', bytes('anything'), true);
    }).not.toThrow();
  });
});
