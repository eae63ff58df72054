// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { hexOfBytes } from './bytes.ts';
import type { CborItem } from './cbor-item.ts';
import { parseGoTime } from './instant.ts';

// What makes well-formed CBOR invalid for go-cose's decoder (fxamacker/cbor `parse`, `parseMap`, `validBuiltinTag`).

/** Announces CBOR and means nothing (RFC 8949 section 3.4.6). */
const selfDescribed = 55_799n;

/** The item without tags that say no more than that this is CBOR. */
export function withoutSelfDescription(item: CborItem): CborItem {
  let inner = item;
  while (inner.kind === 'tag' && inner.tag === selfDescribed) inner = inner.content;
  return inner;
}

/** Refuses keys that are the same and keys that Go cannot use (containers, big numbers). Throws `malformed`. */
export function checkMapKeys(keys: readonly CborItem[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    const identity = identityOf(withoutSelfDescription(key));
    if (identity === undefined) throw invalid(`invalid map key type: ${key.kind}`);
    // NaN differs from itself
    if (seen.has(identity) && identity !== 'float NaN') throw invalid(`found duplicate map key ${identity}`);
    seen.add(identity);
  }
}

/** What a key is as a Go map key, undefined when it cannot be one. */
function identityOf(key: CborItem): string | undefined {
  switch (key.kind) {
    case 'integer':
      return key.value < -0x8000_0000_0000_0000n ? undefined : `integer ${key.value}`;
    case 'float':
      return `float ${key.value}`;
    case 'text':
      return `text ${key.value}`;
    case 'bytes':
      return `bytes ${hexOfBytes(key.value)}`;
    case 'simple':
      // null and undefined are both nil
      return `simple ${key.value === 23 ? 22 : key.value}`;
    case 'tag': {
      if (key.tag === 2n || key.tag === 3n) return undefined;
      const content = identityOf(key.content);
      return content && `tag ${key.tag} ${content}`;
    }
    default:
      return undefined;
  }
}

/** Refuses content that a known tag does not allow (RFC 8949 section 3.4). Throws `malformed`. */
export function checkTag(tag: bigint, content: CborItem): void {
  const allowed = allowedContent.get(tag);
  if (allowed?.(content) === false) throw invalid(`tag number ${tag} with inadmissible content (${content.kind})`);
}

const allowedContent: ReadonlyMap<bigint, (content: CborItem) => boolean> = new Map([
  [0n, (content) => content.kind === 'text' && parseGoTime(content.value) !== undefined],
  [1n, (content) => content.kind === 'float' || (content.kind === 'integer' && content.value >= -(2n ** 63n))],
  [2n, (content) => content.kind === 'bytes'],
  [3n, (content) => content.kind === 'bytes'],
]);

function invalid(message: string): NotaryError {
  return new NotaryError('malformed', `cbor: ${message}`);
}
