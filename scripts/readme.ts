// SPDX-License-Identifier: Apache-2.0
/** Writes the tables of inputs and outputs into README.md: `node scripts/readme.ts`. A test checks that they are current. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inputTable } from '../shared/inputs.ts';
import type { InputRow } from '../shared/inputs.ts';
import { outputTable } from '../shared/outputs.ts';
import type { OutputRow } from '../shared/outputs.ts';

const path = join(import.meta.dirname, '..', 'README.md');

function cell(text: string | undefined): string {
  return text === undefined ? '' : `\`${text}\``;
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function inputs(): string {
  const rows = Object.values(inputTable).map((row: InputRow) => {
    const { github, azure } = row.default ?? {};
    const defaults = github === azure ? cell(github) : [cell(github), cell(azure)].filter(Boolean).join(', Azure ');
    return [cell(row.github), cell(row.azure), row.commands.join(', '), defaults, row.description];
  });
  return markdownTable(['GitHub', 'Azure Pipelines', 'for', 'default', 'meaning'], rows);
}

function outputs(): string {
  const rows = Object.values(outputTable).map((row: OutputRow) => {
    return [cell(row.github), cell(row.azure), row.commands.join(', '), row.description];
  });
  return markdownTable(['GitHub', 'Azure Pipelines', 'of', 'meaning'], rows);
}

/** README text with the text between two markers replaced. */
export function withSection(readme: string, name: string, body: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = readme.indexOf(start) + start.length;
  const to = readme.indexOf(end);
  if (from < start.length || to < from) throw new Error(`README.md has no section ${name}`);
  return `${readme.slice(0, from)}\n\n${body}\n\n${readme.slice(to)}`;
}

/** The README with current tables. */
export function currentReadme(readme: string): string {
  return withSection(withSection(readme, 'inputs', inputs()), 'outputs', outputs());
}

if (import.meta.filename === process.argv[1]) await writeFile(path, currentReadme(await readFile(path, 'utf8')));
