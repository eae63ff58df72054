// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { parseCertificates, type Certificate } from '../x509/certificate.ts';
import { verifySignedBy } from '../x509/signature.ts';

const expecting = 'Expecting single x509 root certificate in PEM or DER format from the file';

/**
 * The root of a timestamp authority from a file (reference 9.2): exactly one certificate, of a CA that signed itself.
 * `source` names the file in messages. Throws `certificate-file`, or `certificate-invalid`.
 */
export function parseTimestampRoot(file: Uint8Array, source: string): Certificate {
  const [root, ...others] = parseCertificates(file);
  if (root === undefined) throw unfit(`cannot find any certificate from ${source}. ${expecting}`);
  if (others.length > 0) throw unfit(`found more than one certificates from ${source}. ${expecting}`);
  try {
    verifySignedBy(root, root);
  } catch (error) {
    throw unfit(`failed to check root certificate with error: ${messageOf(error)}`, error);
  }
  if (equalBytes(root.rawSubject, root.rawIssuer)) return root;
  throw unfit(`certificate from ${source} is not a root certificate. ${expecting}`);
}

function unfit(message: string, cause?: unknown): NotaryError {
  return new NotaryError('certificate-file', message, {
    hint: 'Give the self-signed root certificate of the timestamp authority as {input:timestampRootCert}, and no other certificate.',
    cause,
  });
}
