// SPDX-License-Identifier: Apache-2.0

/** Identifier octets worth trying. */
export const anyTags = [
  1, 2, 3, 4, 5, 6, 0x0a, 0x0c, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1e, 0x1f, 0x24,
  0x30, 0x31, 0x80, 0x81, 0x82, 0x84, 0x86, 0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4,
];

/** Contents worth trying for any type. */
export const anyContents = [
  '',
  '\0',
  '\x01',
  '\xff',
  '\x05\0',
  '20260601000010Z',
  '260601000010Z',
  '*\x03',
  '\x02\x01\x01',
  '\0\x80',
  '\x80\x01',
];

const times =
  `200101000000Z 2001010000Z 20010100Z 200101000000+0100 200101000000+0000 200101000000-0000 200101000000+2400
200101000000+2401 200101000000+0060 200101000000+0059 200101000000-1200 200101240000Z 200101236000Z 200101235960Z
200230000000Z 190229000000Z 200229000000Z 490101000000Z 500101000000Z 680101000000Z 690101000000Z 991231235959Z
200101000000.5Z 200101000000 200101000000z 200001000000Z 201301000000Z 200100000000Z 200132000000Z 2001010000+0130
20200101000000Z 00000101000000Z 00000229000000Z 99991231235959Z 20200101000000+0530 20200101000000.5Z 20200101000000.50Z
202001010000Z 20210229000000Z 19000229000000Z 20000229000000Z 00000101000000+2359 99991231235959-2359 20260601000010,5Z`.split(
    /\s+/,
  );

const uris = `: a: http:// http://a http://a:80 http://a:b:80 http://a:x http://[::1] http://[::1]:8 http://[1.2.3.4]
http://[fe80::1%25en0] http://[fe80::1%25] http://[::1 http://a%20b http://a%25b http://a%80 http://u@h http://u%zz@h
http://u:p:q@h http://u@v@h http://<h> http://h/%zz http://h/%2 //h ///h /a:b a:b 1a:b a/b:c 1:b * http:a%zz http:/a%zz
urn:x% ?a:b a?b:c%zz #%zz http://.h http://h. http://h..x http://h.:80 mailto:a@b http://[::1]x http://[::ffff:1.2.3.4]
http://[1:2:3:4:5:6:7::] http://[12345::] http://[1:::2] http://[[::1]] http://x[::1] http://h] http://h" http://h|
http://h^ http://h{ http://u"@h HTTP://h?x?y http://h? a+b.c-d:/x +a:b http://@h http://h: http://:80 file:///x x://`.split(
  /\s+/,
);

const domains = `. a .a a. ..a a..b .a.b a@b @b a@ a.b@c .a@b a.@b a..b@c "a" "a"b@c "a a\\ a@b@c a@.b 1.2.3.4 1.2.3
01.2.3.4 256.1.1.1 ::1 fe80::1%25 a(b@c *.a a_b A.EXAMPLE`.split(/\s+/);

const texts = [
  '',
  'a',
  '*&',
  'a@b',
  '_',
  ' x ',
  '#a',
  '\xc3\xa9',
  '\xff',
  '\0',
  'a\0',
  '\0a\0b',
  '\0a\0\0',
  '\xd8\0',
  '\xff\xfe',
  '\xfd\xd0',
  '\0\0\0a',
  '123 4',
  '<>;"+,\\',
  '=#',
  'x'.repeat(300),
  '\xed\xa0\x80',
  '\xc0\x80',
  '\xf4\x90\x80\x80',
  '\xef\xbb\xbfa',
  '\xe2\x80\xa8',
];

const integers = [
  '\0',
  '\xff',
  '\x80',
  '\0\x80',
  '\0\xff',
  '\xff\x7f',
  '\xff\x80',
  '\0\0',
  '\x7f\xff\xff\xff\xff\xff\xff\xff',
  '\0\x80\0\0\0\0\0\0\0',
  '\x80\0\0\0\0\0\0\0',
  '',
  '\x01',
  '\x02',
  '\x03',
  '\x01\0\x01',
  '\0\xff\xff\xff\xff',
  '\x7f\xff\xff\xff',
];

const identifiers = [
  '+\x8f\xff\xff\xff\x7f',
  '+\x87\xff\xff\xff\x7f',
  '+\x80\x01',
  '+\x80',
  '\x88\x37',
  'x',
  '\x81\x34\x03',
  '*\x03\x04',
  'U\x1d\x25\0',
];

/** Contents that are worth trying for a type, by its identifier octet. */
export const specialContents: Readonly<Record<number, readonly string[]>> = {
  1: ['\0', '\xff', '\x01', '', '\0\0'],
  2: integers,
  6: identifiers,
  0x0a: integers,
  0x0c: texts,
  0x12: texts,
  0x13: texts,
  0x14: texts,
  0x16: texts,
  0x17: times,
  0x18: times,
  0x1e: texts,
  0x81: domains,
  0x82: domains,
  0x86: [...uris, ...domains],
  0x87: [
    '',
    '\x01\x02\x03',
    '\x01\x02\x03\x04',
    '\xff'.repeat(8),
    '\0'.repeat(16),
    '\xfe'.repeat(32),
    '\x0a\0\0\0\xff\0\xff\0',
  ],
};
