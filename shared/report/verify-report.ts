// SPDX-License-Identifier: Apache-2.0
import type { SignatureOutcome, ValidationResult, VerificationOutcome } from '../validation/outcome.ts';
import { failureText } from './failure.ts';
import { caution, code, details, plain, table } from './markdown.ts';
import { count, shortDigest, shortReference } from './shown.ts';

/** What became of one artifact of a verify step: an outcome, or what kept it from being had. */
export interface VerifyReportEntry {
  readonly requested: string;
  readonly outcome: VerificationOutcome | { readonly outcome: 'error'; readonly error: unknown };
}

const maxRows = 200;

/** Whether an artifact may be used: verified, or the policy says that it is not to be verified. */
export function passed(entry: VerifyReportEntry): boolean {
  return entry.outcome.outcome === 'verified' || entry.outcome.outcome === 'skipped';
}

/** Whether an artifact was verified and nothing failed that the policy only logs. */
export function plainlyVerified({ outcome }: VerifyReportEntry): boolean {
  return outcome.outcome === 'verified' && outcome.warnings.length === 0;
}

/** The `results` output: a JSON list on one line in the order of the inputs (documented in the README). */
export function resultsJson(entries: readonly VerifyReportEntry[], hostWords: (text: string) => string): string {
  // Names of inputs are letters and underscores: replacing them leaves the JSON as it is.
  return hostWords(JSON.stringify(entries.map(resultJson)));
}

function resultJson({ requested, outcome }: VerifyReportEntry) {
  if (outcome.outcome === 'error') {
    return { requested, outcome: 'error', error: failureText(outcome.error), signatures: [] };
  }
  return {
    requested,
    reference: outcome.reference,
    outcome: outcome.outcome,
    ...(outcome.outcome === 'failed' ? { error: outcome.error } : {}),
    ...(outcome.outcome === 'verified'
      ? { warnings: outcome.warnings, expiring: outcome.expiring, notices: outcome.notices }
      : {}),
    artifact: outcome.artifact ?? null,
    statement: outcome.statement ?? null,
    level: outcome.level?.name ?? null,
    signatures: outcome.signatures,
  };
}

/** One word for an outcome; a logged failure is never called plainly verified. */
export function verdict({ outcome }: VerifyReportEntry): string {
  switch (outcome.outcome) {
    case 'verified':
      return outcome.warnings.length === 0 ? 'verified' : 'accepted with warnings';
    case 'skipped':
      return 'not verified (the policy says skip)';
    case 'failed':
      return 'failed';
    case 'error':
      return 'not determined';
  }
}

const mark: Record<VerifyReportEntry['outcome']['outcome'], string> = {
  verified: '✅',
  skipped: '⏭️',
  failed: '❌',
  error: '❌',
};

function markOf({ outcome }: VerifyReportEntry): string {
  return outcome.outcome === 'verified' && outcome.warnings.length > 0 ? '⚠️' : mark[outcome.outcome];
}

/** The line of the log that tells an artifact's outcome. */
export function verifyLine(entry: VerifyReportEntry): string {
  const { outcome, requested } = entry;
  if (outcome.outcome === 'error') return `Could not verify ${requested}`;
  const signer = verifiedSignature(entry)?.signature?.certificates[0]?.subject;
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

function verifiedSignature({ outcome }: VerifyReportEntry): SignatureOutcome | undefined {
  return outcome.outcome === 'error' ? undefined : outcome.signatures.find((signature) => signature.verified);
}

/** The lines of the log that say how an outcome came about. */
export function explanation({ outcome }: VerifyReportEntry): string[] {
  if (outcome.outcome === 'error') return [];
  const level = outcome.level === undefined ? '' : `, level ${outcome.level.name}`;
  const statement =
    outcome.statement === undefined ? [] : [`trust policy statement: ${JSON.stringify(outcome.statement)}${level}`];
  const notices = outcome.outcome === 'verified' ? outcome.notices : [];
  return [...statement, ...outcome.signatures.flatMap(explainSignature), ...notices];
}

function explainSignature(outcome: SignatureOutcome): string[] {
  const { signature, validations, error } = outcome;
  const leaf = signature?.certificates[0];
  return [
    `signature ${outcome.digest}: ${outcome.verified ? 'accepted' : 'rejected'}`,
    ...(leaf === undefined ? [] : [`  signer: ${leaf.subject}`, `  issuer: ${leaf.issuer}`]),
    ...(signature === undefined ? [] : [`  signing time (claimed): ${signature.signingTime}`]),
    ...validations.map((validation) => `  ${validation.type}: ${validationText(validation)}`),
    ...(error === undefined ? [] : [`  ${error}`]),
  ];
}

function validationText({ action, error, note }: ValidationResult): string {
  if (action === 'skip') return 'skipped';
  const told = note === undefined ? '' : ` (${note})`;
  if (error === undefined) return `passed${told}`;
  return `${action === 'enforce' ? 'failed' : 'failed, only logged'}: ${error}${told}`;
}

/** The job summary of a verify step, as Markdown. */
export function verifySummary(entries: readonly VerifyReportEntry[], hostWords: (text: string) => string): string {
  const good = entries.filter(passed).length;
  const plainly = entries.every(plainlyVerified);
  const title =
    good < entries.length
      ? `❌ Verified ${good} of ${count(entries.length, 'artifact')}`
      : `${plainly ? '✅ Verified' : '⚠️ Accepted'} ${count(good, 'artifact')}`;
  const shown = entries.slice(0, maxRows);
  const left = entries.length - shown.length;
  return [
    `### ${title}`,
    table(['', 'Artifact', 'Outcome', 'Policy statement', 'Level', 'Signer', 'Signing time'], shown.map(verifyRow)),
    ...(left > 0 ? [`${count(left, 'more artifact')} not shown.`] : []),
    ...shown.filter((entry) => !passed(entry)).map((entry) => failureBlock(entry, hostWords)),
    ...shown.flatMap(checks),
  ].join('\n\n');
}

function verifyRow(entry: VerifyReportEntry): string[] {
  const { outcome, requested } = entry;
  const named = outcome.outcome === 'error' ? requested : outcome.reference;
  const statement = outcome.outcome === 'error' ? undefined : outcome.statement;
  const level = outcome.outcome === 'error' ? undefined : outcome.level?.name;
  const signature = verifiedSignature(entry)?.signature;
  return [
    markOf(entry),
    code(shortReference(named)),
    plain(verdict(entry)),
    plain(statement ?? ''),
    plain(level ?? ''),
    plain(signature?.certificates[0]?.subject ?? ''),
    plain(signature?.signingTime ?? ''),
  ];
}

function failureBlock({ requested, outcome }: VerifyReportEntry, hostWords: (text: string) => string): string {
  const text =
    outcome.outcome === 'error'
      ? failureText(outcome.error)
      : outcome.outcome === 'failed'
        ? [outcome.error, outcome.hint ?? ''].join('\n').trim()
        : '';
  const lines = hostWords(text).split('\n').map(plain);
  return caution(`**${plain(requested)}**\n${lines.join('<br>\n')}`);
}

function checks(entry: VerifyReportEntry): string[] {
  const { outcome } = entry;
  if (outcome.outcome === 'error' || outcome.signatures.length === 0) return [];
  const rows = outcome.signatures
    .slice(0, maxRows)
    .flatMap((signature) =>
      signature.validations.map((validation) => [
        code(shortDigest(signature.digest)),
        validation.type,
        validation.action,
        plain(validationText(validation)),
      ]),
    );
  const other = outcome.signatures.flatMap(({ digest, error }) =>
    error === undefined ? [] : [[code(shortDigest(digest)), 'signature', 'enforce', plain(`failed: ${error}`)]],
  );
  const body = table(['Signature', 'Validation', 'Action', 'Result'], [...rows, ...other]);
  return [details(`Checks of ${code(shortReference(outcome.reference))}`, body)];
}
