// SPDX-License-Identifier: Apache-2.0
import { isDomainName } from './host-name.ts';

// Which characters need a backslash is left to the sender (RFC 3696 section 3): Go takes any of these with or without.
const quotedText = /^"(?:[\x01-\x08\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]|\\[\x01-\x09\x0b\x0c\x0e-\x7f])*"/;
const atom = /^(?:\\[\s\S]|[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.])+/;

/** Whether Go takes an ASCII text for a mailbox (RFC 2821 section 4.1.2, as loosely as `parseRFC2821Mailbox` reads it). */
export function isMailbox(text: string): boolean {
  const local = (text.startsWith('"') ? quotedText : atom).exec(text)?.[0];
  if (local === undefined || !text.startsWith('@', local.length)) return false;
  if (!local.startsWith('"')) {
    const plain = local.replaceAll(/\\([\s\S])/g, '$1');
    if (plain.startsWith('.') || plain.endsWith('.') || plain.includes('..')) return false;
  }
  return isDomainName(text.slice(local.length + 1));
}
