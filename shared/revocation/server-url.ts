// SPDX-License-Identifier: Apache-2.0

/** The address of an OCSP responder or CRL, or why it cannot be asked. */
export type ServerUrl = { readonly url: URL } | { readonly unsupported: string };

/** Control characters, and escapes that are none: Go's parser refuses both. */
const malformed = /[\0-\x1f\x7f]|^[^?]*%(?![0-9a-f]{2})/i;
/** A host, which must not be left out, and what follows it. Other parsers would take a backslash for a slash. */
const parts = /^(http:\/\/[!-~]*?)(?=[/?#]|$)([^]*)$/i;

/**
 * Reads an address of a certificate or CRL, one character a byte: plain HTTP only, because an answer is signed itself and the
 * certificate of a TLS server would have to be checked in turn.
 */
export function parseServerUrl(text: string): ServerUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (scheme !== 'http') return { unsupported: scheme };
  const [, start = '', rest = ''] = parts.exec(text) ?? [];
  const escaped = `${start}${rest.replaceAll(/[^!-~]|\\/g, escapeByte)}`;
  const odd =
    malformed.test(text) || start.length <= 'http://'.length || start.includes('\\') || !URL.canParse(escaped);
  if (odd) return { unsupported: 'http (malformed address)' };
  const url = new URL(escaped);
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url };
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
