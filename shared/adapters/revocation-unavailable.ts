// SPDX-License-Identifier: Apache-2.0
import type { RevocationSource } from '../ports.ts';
import type { CertificateRevocation } from '../revocation/status.ts';
import type { Certificate } from '../x509/certificate.ts';

/**
 * Stands in for OCSP and CRL until they exist: whatever could be revoked has the status `unknown`, so that a policy which
 * enforces revocation refuses it instead of passing it unchecked.
 */
export const noRevocationSource: RevocationSource = {
  check: (chain) =>
    Promise.resolve(chain.map((certificate, index) => statusOf(certificate, index === chain.length - 1))),
};

function statusOf(certificate: Certificate, root: boolean): CertificateRevocation {
  const { subject, ocspServers, crlDistributionPoints } = certificate;
  const [address] = [...ocspServers, ...crlDistributionPoints];
  if (root || address === undefined) return { subject, status: 'not-revokable' };
  const reason = `could not be determined: OCSP and CRLs are not available yet, and the certificate names ${address}`;
  return { subject, status: 'unknown', reason };
}
