// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';

/** What is wrong with a token or with the answer of a timestamp authority, in the reference's words. */
export function invalidTimestamp(message: string, cause?: unknown): NotaryError {
  return new NotaryError('timestamp-invalid', message, { cause });
}

/** Does some work; what it throws is told behind the prefix, as `timestamp-invalid`. */
export function timestampStep<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new NotaryError('timestamp-invalid', `${prefix}${messageOf(error)}`, { ...hint, cause: error });
  }
}
