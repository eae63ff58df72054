// SPDX-License-Identifier: Apache-2.0
import type { VerifiedEnvelope } from '../envelope/content.ts';
import { formatRfc1123 } from '../primitives/go-time.ts';
import { quote } from '../primitives/quote.ts';
import type { TrustPolicyStatement } from '../trust/policy.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { ValidationAction, ValidationResult } from './outcome.ts';

type Finding = Omit<ValidationResult, 'type' | 'action'>;

/**
 * Whether the signing certificates were valid when the signature was made: at the authentic signing time of a signing
 * authority, else at the time of a timestamp where the policy asks for one, else now.
 */
export function validateAuthenticTimestamp(
  envelope: VerifiedEnvelope,
  statement: TrustPolicyStatement,
  now: Date,
): ValidationResult {
  const action: ValidationAction = statement.level.actions.authenticTimestamp;
  return { type: 'authenticTimestamp', action, ...find(envelope, statement, now) };
}

function find(envelope: VerifiedEnvelope, statement: TrustPolicyStatement, now: Date): Finding {
  const { signedAttributes: attributes, certificateChain: chain, unsignedAttributes } = envelope;
  if (attributes.signingScheme === 'notary.x509.signingAuthority') {
    const { date, offsetMinutes } = attributes.authenticSigningTime;
    return validAtSigning(chain, date, formatRfc1123(date, offsetMinutes));
  }
  if (!timestampWanted(statement, chain, now)) return validNow(chain, now);
  if (unsignedAttributes.timestampSignature === undefined) {
    return {
      error: 'no timestamp countersignature was found in the signature envelope',
      hint: 'Sign with a timestamp authority, or remove the tsa store from the trustStores of the trust policy statement.',
    };
  }
  return {
    error: 'timestamp verification is not available yet',
    hint: 'Remove the tsa store from the trustStores of the trust policy statement to verify without timestamps.',
  };
}

/** A statement asks for a timestamp by listing a tsa store; `afterCertExpiry` only once a certificate has expired. */
function timestampWanted(statement: TrustPolicyStatement, chain: readonly Certificate[], now: Date): boolean {
  if (!statement.trustStores.some(({ type }) => type === 'tsa')) return false;
  return statement.verifyTimestamp === 'always' || chain.some(({ notAfter }) => now > notAfter);
}

function validNow(chain: readonly Certificate[], now: Date): Finding {
  for (const { subject, notBefore, notAfter } of chain) {
    const validity = `certificate ${quote(subject)} validity period`;
    if (now < notBefore) {
      const from = quote(formatRfc1123(notBefore));
      return { error: `verification time is before ${validity}, it will be valid from ${from}` };
    }
    if (now > notAfter) {
      const until = quote(formatRfc1123(notAfter));
      return { error: `verification time is after ${validity}, it was expired at ${until}`, hint: expiredHint };
    }
  }
  return { note: 'all certificates are valid now; no timestamp was needed' };
}

const expiredHint = 'Sign the artifact again with a certificate that is valid.';

function validAtSigning(chain: readonly Certificate[], signed: Date, shown: string): Finding {
  const invalid = chain.find(({ notBefore, notAfter }) => signed < notBefore || signed > notAfter);
  if (invalid === undefined) return { note: `all certificates were valid at the authentic signing time ${shown}` };
  const certificate = `certificate ${quote(invalid.subject)}`;
  return { error: `${certificate} was not valid when the digital signature was produced at ${quote(shown)}` };
}
