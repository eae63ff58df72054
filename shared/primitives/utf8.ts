// SPDX-License-Identifier: Apache-2.0
import { utf8OfBytes } from './bytes.ts';

/**
 * Decodes UTF-8 as Go's `range` over a string does: each byte that is no part of a character becomes one U+FFFD, or what
 * `standIn` makes of it. A byte order mark is a character like any other.
 */
export function decodeUtf8(bytes: Uint8Array, standIn: (byte: number) => string = () => '\ufffd'): string {
  return utf8OfBytes(bytes) ?? decodeBroken(bytes, standIn);
}

/** A byte that is no part of a character, as a lone surrogate: no text contains it, and `quote` shows the byte. */
export function loneSurrogate(byte: number): string {
  return String.fromCharCode(0xdc00 + byte);
}

/** Runs of valid bytes with the offending ones replaced; the WHATWG decoder would replace several bytes by one. */
function decodeBroken(bytes: Uint8Array, standIn: (byte: number) => string): string {
  let text = '';
  let runStart = 0;
  let index = 0;
  while (index < bytes.length) {
    const width = characterWidth(bytes, index);
    if (width === 0) {
      text += `${utf8OfBytes(bytes.subarray(runStart, index)) ?? ''}${standIn(bytes[index] ?? 0)}`;
      runStart = index + 1;
    }
    index += Math.max(width, 1);
  }
  return text + (utf8OfBytes(bytes.subarray(runStart)) ?? '');
}

/** Bytes of the character at an index, 0 when there is none (RFC 3629 section 4). */
function characterWidth(bytes: Uint8Array, index: number): number {
  const first = bytes[index] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const width = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const [low, high] = secondByteRanges.get(first) ?? [0x80, 0xbf];
  const second = bytes[index + 1] ?? 0;
  if (second < low || second > high) return 0;
  for (let next = index + 2; next < index + width; next++) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0;
  }
  return width;
}

/** First bytes after which not every continuation byte may stand: no overlong forms, surrogates, or beyond U+10FFFF. */
const secondByteRanges: ReadonlyMap<number, readonly [number, number]> = new Map([
  [0xe0, [0xa0, 0xbf]],
  [0xed, [0x80, 0x9f]],
  [0xf0, [0x90, 0xbf]],
  [0xf4, [0x80, 0x8f]],
]);
