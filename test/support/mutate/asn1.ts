// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/** An encoded value as a tree: what is inside strings is part of it where it is DER itself. */
export interface Asn1Node {
  /** Identifier octets. */
  tag: readonly number[];
  children?: Asn1Node[];
  content?: Buffer;
  /** Octet or bit string around the children. */
  wrapped?: 'octets' | 'bits';
  /** Octets that the length shall take, needed or not. */
  lengthOctets?: number;
}

/** Parses concatenated values; undefined for what is no DER. */
export function parseAsn1(bytes: Buffer): Asn1Node[] | undefined {
  const nodes: Asn1Node[] = [];
  for (let start = 0; start < bytes.length;) {
    const head = parseHead(bytes, start);
    if (head === undefined) return undefined;
    const { tagEnd, contentStart, end } = head;
    nodes.push(nodeOf([...bytes.subarray(start, tagEnd)], bytes.subarray(contentStart, end)));
    start = end;
  }
  return nodes;
}

function parseHead(bytes: Buffer, start: number) {
  let tagEnd = start + 1;
  if (((bytes[start] ?? 0) & 0x1f) === 0x1f) {
    while ((bytes[tagEnd] ?? 0) & 0x80) tagEnd++;
    tagEnd++;
  }
  const first = bytes[tagEnd];
  if (first === undefined) return undefined;
  const octets = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || octets > 4) return undefined;
  let length = octets === 0 ? first : 0;
  for (let index = 1; index <= octets; index++) length = length * 256 + (bytes[tagEnd + index] ?? 0);
  const contentStart = tagEnd + 1 + octets;
  const end = contentStart + length;
  return end > bytes.length ? undefined : { tagEnd, contentStart, end };
}

function nodeOf(tag: readonly number[], content: Buffer): Asn1Node {
  const [first = 0] = tag;
  if (first & 0x20) {
    const children = parseAsn1(content);
    return children === undefined ? { tag, content } : { tag, children };
  }
  const inner = first === 4 ? content : first === 3 && content[0] === 0 ? content.subarray(1) : undefined;
  if (inner === undefined || inner.length < 2) return { tag, content };
  const children = parseAsn1(inner);
  if (children?.length !== 1) return { tag, content };
  return { tag, children, wrapped: first === 3 ? 'bits' : 'octets' };
}

/** The bytes of values. */
export function encodeAsn1(nodes: readonly Asn1Node[]): Uint8Array {
  return new Uint8Array(Buffer.concat(nodes.map(encodeNode)));
}

function encodeNode(node: Asn1Node): Buffer {
  const inner =
    node.children === undefined ? (node.content ?? Buffer.alloc(0)) : Buffer.from(encodeAsn1(node.children));
  const content = node.wrapped === 'bits' ? Buffer.concat([Buffer.of(0), inner]) : inner;
  return Buffer.concat([Buffer.from(node.tag), encodeLength(content.length, node.lengthOctets), content]);
}

function encodeLength(length: number, octets: number | undefined): Buffer {
  if (octets === undefined && length < 128) return Buffer.of(length);
  const hex = length.toString(16);
  const shortest = hex.length + (hex.length % 2);
  const digits = hex.padStart(Math.max(shortest, 2 * (octets ?? 0)), '0');
  return Buffer.concat([Buffer.of(0x80 | (digits.length / 2)), Buffer.from(digits, 'hex')]);
}

interface Place {
  readonly siblings: Asn1Node[];
  readonly index: number;
  readonly node: Asn1Node;
}

function placesIn(nodes: Asn1Node[], found: Place[] = []): Place[] {
  for (const [index, node] of nodes.entries()) {
    found.push({ siblings: nodes, index, node });
    if (node.children !== undefined) placesIn(node.children, found);
  }
  return found;
}

/** Changes one or two values anywhere in an encoding; bytes that are no DER stay as they are. */
export function mutateAsn1(random: Random, bytes: Uint8Array): Uint8Array {
  const nodes = parseAsn1(Buffer.from(bytes));
  if (nodes === undefined) return bytes;
  for (let count = 1 + random.below(2); count > 0 && nodes.length > 0; count--) mutateNode(random, placesIn(nodes));
  return encodeAsn1(nodes);
}

/** Changes one or two of encoded values, or what is in them. */
export function mutateValues(random: Random, values: readonly Uint8Array[]): Uint8Array[] {
  const nodes = parseAsn1(Buffer.concat(values));
  if (nodes === undefined) return [...values];
  for (let count = 1 + random.below(2); count > 0 && nodes.length > 0; count--) mutateNode(random, placesIn(nodes));
  return nodes.map((node) => encodeAsn1([node]));
}

function mutateNode(random: Random, places: readonly Place[]): void {
  const { siblings, index, node } = random.pick(places);
  const other = random.pick(places).node;
  switch (random.below(16)) {
    case 0:
      siblings.splice(index, 1);
      break;
    case 1:
      siblings.splice(index, 0, structuredCopy(node));
      break;
    case 2:
      siblings.splice(
        random.below(siblings.length + 1),
        0,
        random.chance(0.5) ? structuredCopy(other) : anyNode(random),
      );
      break;
    case 3:
      node.tag = [random.pick(tags)];
      break;
    case 4:
      node.tag = [(node.tag[0] ?? 0) ^ random.pick([0x20, 0x80, 0x40, 1, 2])];
      break;
    case 5:
      node.lengthOctets = 1 + random.below(5);
      break;
    case 6:
      siblings.splice(index, 1, structuredCopy(other));
      break;
    case 7: {
      const target = random.below(siblings.length);
      const displaced = siblings[target];
      if (displaced !== undefined) [siblings[target], siblings[index]] = [node, displaced];
      break;
    }
    case 8:
      siblings.splice(index, 1, {
        tag: [random.pick([0x30, 0x31, 0xa0, 0xa1, 0xa4])],
        children: [structuredCopy(node)],
      });
      break;
    case 9:
      delete node.children;
      delete node.wrapped;
      node.content = Buffer.alloc(0);
      break;
    default:
      mutateContent(random, random.chance(0.5) ? node : random.pick(places).node);
  }
}

function structuredCopy({ children, ...node }: Asn1Node): Asn1Node {
  return children === undefined ? { ...node } : { ...node, children: children.map(structuredCopy) };
}

function mutateContent(random: Random, node: Asn1Node): void {
  if (node.children !== undefined) {
    if (random.chance(0.5)) node.children.push(anyNode(random));
    else node.children.length = random.below(node.children.length + 1);
    return;
  }
  const content = node.content ?? Buffer.alloc(0);
  const special = specialContents[node.tag[0] ?? 0];
  if (special !== undefined && random.chance(0.6)) {
    const value = random.pick(special);
    if (node.tag[0] === 0x17 && value.length > 13) node.tag = [0x18];
    node.content = Buffer.from(value, 'latin1');
    return;
  }
  const changed = Buffer.from(content);
  if (changed.length > 0)
    changed[random.below(changed.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  node.content = random.pick([
    changed,
    changed,
    Buffer.concat([Buffer.of(random.pick([0, 0x80, 0xff, 1, 7, 4])), content]),
    Buffer.concat([content, Buffer.of(random.below(256))]),
    content.subarray(0, random.below(content.length + 1)),
    Buffer.from(content).reverse(),
  ]);
}

function anyNode(random: Random): Asn1Node {
  const rare = [
    [0x1f, 0x20],
    [0xbf, 0x81, 0x01],
    [0x3f, 0x05],
    [0x1f, 0x80, 0x20],
  ];
  const tag = random.chance(0.05) ? random.pick(rare) : [random.pick(tags)];
  return { tag, content: Buffer.from(random.pick(anyContents), 'latin1') };
}

const tags = [
  1, 2, 3, 4, 5, 6, 0x0a, 0x0c, 0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1e, 0x1f, 0x24,
  0x30, 0x31, 0x80, 0x81, 0x82, 0x84, 0x86, 0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4,
];

const anyContents = [
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

/** Contents that are worth trying for a type. */
const specialContents: Readonly<Record<number, readonly string[]>> = {
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
