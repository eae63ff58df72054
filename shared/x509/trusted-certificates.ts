// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate } from './certificate.ts';
import { verifySelfSigned, verifySignedBy } from './signature.ts';

/** Every certificate that a store trusts is a CA's, or signed by its own key (reference 6.2). Throws `certificate-file`. */
export function checkTrustedCertificates(certificates: readonly Certificate[]): void {
  if (certificates.length === 0) throw unfit('input certs cannot be empty');
  for (const certificate of certificates) {
    if (certificate.basicConstraints?.ca === true) continue;
    try {
      verifySelfSigned(certificate);
    } catch (error) {
      const subject = quote(certificate.subject);
      throw unfit(
        `certificate with subject ${subject} is not a CA certificate or self-signed signing certificate`,
        error,
      );
    }
  }
}

/** Every certificate that a store of type `tsa` trusts is a self-signed CA's (reference 6.2). Throws `certificate-file`. */
export function checkTrustedRoots(certificates: readonly Certificate[]): void {
  for (const certificate of certificates) {
    const { subject, issuer, rawSubject, rawIssuer } = certificate;
    const notRoot = `certificate with subject ${quote(subject)} is not a root CA certificate`;
    try {
      verifySignedBy(certificate, certificate);
    } catch (error) {
      throw unfit(`${notRoot}: ${messageOf(error)}`, error);
    }
    if (!equalBytes(rawSubject, rawIssuer)) {
      throw unfit(`${notRoot}: issuer (${issuer}) and subject (${subject}) are not the same`);
    }
  }
}

function unfit(message: string, cause?: unknown): NotaryError {
  return new NotaryError('certificate-file', message, { cause });
}
