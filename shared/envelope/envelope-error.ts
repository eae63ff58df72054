// SPDX-License-Identifier: Apache-2.0
import { messageOf, NotaryError } from '../errors.ts';

/** The envelope breaks a rule of its format or of the specification (InvalidSignatureError). */
export function invalidEnvelope(message: string, cause?: unknown): NotaryError {
  return new NotaryError('envelope-invalid', message, {
    cause,
    hint: 'The signature does not follow the Notary Project signature specification: sign the artifact again.',
  });
}

/** The signature does not verify (SignatureIntegrityError). */
export function brokenIntegrity(reason: string, cause?: unknown): NotaryError {
  return new NotaryError('envelope-integrity', `signature is invalid. Error: ${reason}`, {
    cause,
    hint: 'The signature was altered, or not made with the key of its certificate: do not trust it; sign the artifact again.',
  });
}

/** What the signer asks for cannot be put into an envelope (InvalidSignRequestError). */
export function invalidRequest(message: string, cause?: unknown): NotaryError {
  return new NotaryError('sign-request-invalid', message, {
    cause,
    hint: 'Check the key, its certificate chain and the attributes to sign.',
  });
}

/** Runs a reader of bytes; whatever it refuses makes the envelope invalid, with its reason behind the prefix. */
export function readingEnvelope<T>(read: () => T, prefix = ''): T {
  try {
    return read();
  } catch (error) {
    throw invalidEnvelope(prefix + messageOf(error), error);
  }
}
