// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../primitives/digest.ts';
import type { CertificateRevocation } from '../revocation/status.ts';
import type { LevelName, ValidationAction, ValidationType, VerificationLevel } from '../trust/level.ts';

export { validationTypes } from '../trust/level.ts';
export type { LevelName, ValidationAction, ValidationType, VerificationLevel };

/** The result of one validation: an `error` under `enforce` fails the signature, under `log` it is a warning. */
export interface ValidationResult {
  readonly type: ValidationType;
  readonly action: ValidationAction;
  /** Undefined: passed, or not performed because the action is `skip`. */
  readonly error?: string;
  /** What else is worth telling: what was compared, what was not performed and why. */
  readonly note?: string;
  /** What the pipeline's author does about the error; inputs are written `{input:<InputName>}`. */
  readonly hint?: string;
  /** Of `revocation`, and of a timestamp authority's chain: what was asked and answered for each certificate, leaf first. */
  readonly revocation?: readonly CertificateRevocation[];
  /** Of `authenticTimestamp`: a timestamp of a trusted authority about this very signature. */
  readonly timestamp?: TimestampSummary;
}

/** What a verified timestamp says. */
export interface TimestampSummary {
  /** RFC 3339, UTC: the authority's time, less and plus the accuracy that it states. */
  readonly earliest: string;
  readonly latest: string;
  /** Chain of the timestamp authority, leaf first. */
  readonly certificates: readonly CertificateSummary[];
}

/** What a report says of a certificate. */
export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** Lower-case hex SHA-256 of the DER. */
  readonly thumbprint: string;
}

/** What a signature claims; trustworthy only as far as the validations beside it say so. */
export interface SignatureSummary {
  readonly envelopeMediaType: string;
  readonly signingScheme: string;
  readonly algorithm: string;
  readonly signingTime: string;
  readonly expiry?: string;
  readonly signingAgent?: string;
  readonly timestamped: boolean;
  readonly userMetadata: Readonly<Record<string, string>>;
  /** Leaf first. */
  readonly certificates: readonly CertificateSummary[];
}

/** What verification found about one signature. */
export interface SignatureOutcome {
  /** The signature manifest, or the signature file. */
  readonly digest: Digest;
  /** The signature file of a blob. */
  readonly file?: string;
  readonly verified: boolean;
  readonly validations: readonly ValidationResult[];
  /** A failure outside the five validations: payload mismatch, missing metadata, plugin. */
  readonly error?: string;
  readonly hint?: string;
  /** Absent when the envelope could not be read. */
  readonly signature?: SignatureSummary;
}

/** What verification found about one artifact. */
export type VerificationOutcome = VerifiedOutcome | FailedOutcome | SkippedOutcome;

/** Why a trust policy statement applied: it names this repository, or all; for files, it was named, or is the global one. */
export type SelectedBy = 'registry-scope' | 'any-scope' | 'policy-name' | 'global-policy';

interface OutcomeBase {
  /** As the user gave it. */
  readonly requested: string;
  /** `registry/repository@digest`, `oci-layout:<path>@digest`, or the path of a file. */
  readonly reference: string;
  readonly artifact: Descriptor | undefined;
  /** RFC 3339, UTC: the time that every validation took as now. */
  readonly verifiedAt: string;
  /** Name of the trust policy statement that applied. */
  readonly statement: string | undefined;
  /** Why it applied; absent when none did. */
  readonly selectedBy?: SelectedBy;
  /** Its registry scope that matched, a repository or `*`; absent for files. */
  readonly scope?: string;
  readonly level: VerificationLevel | undefined;
  readonly signatures: readonly SignatureOutcome[];
}

export interface VerifiedOutcome extends OutcomeBase {
  readonly outcome: 'verified';
  /** Validations that failed but were only logged. Never call an outcome with entries here plainly "verified". */
  readonly warnings: readonly string[];
  /** What this verification rests on and ends soon, a sentence each. It does not make it less of a verification. */
  readonly expiring: readonly string[];
  /** What else to know of the signature that was accepted. */
  readonly notices: readonly string[];
}

export interface FailedOutcome extends OutcomeBase {
  readonly outcome: 'failed';
  readonly error: string;
  readonly hint?: string;
}

/** The statement's level is skip: nothing was looked at. */
export interface SkippedOutcome extends OutcomeBase {
  readonly outcome: 'skipped';
}
