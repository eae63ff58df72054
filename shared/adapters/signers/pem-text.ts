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
