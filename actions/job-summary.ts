// SPDX-License-Identifier: Apache-2.0
import { appendFile } from 'node:fs/promises';

/** The runner shows nothing of a larger summary (GH 3.5). */
const maxSummaryBytes = 1024 * 1024;

const cutNotice = '\n\n*The rest does not fit into a job summary; see the log of the step.*\n';

/** Appends Markdown to the summary file of the step, cut at a line when it is too large. Throws when there is no file. */
export async function appendSummary(path: string, markdown: string): Promise<void> {
  if (path === '') throw new Error('GITHUB_STEP_SUMMARY is not set');
  await appendFile(path, `${fit(markdown)}\n`);
}

function fit(markdown: string): string {
  const room = maxSummaryBytes - Buffer.byteLength(cutNotice) - 1;
  const bytes = Buffer.from(markdown);
  if (bytes.length <= room) return markdown;
  const kept = bytes.subarray(0, room);
  const end = kept.lastIndexOf('\n');
  // Without a line break the cut may split a character, which decoding shows as U+FFFD: three bytes, as the notice has room.
  return kept.toString('utf8', 0, end === -1 ? room - 3 : end) + cutNotice;
}
