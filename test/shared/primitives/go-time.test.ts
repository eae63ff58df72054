// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { formatGoInstant, formatRfc1123, formatRfc3339 } from '../../../shared/primitives/go-time.ts';

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

describe('formatGoInstant', () => {
  it.each([
    [0, 0, '2026-06-01 00:00:10 +0000 UTC'],
    [500_000_000, 0, '2026-06-01 00:00:10.5 +0000 UTC'],
    [1, 90, '2026-06-01 01:30:10.000000001 +0130 +0130'],
    [0, -330, '2026-05-31 18:30:10 -0530 -0530'],
  ])('prints %d ns at %d minutes as Go does', (nanoseconds, offsetMinutes, expected) => {
    const seconds = BigInt(Date.UTC(2026, 5, 1, 0, 0, 10) / 1000);
    expect(formatGoInstant({ seconds, nanoseconds, offsetMinutes })).toBe(expected);
  });
});
