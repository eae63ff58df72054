// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { CertificateRevocation } from '../revocation/status.ts';
import { type VerificationLevel, validationTypes } from '../trust/level.ts';
import type { SignatureOutcome, ValidationResult } from '../validation/outcome.ts';
import { failureText } from './failure.ts';
import { schemaVersion } from './schema-version.ts';
import { type VerifyReportEntry, signatureVerdict, validationVerdict, verdictOf } from './verify-entry.ts';

/** The `results` output: a JSON list on one line in the order of the inputs (docs/results.schema.json). */
export function resultsJson(entries: readonly VerifyReportEntry[], hostWords: (text: string) => string): string {
  // Names of inputs are letters and underscores: replacing them leaves the JSON as it is.
  return hostWords(JSON.stringify(entries.map(resultOf)));
}

function resultOf(entry: VerifyReportEntry) {
  const { requested, outcome } = entry;
  const told = { schemaVersion, requested, outcome: verdictOf(entry) };
  if (outcome.outcome === 'error') {
    return { ...told, ...errorOf(outcome.error), ...noEnds, ...notSelected, signatures: [] };
  }
  const { warnings, expiring, notices } = outcome.outcome === 'verified' ? outcome : noEnds;
  return {
    ...told,
    reference: outcome.reference,
    ...(outcome.outcome === 'failed' ? { error: outcome.error, ...hintOf(outcome) } : {}),
    ...{ warnings, expiring, notices },
    verifiedAt: outcome.verifiedAt,
    artifact: outcome.artifact === undefined ? null : artifactOf(outcome.artifact),
    statement: outcome.statement ?? null,
    selectedBy: outcome.selectedBy ?? null,
    scope: outcome.scope ?? null,
    level: outcome.level?.name ?? null,
    actions: outcome.level?.actions ?? null,
    signatures: outcome.signatures.map((signature) => signatureOf(signature, outcome.level)),
  };
}

const noEnds = { warnings: [], expiring: [], notices: [] } as const;
const notSelected = {
  ...{ verifiedAt: null, artifact: null, statement: null },
  ...{ selectedBy: null, scope: null, level: null, actions: null },
} as const;

/** What a descriptor is about; annotations of a listing are nothing that was verified. */
export function artifactOf({ mediaType, digest, size }: Descriptor) {
  return { mediaType, digest, size };
}

/** What failed, and what to do. */
export function errorOf(thrown: unknown) {
  if (!(thrown instanceof NotaryError)) return { error: failureText(thrown) };
  return { error: thrown.message, ...hintOf(thrown) };
}

function hintOf({ hint }: { readonly hint?: string | undefined }) {
  return hint === undefined ? {} : { hint };
}

function signatureOf(outcome: SignatureOutcome, level: VerificationLevel | undefined) {
  const { digest, file, error, validations, signature } = outcome;
  return {
    digest,
    ...(file === undefined ? {} : { file }),
    outcome: signatureVerdict(outcome),
    ...(error === undefined ? {} : { error }),
    ...hintOf(outcome),
    validations: [...validations.map(validationOf), ...notPerformed(validations, level)],
    ...(signature === undefined ? {} : { signature }),
  };
}

function validationOf(validation: ValidationResult) {
  const { type, action, error, note, timestamp, revocation } = validation;
  return {
    ...{ type, action, result: validationVerdict(validation) },
    ...(error === undefined ? {} : { error }),
    ...(note === undefined ? {} : { note }),
    ...hintOf(validation),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(revocation === undefined ? {} : { revocation: revocation.map(revocationOf) }),
  };
}

function revocationOf({ subject, status, reason, checks = [] }: CertificateRevocation) {
  return { subject, status, ...(reason === undefined ? {} : { reason }), checks };
}

/** The validations that a failure before them left out. */
function notPerformed(validations: readonly ValidationResult[], level: VerificationLevel | undefined) {
  if (level === undefined) return [];
  return validationTypes
    .filter((type) => validations.every((performed) => performed.type !== type))
    .map((type) => ({ type, action: level.actions[type], result: 'not-performed' as const }));
}
