// SPDX-License-Identifier: Apache-2.0

/** Revocation of one certificate, as OCSP responders and CRLs tell it. */
export interface CertificateRevocation {
  readonly subject: string;
  /** `not-revokable`: the root, or a certificate that names neither an OCSP responder nor a CRL. */
  readonly status: 'good' | 'not-revokable' | 'unknown' | 'revoked';
  /** Why the status is what it is, for messages. */
  readonly reason?: string;
  /** What was asked and answered, in order; empty when there was nothing to ask. */
  readonly checks?: readonly RevocationCheck[];
}

/** One question to one server, and what came of it. */
export interface RevocationCheck {
  readonly method: 'ocsp' | 'crl';
  /** The address as the certificate gives it. */
  readonly server: string;
  readonly result: 'good' | 'revoked' | 'unknown';
  /** Why the result is not good, in the reference's words. */
  readonly error?: string;
  /** RFC 3339: until when the answer holds. */
  readonly nextUpdate?: string;
  /** The answer was kept from an earlier download. */
  readonly cached?: true;
}
