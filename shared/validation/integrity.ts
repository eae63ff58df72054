// SPDX-License-Identifier: Apache-2.0
import { type VerifiedEnvelope, payloadMediaType } from '../envelope/content.ts';
import { type SignatureEnvelope, parseEnvelope, verifyIntegrity } from '../envelope/envelope.ts';
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import type { ValidationAction, ValidationResult } from './outcome.ts';

/** The result of integrity, and the envelope as far as it could be read. */
export interface Integrity {
  readonly result: ValidationResult;
  /** Parsed, with nothing on it to trust. */
  readonly parsed: SignatureEnvelope | undefined;
  /** Present exactly when the result has no error. */
  readonly envelope: VerifiedEnvelope | undefined;
}

/** Parses and verifies a signature envelope, and that it signs a Notary Project payload. */
export function validateIntegrity(mediaType: string, bytes: Uint8Array, action: ValidationAction): Integrity {
  const type = 'integrity';
  const parsed = attempt(() => parseEnvelope(mediaType, bytes));
  if ('error' in parsed) {
    const error = `unable to parse the digital signature, error : ${parsed.error.message}`;
    return { result: { type, action, error }, parsed: undefined, envelope: undefined };
  }
  const verified = attempt(() => verifyIntegrity(parsed.value));
  const error = 'error' in verified ? verified.error.message : unsupportedPayload(verified.value);
  if ('error' in verified || error !== undefined) {
    return {
      result: { type, action, ...(error === undefined ? {} : { error }) },
      parsed: parsed.value,
      envelope: undefined,
    };
  }
  const { jws, keySpec } = verified.value.algorithm;
  const result = { type, action, note: `${keySpec} signature (${jws}) over the received bytes` } as const;
  return { result, parsed: parsed.value, envelope: verified.value };
}

function unsupportedPayload({ payload }: VerifiedEnvelope): string | undefined {
  if (payload.contentType === payloadMediaType) return undefined;
  return `payload content type ${quote(payload.contentType)} not supported`;
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
