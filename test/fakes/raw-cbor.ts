// SPDX-License-Identifier: Apache-2.0

// Writes CBOR item by item, so that it can be wrong: any order, any duplicate, any head.

/** An integer. */
export function int(value: number | bigint): Uint8Array {
  const integer = BigInt(value);
  return integer >= 0n ? head(0, integer) : head(1, -1n - integer);
}

/** A text string. */
export function tstr(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  return cat(head(3, bytes.length), bytes);
}

/** A byte string. */
export function bstr(bytes: Uint8Array): Uint8Array {
  return cat(head(2, bytes.length), bytes);
}

export function array(...items: readonly Uint8Array[]): Uint8Array {
  return cat(head(4, items.length), ...items);
}

export type RawEntry = readonly [Uint8Array, Uint8Array];

export function map(...entries: readonly RawEntry[]): Uint8Array {
  return cat(head(5, entries.length), ...entries.flat());
}

export function tag(number: number | bigint, content: Uint8Array): Uint8Array {
  return cat(head(6, number), content);
}

/** A 64-bit float. */
export function float(value: number): Uint8Array {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xfb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

export const nil = Uint8Array.of(0xf6);

export function cat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The shortest head of a major type. */
export function head(major: number, argument: number | bigint): Uint8Array {
  const value = BigInt(argument);
  if (value < 24n) return Uint8Array.of((major << 5) | Number(value));
  const sizes = [1, 2, 4, 8];
  const index = sizes.findIndex((size) => value < 1n << BigInt(8 * size));
  return longHead(major, value, sizes[index] ?? 8);
}

/** A head with an argument of 1, 2, 4 or 8 bytes, needed or not. */
export function longHead(major: number, argument: number | bigint, size: number): Uint8Array {
  const bytes = Buffer.alloc(9);
  bytes.writeBigUInt64BE(BigInt(argument), 1);
  return cat(Uint8Array.of((major << 5) | (24 + Math.log2(size))), bytes.subarray(9 - size));
}
