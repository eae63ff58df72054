// SPDX-License-Identifier: Apache-2.0
import type { CopyCounts } from '../copy.ts';
import { failureText } from './failure.ts';
import { caution, code, plain, table } from './markdown.ts';
import { schemaVersion } from './schema-version.ts';
import { count, shortReference } from './shown.ts';

/** What became of one copy. */
export interface CopyReportEntry {
  /** `registry/repository@digest` of the artifact, or `oci-layout:<path>@digest`. */
  readonly source: string;
  /** The same of its copy; the user's words when it has none. */
  readonly reference: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly outcome: { readonly counts: CopyCounts } | { readonly error: unknown };
}

/** Rows of a summary. */
const maxRows = 200;

/** The `copies` output: a JSON list on one line, one item per copy that was made (docs/copying.md). */
export function copiesJson(entries: readonly CopyReportEntry[]): string {
  return JSON.stringify(
    entries.flatMap(({ source, reference, digest, tags, outcome }) =>
      'counts' in outcome ? [{ schemaVersion, source, reference, digest, tags, ...outcome.counts }] : [],
    ),
  );
}

/** The line of the log that tells what became of a copy. */
export function copyLine({ source, reference, tags, outcome }: CopyReportEntry): string {
  if ('error' in outcome) return `Could not copy ${source} to ${reference}`;
  const named = tags.length === 0 ? '' : ` (${tags.join(', ')})`;
  return `Copied ${source} to ${reference}${named}: ${contents(outcome.counts)}; ${transfer(outcome.counts)}`;
}

function contents({ manifests, referrers, signatures }: CopyCounts): string {
  const others = referrers - signatures;
  return [count(manifests, 'manifest'), count(signatures, 'signature'), count(others, 'other referrer')]
    .filter((part) => !part.startsWith('0 '))
    .join(', ');
}

function transfer({ blobs, bytes }: CopyCounts): string {
  const sent = blobs.copied === 0 ? 'no blob sent' : `${count(blobs.copied, 'blob')} sent (${megabytes(bytes)})`;
  const mounted = blobs.mounted === 0 ? '' : `, ${blobs.mounted} mounted`;
  return `${sent}${mounted}${blobs.there === 0 ? '' : `, ${blobs.there} there before`}`;
}

function megabytes(bytes: number): string {
  return bytes < 100_000 ? `${bytes} bytes` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** The job summary of a step with its copies, as Markdown. */
export function withCopies(
  summary: string,
  entries: readonly CopyReportEntry[],
  hostWords: (text: string) => string,
): string {
  return entries.length === 0 ? summary : `${summary}\n\n${copySummary(entries, hostWords)}`;
}

function copySummary(entries: readonly CopyReportEntry[], hostWords: (text: string) => string): string {
  const made = entries.filter(({ outcome }) => 'counts' in outcome).length;
  const title =
    made === entries.length
      ? `✅ Made ${made} ${made === 1 ? 'copy' : 'copies'}`
      : `❌ Made ${made} of ${entries.length} copies`;
  const rows = entries
    .slice(0, maxRows)
    .map(({ source, reference, tags, outcome }) => [
      code(shortReference(source)),
      code(shortReference(reference)),
      tags.map(code).join(' '),
      plain('counts' in outcome ? `${contents(outcome.counts)}; ${transfer(outcome.counts)}` : '❌ failed'),
    ]);
  const failures = entries.slice(0, maxRows).flatMap(({ reference, outcome }) => {
    if ('counts' in outcome) return [];
    const lines = hostWords(failureText(outcome.error)).split('\n').map(plain);
    return [caution(`**${plain(reference)}**\n${lines.join('<br>\n')}`)];
  });
  return [`### ${title}`, table(['Artifact', 'Copy', 'Tags', 'Contents'], rows), ...failures].join('\n\n');
}
