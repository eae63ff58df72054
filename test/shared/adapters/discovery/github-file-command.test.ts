// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFileCommand } from '../../../../shared/adapters/discovery/github-file-command.ts';
import { keyValueText } from '../../../support/runner-files.ts';

describe('parseFileCommand', () => {
  it('reads lines and blocks, the last value of a name counts', () => {
    const text = 'a=1\nb<<EOF\nx=2\ny<<Z\nEOF\n\na=3\n';
    expect([...parseFileCommand(text)]).toEqual([
      ['a', '3'],
      ['b', 'x=2\ny<<Z'],
    ]);
  });

  it('[GH-71] reads files with CRLF', () => {
    const text = keyValueText({ digest: 'sha256:1', metadata: '{\n}' }, '\r\n');
    expect(parseFileCommand(text).get('metadata')).toBe('{\n}');
  });

  it('takes an equals sign before << as the end of the name', () => {
    expect(parseFileCommand('a=b<<c\n').get('a')).toBe('b<<c');
  });

  it('stops at a block without its end', () => {
    expect([...parseFileCommand('a=1\nb<<EOF\nc=2\n')]).toEqual([['a', '1']]);
    expect([...parseFileCommand('b<<\nc=2\n')]).toEqual([]);
  });

  it('passes over lines that are neither', () => {
    expect([...parseFileCommand('nonsense\n=x\na=1')]).toEqual([['a', '1']]);
  });

  it('reads back what @actions/core writes', () => {
    const value = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\r', ''));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_-]{0,9}$/), value), (values) => {
        const read = parseFileCommand(keyValueText(values));
        expect([...read]).toEqual(Object.entries(values));
      }),
    );
  });
});
