// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareInstants,
  dateOfInstant,
  instantOfDate,
  instantOfUnix,
  isZeroInstant,
  parseGoTime,
} from '../../../shared/primitives/instant.ts';

function iso(text: string): string | undefined {
  const instant = parseGoTime(text);
  return instant && dateOfInstant(instant).toISOString();
}

describe('parseGoTime', () => {
  it('reads what JavaScript writes', () => {
    const dates = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(iso(date.toISOString())).toBe(date.toISOString());
      }),
    );
  });

  it.each([
    ['2026-06-01T0:00:00Z', '2026-06-01T00:00:00.000Z'],
    ['2026-06-01T00:00:00,5Z', '2026-06-01T00:00:00.500Z'],
    ['2026-06-01T00:00:00.1239999999999Z', '2026-06-01T00:00:00.123Z'],
    ['2026-06-01T00:00:00+24:60', '2026-05-30T23:00:00.000Z'],
    ['2026-06-01T00:00:00-00:30', '2026-06-01T00:30:00.000Z'],
    ['2024-02-29T23:59:59Z', '2024-02-29T23:59:59.000Z'],
    ['0000-02-29T00:00:00Z', '0000-02-29T00:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(iso(text)).toBe(expected);
  });

  it.each([
    '2026-06-01t00:00:00Z',
    '2026-06-01T00:00:00z',
    '2026-06-01T24:00:00Z',
    '2026-06-01T00:60:00Z',
    '2026-06-01T00:00:60Z',
    '2026-06-01T00:00:00',
    '2026-06-01T00:00:00.Z',
    '2026-06-01T00:00:00+25:00',
    '2026-06-01T00:00:00+00:61',
    '2026-06-01T00:00:00+0100',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-06-00T00:00:00Z',
    '2026-06-31T00:00:00Z',
    '26-06-01T00:00:00Z',
    '12026-06-01T00:00:00Z',
    ' 2026-06-01T00:00:00Z',
    '2026-06-01T00:00:00Z\n',
    '',
  ])('refuses %j', (text) => {
    expect(parseGoTime(text)).toBeUndefined();
  });

  it('keeps zone and nanoseconds', () => {
    expect(parseGoTime('1970-01-01T02:00:00.000000001+02:00')).toEqual({
      seconds: 0n,
      nanoseconds: 1,
      offsetMinutes: 120,
    });
  });
});

describe('instants', () => {
  it('know the zero time in any zone', () => {
    for (const text of ['0001-01-01T00:00:00Z', '0001-01-01T02:00:00+02:00']) {
      const instant = parseGoTime(text);
      expect(instant && isZeroInstant(instant)).toBe(true);
    }
    expect(isZeroInstant(instantOfUnix(0n, 0))).toBe(false);
  });

  it('are compared by time, not by zone', () => {
    const [a, b, c] = ['2026-06-01T02:00:00+02:00', '2026-06-01T00:00:00Z', '2026-06-01T00:00:00.000000001Z'].map(
      (text) => parseGoTime(text) ?? instantOfUnix(0n, 0),
    );
    if (a === undefined || b === undefined || c === undefined) throw new Error('three instants');
    expect(compareInstants(a, b)).toBe(0);
    expect(compareInstants(a, c)).toBeLessThan(0);
    expect(compareInstants(instantOfUnix(5n, 0), c)).toBeLessThan(0);
    expect(compareInstants(c, instantOfUnix(5n, 0))).toBeGreaterThan(0);
  });

  it('are cut to the second when made from a date', () => {
    expect(instantOfDate(new Date(1999))).toEqual({ seconds: 1n, nanoseconds: 0, offsetMinutes: 0 });
    expect(instantOfDate(new Date(-1))).toMatchObject({ seconds: -1n });
  });

  it('of Unix time carry negative fractions and wrap as Go does', () => {
    expect(instantOfUnix(-1n, -500_000_000)).toMatchObject({ seconds: -2n, nanoseconds: 500_000_000 });
    expect(instantOfUnix(2n ** 70n, 0).seconds).toBe(-(2n ** 63n));
    expect(instantOfUnix(2n ** 63n - 1n, 0).seconds).toBeLessThan(-(2n ** 62n));
  });

  it('beyond dates become their ends', () => {
    expect(dateOfInstant(instantOfUnix(2n ** 62n, 0))).toEqual(new Date(8.64e15));
    expect(dateOfInstant(instantOfUnix(-(2n ** 62n), 0))).toEqual(new Date(-8.64e15));
  });
});
