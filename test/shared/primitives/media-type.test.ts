// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { checkMediaType } from '../../../shared/primitives/media-type.ts';

describe('checkMediaType', () => {
  it.each([
    'application/octet-stream',
    'text',
    'Text/HTML; charset=utf-8',
    'a/b;',
    'a/b; x="y\\"z"; w=1',
    'a/b; x=1; x=1',
    ' a/b ',
    'video/mp4',
  ])('accepts %s, as Go does', (text) => {
    expect(() => {
      checkMediaType(text);
    }).not.toThrow();
  });

  it.each([
    ['', 'mime: no media type'],
    ['/b', 'mime: no media type'],
    ['a b', 'mime: expected slash after first token'],
    ['a/', 'mime: expected token after slash'],
    ['not/a/type', 'mime: unexpected content after media subtype'],
    ['a/b; x', 'mime: invalid media parameter'],
    ['a/b; x=', 'mime: invalid media parameter'],
    ['a/b; x="y', 'mime: invalid media parameter'],
    ['a/b; x=1; X=2', 'mime: duplicate parameter name'],
    ['a'.repeat(2000), 'longer than 1024 characters'],
  ])('[NP-27] refuses %s', (text, message) => {
    expect(() => {
      checkMediaType(text);
    }).toThrow(message);
  });

  it('says nothing else of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '/', ';', '=', '"', '\\', ' ', 'é', '\n') }), (text) => {
        try {
          checkMediaType(text);
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
    );
  });
});
