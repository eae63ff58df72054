// SPDX-License-Identifier: Apache-2.0
import { type VerifiedEnvelope, payloadMediaType } from '../envelope/content.ts';
import { type SignatureEnvelope, parseEnvelope, verifyIntegrity } from '../envelope/envelope.ts';
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import type { ValidationAction, ValidationResult } from './outcome.ts';
import { type Strictness, findEnvelopeLaxity } from './strictness.ts';

/** The result of integrity, and the envelope as far as it could be read. */
export interface Integrity {
  readonly result: ValidationResult;
  /** Parsed, with nothing on it to trust. */
  readonly parsed: SignatureEnvelope | undefined;
  /** Present exactly when the result has no error. */
  readonly envelope: VerifiedEnvelope | undefined;
}

/**
 * Parses and verifies a signature envelope, and that it signs a Notary Project payload; under `strict` also that nothing
 * in it is against the specification.
 */
export function validateIntegrity(
  mediaType: string,
  bytes: Uint8Array,
  action: ValidationAction,
  strictness: Strictness = 'reference',
): Integrity {
  const failed = (error: string, hint: string | undefined, parsed?: SignatureEnvelope): Integrity => {
    const result = { type: 'integrity', action, error, ...(hint === undefined ? {} : { hint }) } as const;
    return { result, parsed, envelope: undefined };
  };
  const parsed = attempt(() => parseEnvelope(mediaType, bytes));
  if ('error' in parsed) {
    return failed(`unable to parse the digital signature, error : ${parsed.error.message}`, parsed.error.hint);
  }
  const verified = attempt(() => verifyIntegrity(parsed.value));
  if ('error' in verified) return failed(verified.error.message, verified.error.hint, parsed.value);
  const { payload, algorithm } = verified.value;
  if (payload.contentType !== payloadMediaType) {
    return failed(`payload content type ${quote(payload.contentType)} not supported`, undefined, parsed.value);
  }
  const laxity = strictness === 'strict' ? findEnvelopeLaxity(parsed.value, verified.value) : undefined;
  if (laxity !== undefined) return failed(laxity.error, laxity.hint, parsed.value);
  const note = `${algorithm.keySpec} signature (${algorithm.jws}) over the received bytes`;
  return { result: { type: 'integrity', action, note }, parsed: parsed.value, envelope: verified.value };
}

/** What is wrong with an envelope is a result; anything else that is thrown is not for here. */
function attempt<T>(work: () => T): { readonly value: T } | { readonly error: NotaryError } {
  try {
    return { value: work() };
  } catch (thrown) {
    if (thrown instanceof NotaryError) return { error: thrown };
    throw thrown;
  }
}
