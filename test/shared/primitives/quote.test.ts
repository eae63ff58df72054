// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { quote } from '../../../shared/primitives/quote.ts';

describe('quote', () => {
  it.each([
    ['plain', '"plain"'],
    ['', '""'],
    ['a "b" \\', String.raw`"a \"b\" \\"`],
    ['\x07\b\f\n\r\t\v', String.raw`"\a\b\f\n\r\t\v"`],
    ['\x00\x1f\x7f', String.raw`"\x00\x1f\x7f"`],
    ['\u00a0\u2028', String.raw`"\u00a0\u2028"`],
    ['\u{e0001}', String.raw`"\U000e0001"`],
    ['Zürich 株式会社 €😀', '"Zürich 株式会社 €😀"'],
    ['\ud800', '"\ufffd"'],
  ])('prints %j as Go does', (text, expected) => {
    expect(quote(text)).toBe(expected);
  });
});
