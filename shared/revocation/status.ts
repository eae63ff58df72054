// SPDX-License-Identifier: Apache-2.0

/** Revocation of one certificate, as OCSP responders and CRLs tell it. */
export interface CertificateRevocation {
  readonly subject: string;
  /** `not-revokable`: the root, or a certificate that names neither an OCSP responder nor a CRL. */
  readonly status: 'good' | 'not-revokable' | 'unknown' | 'revoked';
  /** Why the status is what it is, for messages. */
  readonly reason?: string;
}
