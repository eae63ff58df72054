// SPDX-License-Identifier: Apache-2.0
import type { NotaryError } from './errors.ts';
import type { RememberedTrustStore } from './remembered-trust-store.ts';
import type { TrustPolicyStatement } from './trust/policy.ts';
import {
  endWithoutTimestamp,
  endsWithin,
  expiringSoon,
  supportingChain,
  supportingStore,
  supportingTimestamp,
} from './validation/expiring.ts';
import type { FailedOutcome, SignatureOutcome, VerifiedOutcome } from './validation/outcome.ts';

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

/** What a verification went by. */
export interface VerifiedBy {
  readonly statement: TrustPolicyStatement;
  readonly stores: RememberedTrustStore;
  readonly now: Date;
  /** Days before its end that something is told; 0: never. */
  readonly days: number;
}

/**
 * What ends soon of all that a verified signature rests on, and what else is to be known of its end. Where the time of the
 * signature is proven, certificates that have expired since do no harm and are not told.
 */
export async function endsOf(
  { signature, validations }: SignatureOutcome,
  { statement, stores, now, days }: VerifiedBy,
): Promise<Pick<VerifiedOutcome, 'expiring' | 'notices'>> {
  if (signature === undefined) return { expiring: [], notices: [] };
  const loaded = (await stores.loaded()).flatMap(([store, certificates]) => supportingStore(store, certificates));
  const timestamps = validations.flatMap(({ error, timestamp }) =>
    error === undefined && timestamp !== undefined ? [timestamp] : [],
  );
  const supporting = [...supportingChain(signature), ...timestamps.flatMap(supportingTimestamp), ...loaded];
  const proven = timestamps.length > 0 || signature.signingScheme === 'notary.x509.signingAuthority';
  const counted = proven ? supporting.filter(({ notAfter }) => notAfter >= now) : supporting;
  const expiring = expiringSoon(counted, now, days);
  const timestampsCount = statement.trustStores.some(({ type }) => type === 'tsa');
  const end = endWithoutTimestamp(signature, timestampsCount);
  if (end === undefined) return { expiring, notices: [] };
  if (endsWithin(end.at, now, days)) return { expiring: [...expiring, end.sentence], notices: [] };
  return { expiring, notices: [end.sentence] };
}
