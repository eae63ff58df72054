// SPDX-License-Identifier: Apache-2.0
import { type Asn1Node, encodeAsn1, parseAsn1 } from './asn1-tree.ts';
import { anyContents, anyTags, specialContents } from './asn1-values.ts';
import type { Random } from './random.ts';

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
      node.tag = [random.pick(anyTags)];
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
  const tag = random.chance(0.05) ? random.pick(rare) : [random.pick(anyTags)];
  return { tag, content: Buffer.from(random.pick(anyContents), 'latin1') };
}
