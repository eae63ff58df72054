// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';

/**
 * Decodes standard base64 as Go's `base64.StdEncoding` does: padding required, CR and LF skipped anywhere, unused bits of
 * the last character free. Throws `malformed`.
 */
export function decodeBase64(text: string): Uint8Array {
  const compact = text.replace(/[\r\n]/g, '');
  const body = compact.replace(/={1,2}$/, '');
  if (compact.length % 4 !== 0 || /[^A-Za-z0-9+/]/.test(body)) throw illegal(compact, /[^A-Za-z0-9+/]/);
  return toBytes(body, 'base64');
}

/**
 * Decodes base64url as Go's `base64.RawURLEncoding` does: padding refused, CR and LF skipped anywhere, unused bits of the
 * last character free. Throws `malformed`.
 */
export function decodeBase64Url(text: string): Uint8Array {
  const compact = text.replace(/[\r\n]/g, '');
  if (compact.length % 4 === 1 || /[^A-Za-z0-9_-]/.test(compact)) throw illegal(compact, /[^A-Za-z0-9_-]/);
  return toBytes(compact, 'base64url');
}

/** Standard base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** base64url without padding (RFC 4648 section 5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** A plain Uint8Array with memory of its own, not a view into Node's buffer pool. */
function toBytes(text: string, encoding: 'base64' | 'base64url'): Uint8Array {
  return new Uint8Array(Buffer.from(text, encoding));
}

function illegal(text: string, wrong: RegExp): NotaryError {
  const offset = text.search(wrong);
  return new NotaryError('malformed', `illegal base64 data at input byte ${offset === -1 ? text.length : offset}`);
}
