// SPDX-License-Identifier: Apache-2.0
import { contextConstructedTag, contextTag, tag } from '../primitives/asn1.ts';
import { Asn1Fields, valuesOf } from '../primitives/asn1-fields.ts';
import { equalBytes } from '../primitives/bytes.ts';
import type { Certificate } from '../x509/certificate.ts';
import { hashBytes, hashOfIdentifier } from './hash-algorithm.ts';
import type { SignedData } from './signed-data.ts';
import {
  attributeType,
  attributeValue,
  readAlgorithm,
  type IssuerAndSerialNumber,
  type SignerInfo,
} from './signer-info.ts';
import { invalidTimestamp, timestampStep } from './timestamp-error.ts';

/** ESSCertIDv2 (RFC 5035, 4), as far as it counts. */
interface CertificateIdentifier {
  /** Dotted; SHA-256 without one. */
  readonly hashAlgorithm: string | undefined;
  readonly hash: Uint8Array;
  readonly issuerSerial: { readonly issuerName: Uint8Array | undefined; readonly serialNumber: bigint } | undefined;
}

/**
 * The certificate of a signer, as its SigningCertificateV2 attribute names it (RFC 5816): it must be in the token, and have
 * the hash. Throws `timestamp-invalid` in the reference's words.
 */
export function findSigningCertificate(signerInfo: SignerInfo, { certificates }: SignedData): Certificate {
  const identifier = timestampStep('failed to get SigningCertificateV2 from signed attributes: ', () =>
    readIdentifier(signerInfo),
  );
  if (identifier === undefined) throw invalidTimestamp('signingCertificateV2 does not contain any certificate');
  const { issuer, serialNumber } = certificateMeant(identifier, signerInfo);
  const certificate = certificates.find(
    (each) => each.serialNumber === serialNumber && equalBytes(each.rawIssuer, issuer),
  );
  if (certificate === undefined) throw invalidTimestamp('signing certificate not found in the timestamp token');
  const hash = identifier.hashAlgorithm === undefined ? 'sha256' : hashOfIdentifier(identifier.hashAlgorithm);
  if (hash === undefined) {
    throw invalidTimestamp('unsupported certificate hash algorithm in SigningCertificateV2 attribute');
  }
  if (equalBytes(hashBytes(hash, certificate.der), identifier.hash)) return certificate;
  throw invalidTimestamp('signing certificate hash does not match CertHash in signed attribute');
}

/** Without IssuerSerial the identifier of the signer, which is not signed, says which certificate to look at. */
function certificateMeant({ issuerSerial }: CertificateIdentifier, signerInfo: SignerInfo): IssuerAndSerialNumber {
  if (issuerSerial === undefined) return signerInfo.identifier;
  const { issuerName, serialNumber } = issuerSerial;
  if (issuerName === undefined) throw invalidTimestamp('issuer name is missing in IssuerSerial');
  const issuer = timestampStep('failed to unmarshal issuer name: ', () => new Asn1Fields(issuerName).any().encoded);
  return { issuer, serialNumber };
}

/** SigningCertificateV2 (RFC 5035, 3); only the first certificate counts, but all must be well-formed. */
function readIdentifier(signerInfo: SignerInfo): CertificateIdentifier | undefined {
  const value = attributeValue(signerInfo, attributeType.signingCertificateV2);
  if (value === undefined) throw invalidTimestamp('attribute not found');
  const fields = value.fields();
  const identifiers = valuesOf(fields.required(tag.sequence).content, tag.sequence).map(({ content }) =>
    readCertificateIdentifier(new Asn1Fields(content)),
  );
  fields.optionalAny(); // policies
  return identifiers[0];
}

function readCertificateIdentifier(fields: Asn1Fields): CertificateIdentifier {
  const algorithm = fields.optionalFields();
  const hashAlgorithm = algorithm && readAlgorithm(algorithm);
  const hash = fields.octetString();
  const issuerSerial = fields.optionalFields();
  return { hashAlgorithm, hash, issuerSerial: issuerSerial && readIssuerSerial(issuerSerial) };
}

/** IssuerSerial (RFC 5035, 4) whose issuer is one directory name. */
function readIssuerSerial(fields: Asn1Fields) {
  const name = fields.fields().optional(contextTag(4), contextConstructedTag(4));
  return { issuerName: name?.content, serialNumber: fields.integer() };
}
