// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader, bitAt, contextConstructedTag, contextTag, tag } from '../primitives/asn1.ts';
import { latin1OfBytes } from '../primitives/bytes.ts';

/** An extension as it stands in a certificate. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

/** Bits of the key usage extension in their order (RFC 5280, 4.2.1.3). */
export const keyUsageBits = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

export type KeyUsageBit = (typeof keyUsageBits)[number];

/** Dotted identifiers of the extensions that Go reads. */
export const extensionOid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
} as const;

/** `[n] GeneralName` of the kinds that are read (RFC 5280, 4.2.1.6). */
export const generalName = { email: contextTag(1), dns: contextTag(2), uri: contextTag(6), ip: contextTag(7) } as const;

/** Reads the content of `[3] Extensions`; the same extension twice is an error. */
export function parseExtensions(reader: DerReader): Extension[] {
  const extensions: Extension[] = [];
  const seen = new Set<string>();
  const sequence = reader.enter(tag.sequence, 'x509: malformed extensions');
  while (!sequence.empty) {
    const extension = parseExtension(sequence.enter(tag.sequence, 'x509: malformed extension'));
    if (seen.has(extension.oid)) {
      throw malformed(`x509: certificate contains duplicate extension with OID "${extension.oid}"`);
    }
    seen.add(extension.oid);
    extensions.push(extension);
  }
  return extensions;
}

/** Reads the content of one Extension; what follows its value is not looked at. */
export function parseExtension(reader: DerReader): Extension {
  const oid = reader.objectIdentifier('x509: malformed extension OID field');
  const critical = reader.nextIs(tag.boolean) && reader.boolean('x509: malformed extension critical field');
  return { oid, critical, value: reader.content(tag.octetString, 'x509: malformed extension value field') };
}

/** Names of the bits set. */
export function parseKeyUsage(value: Uint8Array): KeyUsageBit[] {
  const bits = new DerReader(value).bitString('x509: invalid key usage');
  return keyUsageBits.filter((_, position) => bitAt(bits, position));
}

/** Whether the subject is a CA, and how many intermediates may follow. */
export interface BasicConstraints {
  readonly ca: boolean;
  readonly pathLength: number | undefined;
}

/** RFC 5280, 4.2.1.9. */
export function parseBasicConstraints(value: Uint8Array): BasicConstraints {
  const problem = 'x509: invalid basic constraints';
  const reader = new DerReader(value).enter(tag.sequence, problem);
  const ca = reader.nextIs(tag.boolean) && reader.boolean(problem);
  const pathLength = reader.nextIs(tag.integer) ? reader.int64(problem) : undefined;
  if (pathLength !== undefined && pathLength < 0n) throw malformed(problem);
  return { ca, pathLength: pathLength === undefined ? undefined : Number(pathLength) };
}

/** Dotted identifiers in order (RFC 5280, 4.2.1.12). */
export function parseExtendedKeyUsage(value: Uint8Array): string[] {
  const problem = 'x509: invalid extended key usages';
  const usages: string[] = [];
  const sequence = new DerReader(value).enter(tag.sequence, problem);
  while (!sequence.empty) usages.push(sequence.objectIdentifier(problem));
  return usages;
}

/**
 * URIs of the distribution points (RFC 5280, 4.2.1.13), as far as Go sees them: within one point up to the first name that is
 * not a URI.
 */
export function parseCrlDistributionPoints(value: Uint8Array): string[] {
  const problem = 'x509: invalid CRL distribution point';
  const uris: string[] = [];
  const points = new DerReader(value).enter(tag.sequence, `${problem}s`);
  while (!points.empty) {
    const point = points.enter(tag.sequence, problem);
    const fullName = point.enterOptional(contextConstructedTag(0), problem)?.enter(contextConstructedTag(0), problem);
    while (fullName?.nextIs(generalName.uri)) uris.push(latin1OfBytes(fullName.content(generalName.uri, problem)));
  }
  return uris;
}

const idAdOcsp = '1.3.6.1.5.5.7.48.1';

/** URIs of the OCSP responders (RFC 5280, 4.2.2.1). */
export function parseOcspServers(value: Uint8Array): string[] {
  const problem = 'x509: invalid authority info access';
  const uris: string[] = [];
  const descriptions = new DerReader(value).enter(tag.sequence, problem);
  while (!descriptions.empty) {
    const description = descriptions.enter(tag.sequence, problem);
    const method = description.objectIdentifier(problem);
    if (!description.nextIs(generalName.uri)) continue;
    const uri = latin1OfBytes(description.content(generalName.uri, problem));
    if (method === idAdOcsp) uris.push(uri);
  }
  return uris;
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
