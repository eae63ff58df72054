// SPDX-License-Identifier: Apache-2.0
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The command files of one step; all share the step's uuid (GH 2.3). */
export interface CommandFiles {
  readonly uuid: string;
  /** Path by the kind of the file. */
  readonly path: Readonly<Record<CommandFileKind, string>>;
}

export const commandFileKinds = [
  ...(['set_output', 'save_state', 'set_env', 'add_path', 'step_summary', 'artifacts', 'artifacts_list'] as const),
];
export type CommandFileKind = (typeof commandFileKinds)[number];

/** The runner shows nothing of a larger summary. */
const maxSummaryBytes = 1024 * 1024;

/** Makes the empty command files of a step. */
export async function createCommandFiles(folder: string, uuid: string): Promise<CommandFiles> {
  const entries = commandFileKinds.map((kind) => [kind, join(folder, `${kind}_${uuid}`)] as const);
  for (const [, path] of entries) await writeFile(path, '', { flag: 'wx' });
  return { uuid, path: Object.fromEntries(entries) as Record<CommandFileKind, string> };
}

/** Parses a file of `NAME=VALUE` lines and `NAME<<DELIMITER` blocks; throws for what the runner would refuse. */
export async function readKeyValues(path: string): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const lines = (await readFile(path, 'utf8')).split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      values.set(line.slice(0, equals), line.slice(equals + 1));
    } else if (heredoc >= 0) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, index + 1);
      if (delimiter === '' || end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
      values.set(line.slice(0, heredoc), lines.slice(index + 1, end).join('\n'));
      index = end;
    } else {
      throw new Error(`Invalid format '${line}'`);
    }
  }
  return values;
}

/** The text of a `NAME<<DELIMITER` file, as @actions/core writes it. */
export function keyValueText(values: Readonly<Record<string, string>>, lineEnd = '\n'): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const delimiter = `ghadelimiter_${crypto.randomUUID()}`;
      return [`${name}<<${delimiter}`, ...value.split('\n'), delimiter, ''].join(lineEnd);
    })
    .join('');
}

/** The lines of an `add_path` file. */
export async function readPaths(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split(/\r?\n/).filter((line) => line !== '');
}

/** The summary that the runner would upload: '' when it is too large. */
export async function readSummary(path: string): Promise<{ readonly text: string; readonly tooLarge: boolean }> {
  const bytes = await readFile(path);
  const tooLarge = bytes.length > maxSummaryBytes;
  return { text: tooLarge ? '' : bytes.toString('utf8'), tooLarge };
}
