// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';

/** A trust policy that breaks a rule, in the reference's words; `parseTrustPolicy` adds where the policy stands. */
export function invalidPolicy(text: string, hint?: string): NotaryError {
  return new NotaryError('trust-policy-invalid', text, hint === undefined ? {} : { hint });
}

/** Runs work; an error of it gets the prefix that tells where in the policy it arose. */
export function within<T>(prefix: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof NotaryError) throw invalidPolicy(`${prefix}${thrown.message}`, thrown.hint);
    throw thrown;
  }
}
