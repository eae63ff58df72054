// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeText, safeValue } from '../../ado-task/safe-text.ts';
import { parseAgentCommand } from '../support/azure-agent-command.ts';

const hostile = [
  '##vso[task.setvariable variable=PATH]/x',
  'before ##vso[task.complete result=Succeeded;]',
  '##VSO[task.debug]x',
  '##\u00advso[task.debug]x',
  '##\u200bvso[task.debug]x',
  '##v\u2060s\0o[task.debug]x',
  '#\u200d#vso[task.debug]x',
  '##[error]not an error',
  'a\r##vso[task.debug]x',
];

/** Text made of the parts that matter. */
const mixed = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('#', '##', 'vso[', '[', '\u200b', '\0', '\n', 'task.debug]'),
    ),
  )
  .map((parts) => parts.join(''));

describe('safeText', () => {
  it.each(hostile)('keeps %j from being a command', (text) => {
    for (const line of safeText(text).split('\n')) {
      expect(parseAgentCommand(line)).toBeUndefined();
      expect(line).not.toMatch(/##(?:vso|\[)/i);
    }
  });

  it('leaves ordinary text alone', () => {
    const text = 'sha256:0123 100% [a] # ##heading\n\tüñí 漢字 ✔; a=b';
    expect(safeText(text)).toBe(text);
  });

  it('makes line feeds of all line ends', () => {
    expect(safeText('a\r\nb\rc\nd')).toBe('a\nb\nc\nd');
  });

  it('never lets a command through', () => {
    fc.assert(
      fc.property(mixed, (text) => {
        for (const line of safeText(text).split('\n')) expect(parseAgentCommand(line)).toBeUndefined();
      }),
    );
  });
});

describe('safeValue', () => {
  it.each(hostile)('keeps %j in a JSON string from being a command, and the same text', (text) => {
    const json = JSON.stringify({ subject: text });
    const value = safeValue(json);
    expect(parseAgentCommand(value)).toBeUndefined();
    expect(JSON.parse(value)).toEqual({ subject: text });
  });

  it('never changes what JSON says, and never lets a command through', () => {
    fc.assert(
      fc.property(mixed, (text) => {
        const value = safeValue(JSON.stringify([text]));
        expect(JSON.parse(value)).toEqual([text]);
        expect(parseAgentCommand(value)).toBeUndefined();
      }),
    );
  });

  it('keeps the line breaks of a list', () => {
    expect(safeValue('r.io/a@sha256:0\nr.io/b@sha256:1')).toBe('r.io/a@sha256:0\nr.io/b@sha256:1');
  });
});
