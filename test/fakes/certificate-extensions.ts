// SPDX-License-Identifier: Apache-2.0
import { bitString, boolean, context, contextPrimitive, integer, octetString, oid, sequence } from './der.ts';

/** Any extension. */
export function extension(id: string, value: Uint8Array, { critical = false } = {}): Uint8Array {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

interface BasicConstraintsOptions {
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly critical?: boolean;
}

export function basicConstraints({ ca = false, pathLength, critical = true }: BasicConstraintsOptions): Uint8Array {
  const content = [...(ca ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])];
  return extension('2.5.29.19', sequence(...content), { critical });
}

const bits = {
  digitalSignature: 0,
  contentCommitment: 1,
  keyEncipherment: 2,
  dataEncipherment: 3,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
  encipherOnly: 7,
  decipherOnly: 8,
} as const;

export function keyUsage(usages: readonly (keyof typeof bits)[], { critical = true } = {}): Uint8Array {
  const positions = usages.map((usage) => bits[usage]);
  const last = Math.max(-1, ...positions);
  const bytes = new Uint8Array(Math.ceil((last + 1) / 8));
  for (const position of positions) bytes[position >> 3] = (bytes[position >> 3] ?? 0) | (0x80 >> (position & 7));
  return extension('2.5.29.15', bitString(bytes, last < 0 ? 0 : 7 - (last & 7)), { critical });
}

/** Extended key usages by name; others can be given as dotted OIDs. */
export const extendedUsages: Readonly<Record<string, string>> = {
  any: '2.5.29.37.0',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
};

export function extendedKeyUsage(usages: readonly string[], { critical = false } = {}): Uint8Array {
  return extension('2.5.29.37', sequence(...usages.map((usage) => oid(extendedUsages[usage] ?? usage))), { critical });
}

/** Authority information access with OCSP responders. */
export function ocspServers(...uris: readonly string[]): Uint8Array {
  const descriptions = uris.map((uri) => sequence(oid('1.3.6.1.5.5.7.48.1'), contextPrimitive(6, Buffer.from(uri))));
  return extension('1.3.6.1.5.5.7.1.1', sequence(...descriptions));
}

/** CRL distribution points, one for each URI. */
export function crlDistributionPoints(...uris: readonly string[]): Uint8Array {
  const points = uris.map((uri) => sequence(context(0, context(0, contextPrimitive(6, Buffer.from(uri))))));
  return extension('2.5.29.31', sequence(...points));
}

/** What a good CA or code-signing certificate carries. */
export const defaultExtensions: Readonly<Record<'ca' | 'leaf', readonly Uint8Array[]>> = {
  ca: [basicConstraints({ ca: true }), keyUsage(['keyCertSign', 'cRLSign'])],
  leaf: [basicConstraints({ ca: false }), keyUsage(['digitalSignature']), extendedKeyUsage(['codeSigning'])],
};
