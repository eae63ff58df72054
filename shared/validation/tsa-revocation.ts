// SPDX-License-Identifier: Apache-2.0
import { quote } from '../primitives/quote.ts';
import type { CertificateRevocation } from '../revocation/status.ts';
import type { CertificateChain } from '../x509/certificate.ts';

/**
 * Why the chain of a timestamp authority may not be relied on, in the reference's words; undefined when no certificate of it
 * is revoked or unknown. A revoked certificate counts before an unknown one; of several the reference names the one nearest
 * the root when it signs (9.2), and nearest the leaf when it verifies (10.5).
 */
export function findTsaRevocation(
  chain: CertificateChain,
  facts: readonly CertificateRevocation[],
  nearest: 'leaf' | 'root',
): string | undefined {
  if (facts.length !== chain.length) {
    return `length of certificate revocation result ${facts.length} does not match length of the certificate chain ${chain.length}`;
  }
  const ordered = nearest === 'leaf' ? facts : facts.toReversed();
  const revoked = ordered.find(({ status }) => status === 'revoked');
  if (revoked !== undefined) return told(revoked, 'is revoked');
  const undecided = ordered.find(({ status }) => status !== 'good' && status !== 'not-revokable');
  return undecided && told(undecided, 'revocation status is unknown');
}

function told({ subject, reason }: CertificateRevocation, what: string): string {
  const because = reason === undefined ? '' : `: ${reason}`;
  return `timestamping certificate with subject ${quote(subject)} ${what}${because}`;
}
