// SPDX-License-Identifier: Apache-2.0
import { quote } from '../primitives/quote.ts';
import type { CertificateRevocation } from '../revocation/status.ts';
import { validationTypes } from '../trust/level.ts';
import type { SignatureOutcome, SignatureSummary, ValidationResult } from '../validation/outcome.ts';
import { checkText, statusText } from './revocation-text.ts';
import { count } from './shown.ts';
import {
  type VerifyReportEntry,
  acceptedSignature,
  selectionReason,
  signatureVerdict,
  validationVerdict,
} from './verify-entry.ts';

/** The line of the log that tells an artifact's outcome. */
export function verifyLine(entry: VerifyReportEntry): string {
  const { outcome, requested } = entry;
  if (outcome.outcome === 'error') return `Could not verify ${requested}`;
  const signer = acceptedSignature(entry)?.signature?.certificates[0]?.subject;
  const by = signer === undefined ? '' : `, signed by ${signer}`;
  switch (outcome.outcome) {
    case 'verified':
      return outcome.warnings.length === 0
        ? `Verified ${outcome.reference}${by}`
        : `Accepted ${outcome.reference} with ${count(outcome.warnings.length, 'warning')}${by}`;
    case 'skipped':
      return `Not verified: ${outcome.reference} (trust policy statement ${JSON.stringify(outcome.statement ?? '')} says skip)`;
    case 'failed':
      return `Failed to verify ${outcome.reference}`;
  }
}

/** The lines of the log that say how an outcome came about. */
export function explanation({ outcome }: VerifyReportEntry): string[] {
  if (outcome.outcome === 'error') return [];
  const notices = outcome.outcome === 'verified' ? outcome.notices : [];
  return [
    ...statementLines(outcome),
    `time of verification: ${outcome.verifiedAt}`,
    ...outcome.signatures.flatMap(explainSignature),
    ...notices,
  ];
}

function statementLines({
  statement,
  level,
  selectedBy,
  scope,
}: Exclude<VerifyReportEntry['outcome'], { outcome: 'error' }>) {
  if (statement === undefined || level === undefined) return ['trust policy statement: none applies'];
  const why = selectedBy === undefined ? '' : `, ${selectionReason(selectedBy, scope)}`;
  const actions = validationTypes.map((type) => `${type} ${level.actions[type]}`).join(', ');
  return [
    `trust policy statement: ${JSON.stringify(statement)}, level ${level.name}${why}`,
    ...(level.name === 'custom' ? [`actions: ${actions}`] : []),
  ];
}

const signatureWords = { verified: 'verified', accepted: 'accepted with warnings', rejected: 'rejected' } as const;

function explainSignature(outcome: SignatureOutcome): string[] {
  const { digest, file, signature, validations, error } = outcome;
  const named = file === undefined ? digest : `${digest} in ${file}`;
  return [
    `signature ${named}: ${signatureWords[signatureVerdict(outcome)]}`,
    ...(signature === undefined ? [] : signatureLines(signature)),
    ...validations.flatMap(validationLines),
    ...(error === undefined ? [] : [`  ${error}`]),
  ];
}

function signatureLines({ certificates: [leaf], signingTime, signingScheme, expiry }: SignatureSummary): string[] {
  const proven = signingScheme === 'notary.x509.signingAuthority' ? 'by the signing authority' : 'claimed';
  const signer =
    leaf === undefined
      ? []
      : [
          `  signer: ${leaf.subject}`,
          `  issuer: ${leaf.issuer}`,
          `  certificate valid: ${leaf.notBefore} to ${leaf.notAfter}`,
        ];
  return [
    ...signer,
    `  signing time (${proven}): ${signingTime}`,
    ...(expiry === undefined ? [] : [`  signature expires: ${expiry}`]),
  ];
}

function validationLines(validation: ValidationResult): string[] {
  const { type, revocation = [] } = validation;
  return [`  ${type}: ${validationText(validation)}`, ...revocation.flatMap(revocationLines)];
}

function revocationLines(revocation: CertificateRevocation): string[] {
  const { subject, checks = [] } = revocation;
  return [`    ${quote(subject)}: ${statusText(revocation)}`, ...checks.map((check) => `      ${checkText(check)}`)];
}

/** What became of a validation, and why. */
export function validationText(validation: ValidationResult): string {
  const { error, note } = validation;
  const told = note === undefined ? '' : ` (${note})`;
  switch (validationVerdict(validation)) {
    case 'skipped':
      return 'skipped';
    case 'passed':
      return `passed${told}`;
    case 'failed':
      return `failed: ${error ?? ''}${told}`;
    case 'logged':
      return `failed, only logged: ${error ?? ''}${told}`;
  }
}
