// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { quote } from '../../primitives/quote.ts';
import type { Certificate, CertificateChain } from '../../x509/certificate.ts';
import { isSignedWithKeyOf } from '../../x509/signature.ts';

/** Certificates of a bundle that are looked at: as many as a chain may have. */
const maxCertificates = 32;

/** A chain, and what was in the bundle without belonging to it. */
export interface FoundChain {
  readonly chain: CertificateChain;
  readonly unrelated: readonly Certificate[];
}

/**
 * Follows the issuers of a leaf by name and signature up to a self-signed root, whatever the order of the others; copies of the
 * same certificate count once. `source` says in messages where the others come from. Throws `chain-invalid` with the subject
 * whose issuer is missing, and the hint.
 */
export function findChain(
  leaf: Certificate,
  others: readonly Certificate[],
  source: string,
  hint = bundleHint,
): FoundChain {
  const rest = others.filter(
    (certificate, index) =>
      !equalBytes(certificate.der, leaf.der) &&
      others.findIndex(({ der }) => equalBytes(der, certificate.der)) === index,
  );
  if (rest.length > maxCertificates) {
    throw broken(`${source} has more than ${maxCertificates} certificates`, hint);
  }
  const issuers: Certificate[] = [];
  let last = leaf;
  while (!isIssuedBy(last, last)) {
    const position = rest.findIndex((candidate) => isIssuedBy(last, candidate));
    const [issuer] = rest.splice(position, position < 0 ? 0 : 1);
    if (issuer === undefined) throw incomplete(last, others, source, hint);
    issuers.push(issuer);
    last = issuer;
  }
  return { chain: [leaf, ...issuers], unrelated: rest };
}

/** Whether a certificate is its own issuer, by name and signature. */
export function isSelfSigned(certificate: Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

/** Certificates that issued none of the others. */
export function leavesAmong(certificates: readonly Certificate[]): Certificate[] {
  return certificates.filter(
    (candidate) => !certificates.some((other) => other !== candidate && isIssuedBy(other, candidate)),
  );
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return equalBytes(certificate.rawIssuer, issuer.rawSubject) && isSignedWithKeyOf(certificate, issuer);
}

function incomplete(last: Certificate, others: readonly Certificate[], source: string, hint: string): NotaryError {
  const sameName = others.some(({ rawSubject }) => equalBytes(rawSubject, last.rawIssuer));
  const reason = sameName ? ' (a certificate of that name is there, but its key did not sign)' : '';
  return broken(
    `the certificate chain is not complete: the issuer of ${quote(last.subject)} is ${quote(last.issuer)}, and ${source} does not have it${reason}`,
    hint,
  );
}

const bundleHint =
  'Give the certificates of all authorities up to the root in one PEM file ({input:caCertBundle}; on GitHub ca_certs=<path> in plugin_config), or import the certificate into the vault with its whole chain.';

function broken(message: string, hint: string): NotaryError {
  return new NotaryError('chain-invalid', message, { hint });
}
