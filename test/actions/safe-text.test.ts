// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeLine, safeText } from '../../actions/safe-text.ts';
import { parseCommand } from '../support/runner-log.ts';

describe('safeText', () => {
  it.each([
    ['::error::pwned', ': :error::pwned'],
    ['  ::set-output name=x::y', '  : :set-output name=x::y'],
    ['\u00a0::stop-commands::token', '\u00a0: :stop-commands::token'],
    ['CN=x ##[add-mask]y', 'CN=x ## [add-mask]y'],
    ['###[error]x', '### [error]x'],
    ['a\r::error::b', 'a\\u{d}::error::b'],
    ['a\u2028::error::b', 'a\\u{2028}::error::b'],
    ['a\u0085::error::b', 'a\\u{85}::error::b'],
    ['\u001b[31mred', '\\u{1b}[31mred'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['a\tb', 'a\tb'],
    ['a\u0000b', 'a\\u{0}b'],
    ['one\ntwo', 'one\ntwo'],
    ['one\r\n::error::two', 'one\n: :error::two'],
    ['ratio 1::2 and a::b', 'ratio 1::2 and a::b'],
  ])('[GH-84] shows %j as %j', (text, shown) => {
    expect(safeText(text)).toBe(shown);
  });

  it('[GH-84] leaves no line that the runner reads as a command', () => {
    const words = [
      '::',
      '##[',
      'error',
      'add-mask',
      'set-env name=a',
      'stop-commands',
      ']',
      ' ',
      '\n',
      '\r',
      '\t',
      '\u2028',
      '\u0085',
      '\ufeff',
      '#',
      ':',
      'x',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (parts) => {
        for (const line of safeText(parts.join('')).split(/\r\n|\r|\n|\u2028|\u0085/))
          expect(parseCommand(line)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('cuts long lines and long texts', () => {
    expect(safeLine('x'.repeat(100_000)).length).toBeLessThan(10_000);
    const lines = safeText('x\n'.repeat(2000)).split('\n');
    expect(lines).toHaveLength(501);
    expect(lines[500]).toBe('(1501 more lines)');
  });
});
