// SPDX-License-Identifier: Apache-2.0

/** The address of an OCSP responder or CRL, or why it cannot be asked. */
export type ServerUrl = { readonly url: URL } | { readonly unsupported: string };

/** Go's parser refuses control characters. */
const control = /[\0-\x20\x7f]/;

/**
 * Reads an address of a certificate or CRL: plain HTTP only, because an answer is signed itself and TLS would have to be
 * checked for revocation in turn. Text that some parsers repair (blanks, backslashes, no host) is no address.
 */
export function parseServerUrl(text: string): ServerUrl {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase() ?? '';
  if (scheme !== 'http') return { unsupported: scheme };
  const malformed = control.test(text) || text.includes('\\') || !/^http:\/\/[^/?#]/i.test(text);
  if (malformed || !URL.canParse(text)) return { unsupported: 'http (malformed address)' };
  const url = new URL(text);
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url };
}
