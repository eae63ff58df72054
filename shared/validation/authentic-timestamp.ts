// SPDX-License-Identifier: Apache-2.0
import type { ClaimedTime, VerifiedEnvelope } from '../envelope/content.ts';
import { formatRfc1123 } from '../primitives/go-time.ts';
import { quote } from '../primitives/quote.ts';
import type { TrustPolicyStatement } from '../trust/policy.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { ValidationAction, ValidationResult } from './outcome.ts';

type Finding = Omit<ValidationResult, 'type' | 'action'>;

/** Whether a policy asks for the time of a timestamp, not for that of the verification (reference 9.3, steps 1 and 2). */
export function needsTimestamp(envelope: VerifiedEnvelope, statement: TrustPolicyStatement, now: Date): boolean {
  if (envelope.signedAttributes.signingScheme !== 'notary.x509') return false;
  if (!statement.trustStores.some(({ type }) => type === 'tsa')) return false;
  return statement.verifyTimestamp === 'always' || envelope.certificateChain.some(({ notAfter }) => now > notAfter);
}

/**
 * Whether the signing certificates were valid at the authentic signing time of a signing authority, else whether they are
 * valid now. Where `needsTimestamp` says so, neither counts.
 */
export function validateAuthenticTimestamp(
  { signedAttributes: attributes, unsignedAttributes, certificateChain: chain }: VerifiedEnvelope,
  action: ValidationAction,
  now: Date,
): ValidationResult {
  const type = 'authenticTimestamp';
  if (attributes.signingScheme === 'notary.x509') {
    const timestamped = (unsignedAttributes.timestampSignature?.length ?? 0) > 0;
    return { type, action, ...validNow(chain, now, timestamped ? unusedTimestampHint : expiredHint) };
  }
  return { type, action, ...validAtSigning(chain, attributes.authenticSigningTime) };
}

function validNow(chain: readonly Certificate[], now: Date, hint: string): Finding {
  for (const { subject, notBefore, notAfter } of chain) {
    const validity = `certificate ${quote(subject)} validity period`;
    if (now < notBefore) {
      const from = quote(formatRfc1123(notBefore));
      return { error: `verification time is before ${validity}, it will be valid from ${from}` };
    }
    if (now > notAfter) {
      const until = quote(formatRfc1123(notAfter));
      return { error: `verification time is after ${validity}, it was expired at ${until}`, hint };
    }
  }
  return { note: 'all certificates are valid now; no timestamp was needed' };
}

const expiredHint = 'Sign the artifact again with a certificate that is valid.';

/** With a tsa store in the policy, the timestamp would have been asked. */
const unusedTimestampHint =
  'The signature has a timestamp, which the trust policy does not use: add tsa:<store> to the trustStores of its statement, and the root certificate of the timestamp authority to x509/tsa/<store> in {input:trustStore}. Or sign the artifact again with a certificate that is valid.';

function validAtSigning(chain: readonly Certificate[], { date, isLater, offsetMinutes }: ClaimedTime): Finding {
  const isAfter = (end: Date) => date > end || (isLater === true && date.getTime() === end.getTime());
  const invalid = chain.find(({ notBefore, notAfter }) => date < notBefore || isAfter(notAfter));
  const shown = formatRfc1123(date, offsetMinutes);
  if (invalid === undefined) return { note: `all certificates were valid at the authentic signing time ${shown}` };
  const certificate = `certificate ${quote(invalid.subject)}`;
  return { error: `${certificate} was not valid when the digital signature was produced at ${quote(shown)}` };
}
