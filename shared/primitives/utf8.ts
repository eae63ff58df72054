// SPDX-License-Identifier: Apache-2.0

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes UTF-8 as Go's `range` over a string does: each byte that is no part of a character becomes one U+FFFD. A byte
 * order mark is a character like any other.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return decodeValidUtf8(bytes) ?? decodeBroken(bytes);
}

/** Decodes UTF-8, or undefined when the bytes are not valid. */
export function decodeValidUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Runs of valid bytes with the offending ones replaced; the WHATWG decoder would replace several bytes by one. */
function decodeBroken(bytes: Uint8Array): string {
  let text = '';
  let runStart = 0;
  let index = 0;
  while (index < bytes.length) {
    const width = characterWidth(bytes, index);
    if (width === 0) {
      text += strict.decode(bytes.subarray(runStart, index)) + '\ufffd';
      runStart = index + 1;
    }
    index += Math.max(width, 1);
  }
  return text + strict.decode(bytes.subarray(runStart));
}

/** Bytes of the character at an index, 0 when there is none (RFC 3629 section 4). */
function characterWidth(bytes: Uint8Array, index: number): number {
  const first = bytes[index] ?? 0;
  if (first < 0x80) return 1;
  const width = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return decodeValidUtf8(bytes.subarray(index, index + width)) === undefined ? 0 : width;
}
