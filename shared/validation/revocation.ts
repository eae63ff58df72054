// SPDX-License-Identifier: Apache-2.0
import { quote } from '../primitives/quote.ts';
import { describeRevocation } from '../revocation/describe-revocation.ts';
import type { CertificateRevocation } from '../revocation/status.ts';
import type { CertificateChain } from '../x509/certificate.ts';
import type { ValidationAction, ValidationResult } from './outcome.ts';

const type = 'revocation';

/** What the sources of revocation told: one status per certificate in the chain's order, or why there is none. */
export type RevocationFacts = readonly CertificateRevocation[] | { readonly error: string };

/**
 * Whether the signing certificates are unrevoked. A revoked certificate counts before an unknown one; of several the one
 * nearest the leaf is named. Unknown never passes.
 */
export function validateRevocation(
  chain: CertificateChain,
  facts: RevocationFacts,
  action: ValidationAction,
): ValidationResult {
  if ('error' in facts) return { type, action, error: `unable to check revocation status, err: ${facts.error}` };
  if (facts.length !== chain.length) {
    const error = `unable to check revocation status, err: ${facts.length} results for ${chain.length} certificates`;
    return { type, action, error };
  }
  const revoked = facts.find(({ status }) => status === 'revoked');
  if (revoked !== undefined) return { ...failed(action, revoked, 'is revoked'), revocation: facts };
  const undecided = facts.find(({ status }) => status !== 'good' && status !== 'not-revokable');
  if (undecided !== undefined)
    return { ...failed(action, undecided, 'revocation status is unknown'), hint: unknownHint, revocation: facts };
  return { type, action, note: describeRevocation(facts), revocation: facts };
}

const unknownHint =
  'A trust policy statement with "override": { "revocation": "log" } in its signatureVerification (or level permissive) ' +
  'accepts signatures whose revocation status is unknown, with a warning.';

function failed(action: ValidationAction, { subject, reason }: CertificateRevocation, what: string): ValidationResult {
  const because = reason === undefined ? '' : `: ${reason}`;
  return { type, action, error: `signing certificate with subject ${quote(subject)} ${what}${because}` };
}
