// SPDX-License-Identifier: Apache-2.0

// Blanks and the rest of the body exclude each other, and nothing optional comes first: it takes linear time.
const blockInOneLine =
  /(-----BEGIN [A-Z0-9 ]{1,64}-----)[ \t]+([A-Za-z0-9+/=]+(?:[ \t]+[A-Za-z0-9+/=]+)*)[ \t]+(-----END [A-Z0-9 ]{1,64}-----)/g;

/**
 * Repairs what secrets of pipelines do to PEM: a byte-order mark, line feeds written as `\n`, line feeds turned into blanks,
 * and PEM that was put into base64 as a whole. Anything else is left as it is.
 */
export function normalizePem(text: string): string {
  const plain = text.replace(/^\uFEFF/, '').trim();
  const pem = plain.includes('-----BEGIN ') ? plain : (decodeWhole(plain) ?? plain);
  const lines = pem.replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\r\n', '\n');
  return lines.replaceAll(blockInOneLine, '\n$1\n$2\n$3\n');
}

function decodeWhole(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/=\s]+$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  return decoded.includes('-----BEGIN ') ? decoded : undefined;
}

// The smallest PKCS#12 file with a key and a certificate has some 900 bytes; no path of a file is so long and looks like one.
const minBase64Length = 256;

/** Whether a text is base64 (with line feeds, perhaps) of a DER or BER SEQUENCE, as a PKCS#12 file is. */
export function isDerInBase64(text: string): boolean {
  return text.length >= minBase64Length && /^MI[A-Za-z0-9+/=\s]+$/.test(text.trim());
}

/** Whether a text is base64 of a whole PEM text. */
export function isPemInBase64(text: string): boolean {
  return text.length >= minBase64Length && decodeWhole(text) !== undefined;
}
