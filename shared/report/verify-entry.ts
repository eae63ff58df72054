// SPDX-License-Identifier: Apache-2.0
import type { SelectedBy, SignatureOutcome, ValidationResult, VerificationOutcome } from '../validation/outcome.ts';

/** What became of one artifact of a verify step: an outcome, or what kept it from being had. */
export interface VerifyReportEntry {
  readonly requested: string;
  readonly outcome: VerificationOutcome | { readonly outcome: 'error'; readonly error: unknown };
}

/** Whether an artifact may be used: verified, or the policy says that it is not to be verified. */
export function passed(entry: VerifyReportEntry): boolean {
  return entry.outcome.outcome === 'verified' || entry.outcome.outcome === 'skipped';
}

/** Whether an artifact was verified and nothing failed that the policy only logs. */
export function plainlyVerified(entry: VerifyReportEntry): boolean {
  return verdictOf(entry) === 'verified';
}

/** `accepted`: something failed that the policy only logs. Such an outcome is never called verified. */
export type Verdict = 'verified' | 'accepted' | 'skipped' | 'failed' | 'error';

/** The outcome in one word. */
export function verdictOf({ outcome }: VerifyReportEntry): Verdict {
  return outcome.outcome === 'verified' && outcome.warnings.length > 0 ? 'accepted' : outcome.outcome;
}

/** What became of one signature, in one word. */
export function signatureVerdict({ verified, validations }: SignatureOutcome): 'verified' | 'accepted' | 'rejected' {
  if (!verified) return 'rejected';
  return validations.some(({ error }) => error !== undefined) ? 'accepted' : 'verified';
}

/** What became of a validation; `logged`: it failed, and the policy only logs that. */
export function validationVerdict({ action, error }: ValidationResult): 'passed' | 'failed' | 'logged' | 'skipped' {
  if (action === 'skip') return 'skipped';
  if (error === undefined) return 'passed';
  return action === 'log' ? 'logged' : 'failed';
}

/** The signature that an artifact was accepted by. */
export function acceptedSignature({ outcome }: VerifyReportEntry): SignatureOutcome | undefined {
  return outcome.outcome === 'error' ? undefined : outcome.signatures.find((signature) => signature.verified);
}

/** Why a trust policy statement applied. */
export function selectionReason(selectedBy: SelectedBy, scope: string | undefined): string {
  switch (selectedBy) {
    case 'registry-scope':
      return `because its registryScopes have ${JSON.stringify(scope ?? '')}`;
    case 'any-scope':
      return 'because its registryScopes have "*", and no other statement names this repository';
    case 'policy-name':
      return 'because it was asked for by name';
    case 'global-policy':
      return 'because it is the global policy, and no statement was asked for by name';
  }
}
