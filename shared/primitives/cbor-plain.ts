// SPDX-License-Identifier: Apache-2.0
import type { CborItem } from './cbor-item.ts';
import { withoutSelfDescription } from './cbor-validity.ts';

/** A CBOR item as a JavaScript value; tags and unassigned simple values, which have none, are named. */
export type PlainCbor =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PlainCbor[]
  | ReadonlyMap<PlainCbor, PlainCbor>
  | { readonly tag: bigint; readonly content: PlainCbor }
  | { readonly simple: number };

/** The JavaScript value of an item, for showing it: integers that fit are numbers. */
export function plainCbor(item: CborItem): PlainCbor {
  const inner = withoutSelfDescription(item);
  switch (inner.kind) {
    case 'integer': {
      const small = Number(inner.value);
      return Number.isSafeInteger(small) ? small : inner.value;
    }
    case 'float':
    case 'bytes':
    case 'text':
      return inner.value;
    case 'array':
      return inner.items.map(plainCbor);
    case 'map':
      return new Map(inner.entries.map(([key, value]) => [plainCbor(key), plainCbor(value)]));
    case 'tag':
      return { tag: inner.tag, content: plainCbor(inner.content) };
    case 'simple':
      return plainSimple(inner.value);
  }
}

function plainSimple(value: number): PlainCbor {
  switch (value) {
    case 20:
      return false;
    case 21:
      return true;
    case 22:
    case 23:
      return null;
    default:
      return { simple: value };
  }
}
