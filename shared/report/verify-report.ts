// SPDX-License-Identifier: Apache-2.0
import { failureText } from './failure.ts';
import { caution, code, details, plain, table } from './markdown.ts';
import { count, shortReference } from './shown.ts';
import { verifyDetails } from './verify-details.ts';
import {
  type Verdict,
  type VerifyReportEntry,
  acceptedSignature,
  passed,
  plainlyVerified,
  verdictOf,
} from './verify-entry.ts';

/** Rows of a table, failures and details: more would come near the limit of 1 MiB that GitHub has for a step. */
const maxRows = 200;

/** Sentences about certificates that end soon. */
const maxExpiring = 20;

/** Characters of all details together; with escapes and three bytes a character they stay below 1 MiB. */
const maxDetailCharacters = 256 * 1024;

/** The job summary of a verify step, as Markdown. */
export function verifySummary(entries: readonly VerifyReportEntry[], hostWords: (text: string) => string): string {
  const shown = entries.slice(0, maxRows);
  const left = entries.length - shown.length;
  const header = ['', 'Artifact', 'Outcome', 'Policy statement', 'Level', 'Signer', 'Signing time'];
  return [
    `### ${titleOf(entries)}`,
    table(header, shown.map(verifyRow)),
    ...(left > 0 ? [`${count(left, 'more artifact')} not shown.`] : []),
    ...shown.filter((entry) => !passed(entry)).map((entry) => failureBlock(entry, hostWords)),
    ...expiringBlock(entries),
    ...detailBlocks(shown, hostWords),
  ].join('\n\n');
}

/** How often each verdict came; only what was verified without reservation is called verified. */
function titleOf(entries: readonly VerifyReportEntry[]): string {
  const tally = (...verdicts: Verdict[]): number => entries.filter((e) => verdicts.includes(verdictOf(e))).length;
  const [verified, accepted, skipped, failed] = [
    tally('verified'),
    tally('accepted'),
    tally('skipped'),
    tally('failed'),
  ];
  const errors = tally('error');
  if (entries.every(plainlyVerified)) return `✅ Verified ${count(verified, 'artifact')}`;
  const parts = [
    ...(accepted === 0 ? [] : [`${accepted} accepted with warnings`]),
    ...(skipped === 0 ? [] : [`${skipped} not verified (skip)`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(errors === 0 ? [] : [`${errors} not determined`]),
  ];
  const sign = failed + errors > 0 ? '❌' : '⚠️';
  return `${sign} Verified ${verified} of ${count(entries.length, 'artifact')}: ${parts.join(', ')}`;
}

const marks: Record<Verdict, readonly [mark: string, text: string]> = {
  verified: ['✅', 'verified'],
  accepted: ['⚠️', 'accepted with warnings'],
  skipped: ['⏭️', 'not verified (the policy says skip)'],
  failed: ['❌', 'failed'],
  error: ['❌', 'not determined'],
};

function verifyRow(entry: VerifyReportEntry): string[] {
  const { outcome, requested } = entry;
  const [mark, verdict] = marks[verdictOf(entry)];
  const named = outcome.outcome === 'error' ? requested : outcome.reference;
  const statement = outcome.outcome === 'error' ? undefined : outcome.statement;
  const level = outcome.outcome === 'error' ? undefined : outcome.level?.name;
  const signature = acceptedSignature(entry)?.signature;
  return [
    mark,
    code(shortReference(named)),
    plain(verdict),
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

/** What ends soon, each sentence once: artifacts of one signer share it. */
function expiringBlock(entries: readonly VerifyReportEntry[]): string[] {
  const sentences = new Set(entries.flatMap(({ outcome }) => (outcome.outcome === 'verified' ? outcome.expiring : [])));
  if (sentences.size === 0) return [];
  const left = sentences.size - maxExpiring;
  return [
    [
      ...[...sentences].slice(0, maxExpiring).map((sentence) => `- ⚠️ ${plain(sentence)}`),
      ...(left > 0 ? [`- ${left} more`] : []),
    ].join('\n'),
  ];
}

/** The details of as many artifacts as there is room for. */
function detailBlocks(entries: readonly VerifyReportEntry[], hostWords: (text: string) => string): string[] {
  const blocks: string[] = [];
  let room = maxDetailCharacters;
  let left = 0;
  for (const { outcome } of entries) {
    if (outcome.outcome === 'error') continue;
    const body = verifyDetails(outcome, hostWords);
    if (body.length > room) left += 1;
    else blocks.push(details(`Checks of ${code(shortReference(outcome.reference))}`, body));
    room -= Math.min(room, body.length);
  }
  return left === 0 ? blocks : [...blocks, `The checks of ${count(left, 'more artifact')} are in the log only.`];
}
