// SPDX-License-Identifier: Apache-2.0
import { tag } from '../primitives/asn1.ts';
import type { Asn1Fields } from '../primitives/asn1-fields.ts';
import { instantOf } from '../primitives/asn1-instant.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { formatGoInstant } from '../primitives/go-time.ts';
import { compareInstants, instantOfDate, type Instant } from '../primitives/instant.ts';
import type { Certificate, CertificateChain } from '../x509/certificate.ts';
import { verifyWith } from '../x509/signature.ts';
import { signatureAlgorithmNamed, type CertificateSignatureAlgorithm } from '../x509/signature-algorithm.ts';
import { hashBytes, hashOfIdentifier, type TimestampHash } from './hash-algorithm.ts';
import type { SignedData } from './signed-data.ts';
import { attributeType, attributeValue, encodeSignedAttributes, type SignerInfo } from './signer-info.ts';
import { invalidTimestamp, timestampStep } from './timestamp-error.ts';

/**
 * Verifies that a signer with this certificate signed this data (RFC 5652, 5.4 and 5.6; reference 9.4, steps 4 and 5), and
 * returns the first path that fits the signing time the signer claims. Throws `timestamp-invalid` in the reference's words.
 */
export function verifySigner(
  signerInfo: SignerInfo,
  data: SignedData,
  certificate: Certificate,
  paths: readonly CertificateChain[],
): CertificateChain {
  verifySignature(signerInfo, certificate);
  checkContentType(signerInfo, data);
  checkMessageDigest(signerInfo, data);
  return pathAtSigningTime(signerInfo, paths);
}

function verifySignature(signerInfo: SignerInfo, certificate: Certificate): void {
  const algorithm = signatureAlgorithm(signerInfo);
  if (algorithm === undefined) throw invalidTimestamp('unknown signature algorithm');
  timestampStep('', () => {
    verifyWith(algorithm, encodeSignedAttributes(signerInfo), signerInfo.signature, certificate);
  });
}

const byDigest: Readonly<Record<TimestampHash, string>> = { sha256: 'SHA256', sha384: 'SHA384', sha512: 'SHA512' };

/** Go's name of the algorithm by its identifier, where that says it all. */
const named: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.11', 'SHA256-RSA'],
  ['1.2.840.113549.1.1.12', 'SHA384-RSA'],
  ['1.2.840.113549.1.1.13', 'SHA512-RSA'],
  ['1.2.840.10045.4.3.2', 'ECDSA-SHA256'],
  ['1.2.840.10045.4.3.3', 'ECDSA-SHA384'],
  ['1.2.840.10045.4.3.4', 'ECDSA-SHA512'],
]);

/** Those that take their hash from the digest algorithm; parameters of RSASSA-PSS do not count. */
const namedByDigest: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.1', 'RSA'],
  ['1.2.840.113549.1.1.10', 'RSAPSS'],
]);

function signatureAlgorithm(signerInfo: SignerInfo): CertificateSignatureAlgorithm | undefined {
  const kind = namedByDigest.get(signerInfo.signatureAlgorithm);
  const digest = hashOfIdentifier(signerInfo.digestAlgorithm);
  if (kind !== undefined) return digest && signatureAlgorithmNamed(`${byDigest[digest]}-${kind}`);
  return signatureAlgorithmNamed(named.get(signerInfo.signatureAlgorithm) ?? '');
}

/** The value of an attribute that must be there. */
function valueOf<T>(signerInfo: SignerInfo, type: string, what: string, read: (value: Asn1Fields) => T): T {
  return timestampStep(`invalid ${what}: `, () => {
    const value = attributeValue(signerInfo, type);
    if (value === undefined) throw invalidTimestamp('attribute not found');
    return read(value);
  });
}

function checkContentType(signerInfo: SignerInfo, { contentType }: SignedData): void {
  const found = valueOf(signerInfo, attributeType.contentType, 'content type', (value) => value.objectIdentifier());
  if (found === contentType) return;
  throw invalidTimestamp(`mismatch content type: found "${found}" in signer info, and "${contentType}" in signed data`);
}

function checkMessageDigest(signerInfo: SignerInfo, { content }: SignedData): void {
  const expected = valueOf(signerInfo, attributeType.messageDigest, 'message digest', (value) => value.octetString());
  const hash = hashOfIdentifier(signerInfo.digestAlgorithm);
  if (hash === undefined) throw invalidTimestamp('unsupported digest algorithm');
  if (!equalBytes(expected, hashBytes(hash, content))) throw invalidTimestamp('mismatch message digest');
}

/** A claimed signing time must lie within the validity of all certificates of a path; without one, any path will do. */
function pathAtSigningTime(signerInfo: SignerInfo, paths: readonly CertificateChain[]): CertificateChain {
  const value = attributeValue(signerInfo, attributeType.signingTime);
  const signingTime =
    value && timestampStep('invalid signing time: ', () => instantOf(value.required(tag.utcTime, tag.generalizedTime)));
  const path = paths.find((each) => signingTime === undefined || isValidAt(each, signingTime));
  if (path !== undefined) return path;
  const shown = signingTime === undefined ? '' : formatGoInstant(signingTime);
  throw invalidTimestamp(`signing time, ${shown}, is outside certificate's validity period`);
}

function isValidAt(path: CertificateChain, time: Instant): boolean {
  return path.every(
    ({ notBefore, notAfter }) =>
      compareInstants(time, instantOfDate(notBefore)) >= 0 && compareInstants(time, instantOfDate(notAfter)) <= 0,
  );
}
