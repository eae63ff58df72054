// SPDX-License-Identifier: Apache-2.0
import type { NotaryError } from './errors.ts';
import type { RememberedTrustStore } from './remembered-trust-store.ts';
import { endWithoutTimestamp, expiringSoon, supportingChain, supportingStore } from './validation/expiring.ts';
import type { FailedOutcome, SignatureOutcome } from './validation/outcome.ts';

/** Why nothing was verified. */
export type Failure = Pick<FailedOutcome, 'error' | 'hint'>;

/** An error as a failure. */
export function told({ message, hint }: NotaryError): Failure {
  return { error: message, ...(hint === undefined ? {} : { hint }) };
}

/** Failed signatures told in one message; the outcome has all. */
const maxReasons = 10;

/** That no signature of an artifact was accepted, with the reason of each. There must be one. */
export function allFailed(reference: string, signatures: readonly SignatureOutcome[]): Failure {
  const reasons = signatures
    .slice(0, maxReasons)
    .map((signature) => `failed to verify signature with digest ${signature.digest}, ${reasonOf(signature)}`);
  const left = signatures.length - reasons.length;
  const error = [
    `signature verification failed for all the signatures associated with ${reference}`,
    ...reasons,
    ...(left > 0 ? [`and ${left} more`] : []),
  ].join('\n');
  const hints = [...new Set(signatures.slice(0, maxReasons).flatMap(hintsOf))];
  return { error, ...(hints.length === 0 ? {} : { hint: hints.join('\n') }) };
}

/** Why a signature was rejected. */
export function reasonOf(signature: SignatureOutcome): string {
  return signature.error ?? decisive(signature)?.error ?? 'unknown reason';
}

function hintsOf(signature: SignatureOutcome): string[] {
  const hint = signature.error === undefined ? decisive(signature)?.hint : signature.hint;
  return hint === undefined ? [] : [hint];
}

function decisive({ validations }: SignatureOutcome) {
  return validations.find(({ action, error }) => action === 'enforce' && error !== undefined);
}

/** What failed and was only logged. */
export function warningsOf({ validations }: SignatureOutcome): string[] {
  return validations.flatMap(({ type, action, error }) =>
    action === 'log' && error !== undefined ? [`${type} was set to "log" and failed with error: ${error}`] : [],
  );
}

/** Days before its end that a certificate is told. */
export const defaultExpiryWarningDays = 30;

/** What ends soon of all that a verified signature rests on. */
export async function endsOf({ signature }: SignatureOutcome, stores: RememberedTrustStore, now: Date, days: number) {
  if (signature === undefined) return { expiring: [], notices: [] };
  const loaded = (await stores.loaded()).flatMap(([store, certificates]) => supportingStore(store, certificates));
  const end = endWithoutTimestamp(signature);
  return {
    expiring: expiringSoon([...supportingChain(signature), ...loaded], now, days),
    notices: end === undefined ? [] : [end],
  };
}
