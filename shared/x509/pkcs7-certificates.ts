// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { contextConstructedTag, tag } from '../primitives/asn1.ts';
import { Asn1Fields } from '../primitives/asn1-fields.ts';
import { derOfBer } from '../primitives/ber.ts';
import { parseForeignCertificates, type Certificate } from './certificate.ts';

const signedDataType = '1.2.840.113549.1.7.2';

/**
 * The certificates of PKCS #7 SignedData (RFC 2315, 9.1), in the order in which they stand there; signers are not looked at.
 * Throws `malformed` or `certificate-invalid`.
 */
export function parsePkcs7Certificates(ber: Uint8Array): Certificate[] {
  const contentInfo = new Asn1Fields(derOfBer(ber)).fields();
  if (contentInfo.objectIdentifier() !== signedDataType) {
    throw new NotaryError('malformed', 'pkcs7: content type is not signed-data');
  }
  const signedData = contentInfo.fields(contextConstructedTag(0)).fields();
  signedData.required(tag.integer);
  signedData.required(tag.set);
  signedData.required(tag.sequence);
  const certificates = signedData.optional(contextConstructedTag(0));
  return certificates === undefined ? [] : parseForeignCertificates(certificates.content);
}
