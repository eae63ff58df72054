// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate, CertificateChain } from './certificate.ts';
import { isSignedWithKeyOf } from './signature.ts';

// Public chains have two to five certificates; every step below may try all that are left.
const maxCertificates = 32;

/**
 * Puts the certificates that a user gave behind the leaf in the order of issuance, up to a self-signed root. Throws
 * `chain-invalid` when one is missing or does not belong there. Whether each may do what it does is for
 * `validateCodeSigningChain` to say.
 */
export function orderChain(leaf: Certificate, others: readonly Certificate[]): CertificateChain {
  if (others.length >= maxCertificates) {
    throw broken(`{input:certificateChain} has more than ${maxCertificates} certificates`, completeHint);
  }
  const rest = [...others];
  const issuers: Certificate[] = [];
  let last = leaf;
  while (!isIssuedBy(last, last)) {
    const position = rest.findIndex((candidate) => isIssuedBy(last, candidate));
    const issuer = rest.splice(position, position < 0 ? 0 : 1)[0];
    if (issuer === undefined) throw incomplete(last);
    issuers.push(issuer);
    last = issuer;
  }
  if (rest.length > 0) {
    const names = rest.map(({ subject }) => quote(subject)).join(', ');
    throw broken(
      `{input:certificateChain} has certificates that do not belong to the chain of ${quote(leaf.subject)}: ${names}`,
      'Leave only the signing certificate, its issuers, and the self-signed root.',
    );
  }
  return [leaf, ...issuers];
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return equalBytes(certificate.rawIssuer, issuer.rawSubject) && isSignedWithKeyOf(certificate, issuer);
}

function incomplete({ subject, issuer }: Certificate): NotaryError {
  return broken(
    `{input:certificateChain} is incomplete: it lacks the certificate of ${quote(issuer)}, which issued ${quote(subject)}`,
    completeHint,
  );
}

const completeHint =
  'Give the signing certificate, every certificate that issued another one, and the self-signed root, in any order.';

function broken(message: string, hint: string): NotaryError {
  return new NotaryError('chain-invalid', message, { hint });
}
