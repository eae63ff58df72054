// SPDX-License-Identifier: Apache-2.0

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
