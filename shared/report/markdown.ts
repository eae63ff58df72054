// SPDX-License-Identifier: Apache-2.0

/**
 * Characters that Markdown, HTML, a mention or an automatic link could give a meaning to, and those that could make a list
 * or a heading at the start of a line.
 */
const special = /[&<>"'`|*_~#@[\]\\!:{}$^]|^[-+=]|w(?=ww\.)/gi;

/** Control characters, bidirectional overrides and separators that a page would act on instead of showing. */
const invisible = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Makes invisible and control characters visible, as `\u{hex}`. */
export function visible(text: string): string {
  return text.replace(invisible, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

/** A text as inert Markdown: shown as it is, on one line, wherever it stands. */
export function plain(text: string): string {
  return visible(text).replace(special, (character) => `&#${character.charCodeAt(0)};`);
}

/** A text in a code span. HTML is used, because in a table a backtick span ends at `|`. */
export function code(text: string): string {
  return `<code>${plain(text)}</code>`;
}

/** A Markdown table of cells that are Markdown already. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A collapsed section. The blank line lets Markdown inside be rendered. */
export function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** A highlighted block; every line of the text stays inside it. */
export function caution(markdown: string): string {
  return ['> [!CAUTION]', ...markdown.split('\n').map((line) => `> ${line}`)].join('\n');
}
