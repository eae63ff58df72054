// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8 } from '../../../shared/primitives/utf8.ts';

describe('decodeUtf8', () => {
  it('reads valid UTF-8, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeUtf8(Buffer.from(`\ufeff${text}`))).toBe(`\ufeff${text}`);
      }),
    );
  });

  it.each([
    ['80', 1],
    ['c0af', 2],
    ['c2', 1],
    ['e0808a', 3],
    ['e282', 2],
    ['eda080', 3],
    ['f0808080', 4],
    ['f09f98', 3],
    ['f4908080', 4],
    ['f5', 1],
    ['ff', 1],
  ])('[SEC-42] replaces every byte of %s', (hex, count) => {
    const bytes = Buffer.from(`61${hex}f09f9880`, 'hex');
    expect(decodeUtf8(bytes)).toBe(`a${'\ufffd'.repeat(count)}😀`);
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeUtf8(bytes).length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
