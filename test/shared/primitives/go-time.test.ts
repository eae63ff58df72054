// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { formatRfc1123, formatRfc3339 } from '../../../shared/primitives/go-time.ts';

describe('formatRfc1123', () => {
  it.each([
    ['2026-06-02T00:00:00Z', 0, 'Tue, 02 Jun 2026 00:00:00 +0000'],
    ['2026-06-02T00:00:00Z', 120, 'Tue, 02 Jun 2026 02:00:00 +0200'],
    ['2026-01-01T00:00:00Z', -210, 'Wed, 31 Dec 2025 20:30:00 -0330'],
    ['0001-01-01T00:00:00Z', 0, 'Mon, 01 Jan 0001 00:00:00 +0000'],
  ])('prints %s at %d minutes as Go does', (instant, offset, expected) => {
    expect(formatRfc1123(new Date(instant), offset)).toBe(expected);
  });

  it('says so when there is no date', () => {
    expect(formatRfc1123(new Date(Number.NaN))).toBe('Invalid Date');
  });
});

describe('formatRfc3339', () => {
  it('leaves out fractions', () => {
    expect(formatRfc3339(new Date('2026-06-02T01:02:03.456Z'))).toBe('2026-06-02T01:02:03Z');
    expect(formatRfc3339(new Date(Number.NaN))).toBe('Invalid Date');
  });
});
