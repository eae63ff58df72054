// SPDX-License-Identifier: Apache-2.0
import type { VerifiedEnvelope } from '../envelope/content.ts';
import { formatRfc1123 } from '../primitives/go-time.ts';
import { quote } from '../primitives/quote.ts';
import type { ValidationAction, ValidationResult } from './outcome.ts';

/** Whether the signature is still valid by its own expiry; the instant of expiry itself is too late. */
export function validateExpiry(envelope: VerifiedEnvelope, action: ValidationAction, now: Date): ValidationResult {
  const { expiry } = envelope.signedAttributes;
  const type = 'expiry';
  if (expiry === undefined) return { type, action, note: 'the signature has no expiry' };
  const until = formatRfc1123(expiry.date, expiry.offsetMinutes);
  if (now < expiry.date) return { type, action, note: `valid until ${until}` };
  return {
    type,
    action,
    error: `digital signature has expired on ${quote(until)}`,
    hint: 'Sign the artifact again; {input:expiry} says how long a signature is valid.',
  };
}
