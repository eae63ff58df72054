// SPDX-License-Identifier: Apache-2.0

/** Characters of one server text that are shown: enough for any honest message. */
const maxLength = 300;

/**
 * Text of a server as it may appear in messages: one line, no control, format or direction characters, of bounded
 * length. Hosts keep their own command syntax from being obeyed; without line breaks no text can begin a line.
 */
export function cleanText(text: string): string {
  const line = text.slice(0, 4 * maxLength).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ');
  const trimmed = line.trim();
  return trimmed.length > maxLength ? `${trimmed.slice(0, maxLength)}...` : trimmed;
}
