// SPDX-License-Identifier: Apache-2.0

/** What a step wrote to one of its command files: names to values, the last value of a name counts. */
export type FileCommandValues = ReadonlyMap<string, string>;

/**
 * Parses `NAME=VALUE` lines and `NAME<<DELIMITER` blocks, with either line ending (GH 2.3). The runner refuses a file
 * with anything else in it; here such lines are passed over, because the file is only read for what can be understood.
 */
export function parseFileCommand(text: string): FileCommandValues {
  const values = new Map<string, string>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (heredoc > 0 && (equals === -1 || heredoc < equals)) {
      const end = lines.indexOf(line.slice(heredoc + 2), index + 1);
      // Without its end the block is incomplete, and so is everything after it.
      if (end === -1 || line.length === heredoc + 2) return values;
      values.set(line.slice(0, heredoc), lines.slice(index + 1, end).join('\n'));
      index = end;
    } else if (equals > 0) {
      values.set(line.slice(0, equals), line.slice(equals + 1));
    }
  }
  return values;
}
