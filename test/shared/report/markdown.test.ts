// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caution, code, plain, table } from '../../../shared/report/markdown.ts';

/** What a browser shows for text with numeric character references. */
function rendered(text: string): string {
  return text.replace(/&#(\d+);/g, (_, number: string) => String.fromCharCode(Number(number)));
}

describe('plain', () => {
  it.each(['|', '`', '<img src=x onerror=alert(1)>', '@octocat', '[a](b)', '**', '#1', '~~', 'https://evil.example'])(
    '[GH-87] [SEC-37] makes %s inert',
    (text) => {
      const inert = plain(text);
      expect(inert).not.toMatch(/[|`<>@[\]*~]|:\/\//);
      expect(rendered(inert)).toBe(text);
    },
  );

  it.each([
    ['\n', '\\u{a}'],
    ['\r', '\\u{d}'],
    ['\u202e', '\\u{202e}'],
    ['\u2028', '\\u{2028}'],
    ['\u001b', '\\u{1b}'],
  ])('[GH-84] [GH-87] shows %j visibly', (character, shown) => {
    expect(rendered(plain(`a${character}b`))).toBe(`a${shown}b`);
  });

  it('[GH-87] leaves an emoji as it is', () => {
    expect(plain('🔏')).toBe('🔏');
  });

  it('[SEC-37] never ends a table cell, a code span or a quote', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(plain(text)).not.toMatch(/[\n\r|`<>]/);
        expect(code(text).slice('<code>'.length, -'</code>'.length)).not.toMatch(/[\n\r|`<>]/);
      }),
    );
  });
});

describe('blocks', () => {
  it('writes a table', () => {
    expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |');
  });

  it('keeps every line of a caution inside it', () => {
    expect(caution('one\ntwo')).toBe('> [!CAUTION]\n> one\n> two');
  });
});
