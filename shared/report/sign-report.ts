// SPDX-License-Identifier: Apache-2.0
import { layoutPrefix } from '../oci/layout-reference.ts';
import type { SignatureRecord } from '../ports.ts';
import { failureText } from './failure.ts';
import { caution, code, details, plain, table } from './markdown.ts';
import { schemaVersion } from './schema-version.ts';
import { count, shortDigest, shortReference } from './shown.ts';

/** What became of one artifact of a sign step. */
export interface SignReportEntry {
  /** As given, or `registry/repository@digest` when detected. */
  readonly requested: string;
  readonly tags: readonly string[];
  /** Where the artifact was named: `input`, or a channel of detection. */
  readonly source: string;
  readonly outcome: { readonly record: SignatureRecord } | { readonly error: unknown };
}

/** Rows of a summary: more would come near the limit of 1 MiB that GitHub has for a step. */
const maxRows = 200;

/** The `signatures` output: a JSON list on one line, one item per signature made (docs/results.schema.json). */
export function signaturesJson(entries: readonly SignReportEntry[], hostWords: (text: string) => string): string {
  const records = entries.flatMap(({ outcome, source }) =>
    'record' in outcome ? [signatureJson(outcome.record, source)] : [],
  );
  return hostWords(JSON.stringify(records));
}

function signatureJson(record: SignatureRecord, source: string) {
  return {
    schemaVersion,
    reference: record.reference,
    digest: record.artifact.digest,
    mediaType: record.artifact.mediaType,
    size: record.artifact.size,
    signatureDigest: record.signature.digest,
    envelopeMediaType: record.envelopeMediaType,
    signingTime: record.signingTime,
    ...(record.expiry === undefined ? {} : { expiry: record.expiry }),
    timestamped: record.timestamped,
    signer: record.signer,
    referrers: record.via,
    ...(record.file === undefined ? {} : { file: record.file }),
    ...(record.skipped === undefined ? {} : { skipped: record.skipped }),
    source,
    warnings: record.warnings,
  };
}

/** The line of the log that tells an artifact's outcome. */
export function signLine(entry: SignReportEntry): string {
  if ('error' in entry.outcome) return `Failed to sign ${entry.requested}`;
  const { record } = entry.outcome;
  const verb = record.skipped === undefined ? 'Signed' : 'Skipped, signed already:';
  return `${verb} ${record.reference} (signature ${record.signature.digest}, ${record.signer})`;
}

/** The job summary of a sign step, as Markdown. */
export function signSummary(entries: readonly SignReportEntry[], hostWords: (text: string) => string): string {
  const done = entries.flatMap(({ outcome }) => ('record' in outcome ? [outcome.record] : []));
  const skipped = done.filter((record) => record.skipped === true).length;
  const signed = done.length - skipped;
  const all = done.length === entries.length;
  const title = [
    all ? `✅ Signed ${count(signed, 'artifact')}` : `❌ Signed ${signed} of ${count(entries.length, 'artifact')}`,
    ...(skipped === 0 ? [] : [`${skipped} signed already`]),
  ].join(', ');
  const rows = entries.slice(0, maxRows).map(signRow);
  const left = entries.length - rows.length;
  const failures = entries.filter(({ outcome }) => 'error' in outcome).slice(0, maxRows);
  return [
    `### ${title}`,
    table(['Artifact', 'Tags', 'Signature', 'Signer', 'Signing time'], rows),
    ...(left > 0 ? [`${count(left, 'more artifact')} not shown.`] : []),
    ...failures.map((entry) => failureBlock(entry, hostWords)),
    details('How the artifacts were named, and how to verify them', provenance(entries.slice(0, maxRows))),
  ].join('\n\n');
}

function signRow(entry: SignReportEntry): string[] {
  const tags = entry.tags.map(code).join(' ');
  if ('error' in entry.outcome) return [code(shortReference(entry.requested)), tags, '❌ failed', '', ''];
  const { record } = entry.outcome;
  const there = record.skipped === undefined ? '' : ' (was there)';
  const signature = `${code(shortDigest(record.signature.digest))}${there}`;
  return [code(shortReference(record.reference)), tags, signature, plain(record.signer), plain(record.signingTime)];
}

function failureBlock(entry: SignReportEntry, hostWords: (text: string) => string): string {
  const error = 'error' in entry.outcome ? hostWords(failureText(entry.outcome.error)) : '';
  const lines = error.split('\n').map(plain);
  return caution(`**${plain(entry.requested)}**\n${lines.join('<br>\n')}`);
}

function provenance(entries: readonly SignReportEntry[]): string {
  const named = entries.map(({ requested, source }) => `- ${code(requested)}: ${plain(source)}`);
  const references = entries.flatMap(({ outcome }) => ('record' in outcome ? [outcome.record.reference] : []));
  const verify = references.map(verifyCommand);
  return [...named, '', '```', ...verify, '```'].join('\n');
}

function verifyCommand(reference: string): string {
  if (!reference.startsWith(layoutPrefix)) return `notation verify ${reference}`;
  return `notation verify --oci-layout ${reference.slice(layoutPrefix.length)} --scope <registry scope>`;
}
