// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate, CertificateChain } from './certificate.ts';
import { validateChain } from './chain.ts';
import {
  checkAuthorityBasicConstraints,
  checkAuthorityKeyUsage,
  checkKeyUsagePresent,
  checkLeafBasicConstraints,
  checkLeafKeySpec,
  checkLeafKeyUsage,
} from './code-signing-rules.ts';
import { extensionOid } from './extensions.ts';

/** id-kp-timeStamping (RFC 3161, 2.3). */
export const timeStampingUsage = '1.3.6.1.5.5.7.3.8';

/**
 * Validates the chain of a timestamp authority, leaf first and complete to its root (reference section 5.5), at no time.
 * Throws `chain-invalid` with the reference's text for the first rule that is broken.
 */
export function validateTimestampingChain(chain: CertificateChain): void {
  validateChain(chain, { checkLeaf, checkAuthority, nameSeparator: ' ' });
}

/** Key usage need not be critical here, extended key usage must be. */
function checkLeaf(leaf: Certificate): void {
  checkLeafBasicConstraints(leaf);
  checkKeyUsagePresent(leaf);
  checkLeafKeyUsage(leaf);
  const subject = `timestamp signing certificate with subject ${quote(leaf.subject)}`;
  if (!hasOnlyTimeStampingUsage(leaf)) {
    throw broken(`${subject} must have and only have Timestamping as extended key usage`);
  }
  if (!hasCriticalExtendedKeyUsage(leaf)) {
    throw broken(`${subject} must have extended key usage extension marked as critical`);
  }
  checkLeafKeySpec(leaf);
}

function checkAuthority(authority: Certificate, depth: number): void {
  checkAuthorityBasicConstraints(authority, depth);
  checkKeyUsagePresent(authority);
  checkAuthorityKeyUsage(authority);
}

/** Whether timeStamping is the one extended key usage of a certificate. */
export function hasOnlyTimeStampingUsage({ extendedKeyUsage = [] }: Certificate): boolean {
  return extendedKeyUsage.length === 1 && extendedKeyUsage[0] === timeStampingUsage;
}

/** Whether the extended key usage extension of a certificate is critical. */
export function hasCriticalExtendedKeyUsage({ extensions }: Certificate): boolean {
  return extensions.some(({ oid, critical }) => oid === extensionOid.extendedKeyUsage && critical);
}

function broken(message: string): NotaryError {
  return new NotaryError('chain-invalid', message, {
    hint: 'This timestamp authority does not follow RFC 3161 section 2.3: use another one.',
  });
}
