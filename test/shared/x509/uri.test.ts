// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { isAcceptableUri } from '../../../shared/x509/uri.ts';

// Every line was decided by Go's crypto/x509 with the defaults of a module of Go 1.23.
const accepted = [
  ...['', '*', 'a', 'a:', 'a:b', '/a:b', 'a/b:c', '?a:b', 'a?b:c%zz', '//h', '///h', 'x:///y', 'x://', 'a+b.c-d:/x'],
  ...['http://', 'http://a', 'http://a:80', 'http://a:b:80', 'http://h:', 'http://:80', 'http://@h', 'http://@'],
  ...['http://u@h', 'http://u:p:q@h', 'http://u@v@h', 'http://a%25b', 'http://<h>', 'http://h]', 'http://h"'],
  ...['http://h.:80', 'http://h?x?y', 'http://h#\x01', 'urn:x%', 'http:a%zz', 'mailto:a@b', "http://h_-~!$&'()*+,;="],
  ...[
    'http://[::1]',
    'http://[::1]:8',
    'http://[::ffff:1.2.3.4]',
    'http://[1:2:3:4:5:6:7:8]',
    'http://[1:2:3:4:5:6:7::]',
  ],
  ...['http://[fe80::1%25en0]', 'http://[::1%25%41]', 'http://[::1%25%2525]', 'http://[::1%25a.b]'],
];
const refused = [
  ...[':', '1:b', '1a:b', '*a:b', '+a:b', '#%zz', 'http://h\x01', 'http://h\x7f', 'http://a b', 'http://a:x'],
  ...['http://a%20b', 'http://a%80', 'http://u%zz@h', 'http://u"@h', 'http://h/%zz', 'http://h/%2', 'http:/a%zz'],
  ...['http://.h', 'http://h.', 'http://h..x', 'http://h:80.', 'http://h|', 'http://h^', 'http://h{'],
  ...['http://[::1', 'http://[::1]x', 'http://x[::1]', 'http://[[::1]]', 'http://[1.2.3.4]', 'http://[12345::]'],
  ...['http://[:1]', 'http://[1:::2]', 'http://[1:2:3:4:5:6:7:8::]', 'http://[fe80::1%25]', 'http://[fe80::1%en0]'],
  ...['http://[::1%25.a', 'http://[::1%25%20]', 'http://[::1%25a%2e%2eb]'],
];

describe('isAcceptableUri', () => {
  it.each(accepted)('accepts %j', (uri) => {
    expect(isAcceptableUri(uri)).toBe(true);
  });

  it.each(refused)('refuses %j', (uri) => {
    expect(isAcceptableUri(uri)).toBe(false);
  });
});
