// SPDX-License-Identifier: Apache-2.0

/** Characters that a log or page would act on instead of showing: controls but tab, line separators, bidi overrides. */
const active = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** GitHub cuts annotations at 4096 characters; no line of ours is longer, but foreign text in it can be. */
const maxLineLength = 8192;

/** Lines of one text; a response body pasted into a message does not fill the log. */
const maxLines = 500;

/**
 * A text that the runner shows as it is and never reads as a command: `::` counts at the start of a line, `##[` anywhere
 * (GH 3.7, 3.8). Line feeds stay, every other control character becomes visible.
 */
export function safeText(text: string): string {
  const lines = text.split(/\r?\n/);
  const shown = lines.slice(0, maxLines).map(safeLine);
  return [...shown, ...(lines.length > maxLines ? [`(${lines.length - maxLines} more lines)`] : [])].join('\n');
}

/** The same for a text that must stay one line. */
export function safeLine(text: string): string {
  const cut = text.length > maxLineLength ? `${text.slice(0, maxLineLength)}...` : text;
  return cut
    .replace(active, visible)
    .replace(/^(\s*):(?=:)/, '$1: ')
    .replace(/##(?=\[)/g, '## ');
}

function visible(character: string): string {
  return character === '\t' ? character : `\\u{${character.charCodeAt(0).toString(16)}}`;
}
