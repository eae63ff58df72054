// SPDX-License-Identifier: Apache-2.0

/**
 * A CBOR data item with what the JavaScript value alone would lose: integer or float, tags.
 */
export type CborItem = CborInteger | CborFloat | CborBytes | CborText | CborArray | CborMap | CborTagged | CborSimple;

export interface CborInteger {
  readonly kind: 'integer';
  readonly value: bigint;
}

export interface CborFloat {
  readonly kind: 'float';
  readonly value: number;
}

export interface CborBytes {
  readonly kind: 'bytes';
  readonly value: Uint8Array;
}

export interface CborText {
  readonly kind: 'text';
  readonly value: string;
}

export interface CborArray {
  readonly kind: 'array';
  /** Bytes of the head; 1 is the shortest form of up to 23 items. */
  readonly headLength: number;
  readonly items: readonly CborItem[];
}

export interface CborMap {
  readonly kind: 'map';
  /** In the order written; no two keys are the same. */
  readonly entries: readonly (readonly [CborItem, CborItem])[];
}

export interface CborTagged {
  readonly kind: 'tag';
  readonly tag: bigint;
  readonly content: CborItem;
}

/** Simple values: 20 false, 21 true, 22 null, 23 undefined, others without a meaning. */
export interface CborSimple {
  readonly kind: 'simple';
  readonly value: number;
}

/** Whether an item is null or undefined, which Go does not tell apart. */
export function isNil(item: CborItem): boolean {
  return item.kind === 'simple' && (item.value === 22 || item.value === 23);
}
