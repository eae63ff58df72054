// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseServerUrl } from '../../../shared/revocation/server-url.ts';

describe('parseServerUrl', () => {
  it.each([
    ['http://h', 'http://h/'],
    ['HTTP://H:80/x?y', 'http://h/x?y'],
    ['http://h:8080/a b ', 'http://h:8080/a%20b%20'],
    ['http://h/a\\b', 'http://h/a%5Cb'],
    ['http://h/\xe9', 'http://h/%E9'],
    ['http://h?%zz', 'http://h/?%zz'],
    ['http://[::1]/x', 'http://[::1]/x'],
  ])('reads %j', (text, href) => {
    expect(parseServerUrl(text)).toEqual({ url: new URL(href) });
  });

  it('leaves out user info and fragment', () => {
    expect(parseServerUrl('http://user:secret@h/a#f')).toEqual({ url: new URL('http://h/a') });
  });

  it.each([
    ['https://h', 'https'],
    ['HTTPS://h', 'https'],
    ['ldap://h/cn=x', 'ldap'],
    ['file:///etc/passwd', 'file'],
    ['', ''],
    ['//h', ''],
    [' http://h', ''],
  ])('[NP-313][NP-325] does not support %j', (text, unsupported) => {
    expect(parseServerUrl(text)).toEqual({ unsupported });
  });

  it.each([
    'http:',
    'http:h',
    'http:/h',
    'http:///x',
    'http://?x',
    'http://h\\x/a',
    'http://h x/a',
    'http://\xe9/',
    'http://h:99999/',
    'http://h/%zz',
    'http://h/\n',
    'http://h/\0',
  ])('takes %j for no address, though some parsers repair it', (text) => {
    expect(parseServerUrl(text)).toEqual({ unsupported: 'http (malformed address)' });
  });

  it('[SEC-5] is quick with long addresses', () => {
    for (const part of ['%', '%20', 'a', '/', '\\', ':', '@', '[', ' ', '\xe9']) {
      expect(parseServerUrl(`http://h/${part.repeat(100_000)}`)).toBeDefined();
      expect(parseServerUrl(`http://${part.repeat(100_000)}`)).toBeDefined();
    }
  });
});
