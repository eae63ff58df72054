// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import { decodeUtf8, loneSurrogate } from '../primitives/utf8.ts';

/** Attributes of a distinguished name by type as written, except that `S` is `ST` (reference section 7.7). */
export type DistinguishedName = ReadonlyMap<string, string>;

interface Attribute {
  readonly type: string;
  readonly value: string;
}

/**
 * Parses a distinguished name under Notary Project's rules: RFC 4514 as go-ldap reads it, single-valued RDNs of different
 * types, C, ST and O among them. Throws `malformed` with the reference's text.
 */
export function parseDistinguishedName(text: string): DistinguishedName {
  if (text.includes('=#')) {
    const reason = 'notation does not support x509.subject identities containing "=#"';
    throw malformed(`unsupported distinguished name (DN) ${quote(text)}: ${reason}`);
  }
  const attributes = new Map<string, string>();
  for (const [attribute, ...others] of parseRdns(text)) {
    if (others.length > 0) {
      const advice = 'remove multi-valued RDN attributes as they are not supported';
      throw malformed(`distinguished name (DN) ${quote(text)} has multi-valued RDN attributes, ${advice}`);
    }
    const type = attribute.type === 'S' ? 'ST' : attribute.type;
    if ((attributes.get(type) ?? '') !== '') {
      const duplicate = `has duplicate RDN attribute for ${quote(type)}, DN can only have unique RDN attributes`;
      throw malformed(`distinguished name (DN) ${quote(text)} ${duplicate}`);
    }
    attributes.set(type, attribute.value);
  }
  const missing = ['C', 'ST', 'O'].find((type) => (attributes.get(type) ?? '') === '');
  if (missing !== undefined) {
    const needed = `it must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum`;
    throw malformed(
      `distinguished name (DN) ${quote(text)} has no mandatory RDN attribute for ${quote(missing)}, ${needed}`,
    );
  }
  return attributes;
}

function parseRdns(text: string): [Attribute, ...Attribute[]][] {
  try {
    return tokenize(text);
  } catch (error) {
    const advice = `A valid DN must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum, and follow RFC 4514 standard`;
    throw malformed(`parsing distinguished name (DN) ${quote(text)} failed with err: ${messageOf(error)}. ${advice}`);
  }
}

// Go's unicode.IsSpace, which differs from JavaScript's idea of white space
const blank = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/;

/** The RDNs, as go-ldap's `ParseDN` finds them; double quotes mean nothing to it. */
function tokenize(text: string): [Attribute, ...Attribute[]][] {
  const rdns: [Attribute, ...Attribute[]][] = [];
  if (blank.test(text)) return rdns;
  const earlier: Attribute[] = [];
  let type = '';
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\\') {
      i++;
    } else if (character === '=' && type === '') {
      type = decode(text.slice(start, i));
      start = i + 1;
    } else if (character === ',' || character === ';' || character === '+') {
      if (type === '') throw malformed('incomplete type, value pair');
      const attribute = { type, value: decode(text.slice(start, i)) };
      if (character === '+') earlier.push(attribute);
      else rdns.push(nonEmpty(earlier.splice(0), attribute));
      type = '';
      start = i + 1;
    }
  }
  if (type === '') throw malformed('DN ended with incomplete type, value pair');
  rdns.push(nonEmpty(earlier, { type, value: decode(text.slice(start)) }));
  return rdns;
}

function nonEmpty(earlier: readonly Attribute[], last: Attribute): [Attribute, ...Attribute[]] {
  const [first, ...others] = earlier;
  return first === undefined ? [last] : [first, ...others, last];
}

const escapable = new Set(' "#+,;<=>\\');

/** Resolves the escapes of a type or value without the blanks around it. */
function decode(text: string): string {
  const trimmed = trim(text);
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = trimmed.indexOf('\\'); at >= 0; at = trimmed.indexOf('\\', start)) {
    const [escaped, second] = Array.from(trimmed.slice(at + 1, at + 5));
    if (escaped === undefined) throw malformed(`got corrupted escaped character: '${trimmed}'`);
    const single = escapable.has(escaped);
    parts.push(Buffer.from(trimmed.slice(start, at)), single ? Buffer.from(escaped) : decodeHexPair(escaped, second));
    start = at + (single ? 2 : 3);
  }
  parts.push(Buffer.from(trimmed.slice(start)));
  // Escapes can spell bytes that are no UTF-8: different ones stay different, and equal to no subject of a certificate.
  return decodeUtf8(Buffer.concat(parts), loneSurrogate);
}

function decodeHexPair(first: string, second: string | undefined): Buffer {
  const problem = 'failed to decode escaped character';
  if (second === undefined) throw malformed(`${problem}: encoding/hex: invalid byte: ${first}`);
  if (!/^[\0-\x7f]{2}$/.test(first + second)) throw malformed(`${problem}: invalid byte: ${first}${second}`);
  const wrong = [first, second].find((digit) => !/^[0-9A-Fa-f]$/.test(digit));
  if (wrong === undefined) return Buffer.from(first + second, 'hex');
  const code = (wrong.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const shown = /^[ -~]$/.test(wrong) ? ` '${wrong}'` : '';
  throw malformed(`${problem}: encoding/hex: invalid byte: U+${code}${shown}`);
}

/** Without the blanks around it; one that is escaped stays. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === ' ') start++;
  while (end > start && text[end - 1] === ' ') end--;
  const escapesBlank = text[end - 1] === '\\' && end < text.length;
  return text.slice(start, escapesBlank ? end + 1 : end);
}

function malformed(message: string): NotaryError {
  return new NotaryError('malformed', message);
}
