// SPDX-License-Identifier: Apache-2.0
import { cat, float, head, longHead } from '../../fakes/raw-cbor.ts';
import type { Random } from './random.ts';

/** Writes CBOR items, now and then with a longer head than is needed. */
export class CborWriter {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  head(major: number, argument: number | bigint): Uint8Array {
    const shortest = head(major, argument);
    if (!this.random.chance(0.03)) return shortest;
    const sizes = [1, 2, 4, 8].filter((size) => size >= shortest.length);
    return sizes.length === 0 ? shortest : longHead(major, argument, this.random.pick(sizes));
  }

  int(value: number | bigint): Uint8Array {
    const integer = BigInt(value);
    return integer >= 0n ? this.head(0, integer) : this.head(1, -1n - integer);
  }

  text(text: string): Uint8Array {
    const bytes = Buffer.from(text);
    return cat(this.head(3, bytes.length), bytes);
  }

  bytes(bytes: Uint8Array): Uint8Array {
    return cat(this.head(2, bytes.length), bytes);
  }

  array(items: readonly Uint8Array[]): Uint8Array {
    return cat(this.head(4, items.length), ...items);
  }

  map(entries: CborEntries): Uint8Array {
    return cat(this.head(5, entries.length), ...entries.flat());
  }

  tag(number: number | bigint, content: Uint8Array): Uint8Array {
    return cat(this.head(6, number), content);
  }

  /** Some item, or what is none. */
  any(depth = 0): Uint8Array {
    const { random } = this;
    const inner = () => this.any(depth + 1);
    const count = depth > 3 ? 0 : random.below(3);
    switch (random.below(13)) {
      case 0:
        return this.int(random.below(40));
      case 1:
        return this.int(-1 - random.below(300));
      case 2:
        return this.text(random.pick(anyTexts));
      case 3:
        return this.array(random.times(count, inner));
      case 4:
        return this.map(random.times(count, () => [inner(), inner()] as const));
      case 5:
        return depth > 6 ? hex('f6') : this.tag(random.pick(anyTags), inner());
      case 6:
        return float(random.pick(anyFloats));
      case 7:
        return this.int(random.pick(anyIntegers));
      case 8:
        return this.nested(random.below(2), 28 + random.below(8));
      case 9:
        return this.map([
          [this.int(1), this.int(2)],
          [this.int(1), this.int(3)],
        ]);
      case 10:
        return this.bytes(Buffer.from('abc'));
      default:
        return hex(random.pick(anyItems));
    }
  }

  private nested(kind: number, depth: number): Uint8Array {
    let item = this.int(1);
    for (let level = 0; level < depth; level++) item = kind === 0 ? this.array([item]) : this.tag(100, item);
    return item;
  }
}

/** Keys and values of a map, encoded. */
export type CborEntries = readonly (readonly [Uint8Array, Uint8Array])[];

export function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

const anyTexts = ['', 'a', 'a/b', ' a/b', 'a/b ', 'a/b/c', 'é', 'notary.x509', `\ufeffabc/${'x'.repeat(80)}`];
const anyTags = [0, 1, 2, 3, 4, 21, 24, 32, 55799, 18, 28, 29, 51, 6, 27, 100, 57337, 57343, 258, 64];
const anyFloats = [1661321924.5, 1.78e9, -1.5, 1e300, NaN, Infinity, 9.3e18, -62135596800];
const anyIntegers = [2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 64n), 2n ** 53n + 1n];
const anyItems =
  'f4 f5 f6 f7 f93c00 f97e00 f97c00 f9fc00 f98000 f90001 f97bff fa3fc00000 f8ff f810 e0 fc 1c 9fff 5fff 62c328 9b7fffffffffffffff 7affffffff61'.split(
    ' ',
  );
