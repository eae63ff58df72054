// SPDX-License-Identifier: Apache-2.0
import type { KeyObject } from 'node:crypto';
import { NotaryError, messageOf } from '../errors.ts';
import { DerReader, contextConstructedTag, contextTag, rightAligned, tag } from '../primitives/asn1.ts';
import { readTime } from '../primitives/asn1-time.ts';
import { equalBytes, latin1OfBytes } from '../primitives/bytes.ts';
import { parsePemBlocks } from '../primitives/pem.ts';
import { parseAlgorithmIdentifier } from './algorithm-identifier.ts';
import { goName, parseName } from './name.ts';
import {
  extensionOid,
  parseBasicConstraints,
  parseCrlDistributionPoints,
  parseExtendedKeyUsage,
  parseExtensions,
  parseKeyUsage,
  parseOcspServers,
  type BasicConstraints,
  type Extension,
  type KeyUsageBit,
} from './extensions.ts';
import { parseSubjectPublicKeyInfo, type KeySpec, type SubjectPublicKey } from './public-key.ts';
import { signatureAlgorithmName } from './signature-algorithm.ts';
import { checkUnusedExtension } from './unused-extensions.ts';

export type { Extension, KeyUsageBit } from './extensions.ts';
export type { KeySpec } from './public-key.ts';

/** An X.509 certificate that Go's parser would accept (RFC 5280; reference section 5.6). */
export interface Certificate {
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  readonly serialNumber: bigint;
  readonly rawSubject: Uint8Array;
  readonly rawIssuer: Uint8Array;
  /** Go's `pkix.Name.String()`: used in messages and, for the leaf, in identity matching (7.7). */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /**
   * RSA, EC on a named NIST curve, or Ed25519; undefined for any other type, which verifies nothing. Defined whenever
   * `keySpec` is.
   */
  readonly publicKey: KeyObject | undefined;
  /** Go's type of the public key, for messages. */
  readonly publicKeyType: string | undefined;
  /** Undefined when the key cannot sign for Notary Project (5.1). */
  readonly keySpec: KeySpec | undefined;
  /** Why `keySpec` is undefined, in the reference's words. */
  readonly keySpecError: string | undefined;
  /** Go's name, such as `SHA256-RSA`, or `unknown`. */
  readonly signatureAlgorithm: string;
  readonly tbsCertificate: Uint8Array;
  readonly signature: Uint8Array;
  readonly extensions: readonly Extension[];
  readonly basicConstraints: BasicConstraints | undefined;
  /** Names of the bits set, in RFC 5280 order; undefined without the extension. */
  readonly keyUsage: readonly KeyUsageBit[] | undefined;
  /** Dotted OIDs in order; undefined without the extension. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  /** URIs with id-ad-ocsp in the authority information access extension, in order. */
  readonly ocspServers: readonly string[];
  /** URIs of the CRL distribution points, in order. */
  readonly crlDistributionPoints: readonly string[];
}

/** Leaf first, never empty. */
export type CertificateChain = readonly [Certificate, ...Certificate[]];

/** Certificates that a signature or token may bring along: a chain has three or four, and each one costs the import of its key. */
const maxForeignCertificates = 100;

/** Bytes of them together: each has one or two thousand, and what they hold takes forty times as much memory. */
const maxForeignBytes = 1024 * 1024;

/** Parses exactly one certificate; throws `certificate-invalid` for whatever Go's `x509.ParseCertificate` refuses. */
export function parseCertificate(der: Uint8Array): Certificate {
  const certificate = parseFirst(der);
  if (certificate.der.length !== der.length) throw invalid('x509: trailing data');
  return certificate;
}

/**
 * Parses a certificate file (reference section 5.7): if there is any PEM block, every block is a certificate, else the whole is
 * concatenated DER. An empty file has no certificates; that is not an error here.
 */
export function parseCertificates(file: Uint8Array): Certificate[] {
  const blocks = parsePemBlocks(latin1OfBytes(file));
  if (blocks.length > 0) return blocks.map((block) => parseCertificate(block.bytes));
  return parseDerCertificates(file);
}

/** Parses certificates of a token, which stand one after the other. Throws `certificate-invalid`. */
export function parseForeignCertificates(bytes: Uint8Array): Certificate[] {
  checkForeignSize(bytes.length);
  return parseDerCertificates(bytes, maxForeignCertificates);
}

function parseDerCertificates(bytes: Uint8Array, most = Infinity): Certificate[] {
  const certificates: Certificate[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    if (certificates.length === most) throw tooMany();
    const certificate = parseFirst(rest);
    certificates.push(certificate);
    rest = rest.subarray(certificate.der.length);
  }
  return certificates;
}

/** Parses the leaf certificate of an envelope. Throws `certificate-invalid`. */
export function parseForeignCertificate(der: Uint8Array): Certificate {
  checkForeignSize(der.length);
  return parseCertificate(der);
}

/** Parses the certificates of an envelope; throws `certificate-invalid`, or `chain-invalid` when there is none. */
export function parseChain(ders: readonly Uint8Array[]): CertificateChain {
  if (ders.length > maxForeignCertificates) throw tooMany();
  checkForeignSize(ders.reduce((sum, { length }) => sum + length, 0));
  const [leaf, ...others] = ders.map(parseCertificate);
  if (leaf === undefined) {
    throw new NotaryError('chain-invalid', 'certificate chain must contain at least one certificate');
  }
  return [leaf, ...others];
}

function checkForeignSize(length: number): void {
  if (length > maxForeignBytes) throw invalid(`there are more than ${maxForeignBytes} bytes of certificates`);
}

function tooMany(): NotaryError {
  return invalid(`there are more than ${maxForeignCertificates} certificates`);
}

/** The certificate at the start of the bytes. */
function parseFirst(bytes: Uint8Array): Certificate {
  try {
    // a copy: what is parsed must not change with the caller's buffer
    const der = Uint8Array.from(new DerReader(bytes).element(tag.sequence, 'x509: malformed certificate').encoded);
    return readCertificate(der);
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

/** In the order of Go's `parseCertificate`, which does not look behind the last field that it knows. */
function readCertificate(der: Uint8Array): Certificate {
  const outer = new DerReader(der).enter(tag.sequence, 'x509: malformed certificate');
  const tbsCertificate = outer.element(tag.sequence, 'x509: malformed tbs certificate');
  const tbs = new DerReader(tbsCertificate.content);
  const version = readVersion(tbs);
  const serialNumber = tbs.integer('x509: malformed serial number');
  if (serialNumber < 0n) throw malformed('x509: negative serial number');
  const signatureAlgorithm = readSignatureAlgorithm(tbs, outer);

  const rawIssuer = tbs.element(tag.sequence, 'x509: malformed issuer').encoded;
  const issuer = goName(parseName(rawIssuer));
  const validity = tbs.enter(tag.sequence, 'x509: malformed validity');
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  const rawSubject = tbs.element(tag.sequence, 'x509: malformed issuer').encoded;
  const subject = goName(parseName(rawSubject));
  const key = parseSubjectPublicKeyInfo(tbs.element(tag.sequence, 'x509: malformed spki').encoded);
  const extensions = readExtensions(tbs, version);
  const known = readKnownExtensions(extensions);
  const signature = rightAligned(outer.bitString('x509: malformed signature'));
  const names = { rawSubject, rawIssuer, subject, issuer };
  const own = { der, version, serialNumber, notBefore, notAfter, tbsCertificate: tbsCertificate.encoded };
  return { ...own, ...names, ...keyFields(key), signatureAlgorithm, signature, extensions, ...known };
}

function keyFields({ publicKey, goType, keySpec, keySpecError }: SubjectPublicKey) {
  return { publicKey, publicKeyType: goType, keySpec, keySpecError };
}

function readVersion(tbs: DerReader): Certificate['version'] {
  const field = tbs.enterOptional(contextConstructedTag(0), 'x509: malformed version');
  const version = field?.integer('x509: malformed version') ?? 0n;
  if (field?.empty === false || version < 0n) throw malformed('x509: malformed version');
  if (version > 2n) throw malformed('x509: invalid version');
  return version === 0n ? 1 : version === 1n ? 2 : 3;
}

function readSignatureAlgorithm(tbs: DerReader, outer: DerReader): string {
  const inside = tbs.content(tag.sequence, 'x509: malformed signature algorithm identifier');
  const outside = outer.content(tag.sequence, 'x509: malformed algorithm identifier');
  if (!equalBytes(inside, outside)) {
    throw malformed("x509: inner and outer signature algorithm identifiers don't match");
  }
  return signatureAlgorithmName(parseAlgorithmIdentifier(inside));
}

/** What follows the key: unique identifiers are skipped, extensions exist in version 3 only. */
function readExtensions(tbs: DerReader, version: number): Extension[] {
  if (version === 1) return [];
  if (tbs.nextIs(contextTag(1))) tbs.any('x509: malformed issuerUniqueID');
  if (tbs.nextIs(contextTag(2))) tbs.any('x509: malformed subjectUniqueID');
  if (version === 2) return [];
  const field = tbs.enterOptional(contextConstructedTag(3), 'x509: malformed extensions');
  return field === undefined ? [] : parseExtensions(field);
}

type KnownExtensions = Pick<
  Certificate,
  'basicConstraints' | 'keyUsage' | 'extendedKeyUsage' | 'ocspServers' | 'crlDistributionPoints'
>;

function readKnownExtensions(extensions: readonly Extension[]): KnownExtensions {
  for (const extension of extensions) checkUnusedExtension(extension);
  const read = <T>(oid: string, parse: (value: Uint8Array) => T): T | undefined => {
    const extension = extensions.find((each) => each.oid === oid);
    return extension && parse(extension.value);
  };
  return {
    basicConstraints: read(extensionOid.basicConstraints, parseBasicConstraints),
    keyUsage: read(extensionOid.keyUsage, parseKeyUsage),
    extendedKeyUsage: read(extensionOid.extendedKeyUsage, parseExtendedKeyUsage),
    ocspServers: read(extensionOid.authorityInformationAccess, parseOcspServers) ?? [],
    crlDistributionPoints: read(extensionOid.crlDistributionPoints, parseCrlDistributionPoints) ?? [],
  };
}

function invalid(message: string, cause?: unknown): NotaryError {
  return new NotaryError('certificate-invalid', message, {
    hint: 'The certificate does not follow RFC 5280 strictly (DER); have its authority issue it again, or export it anew.',
    cause,
  });
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
