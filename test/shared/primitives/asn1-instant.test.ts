// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { instantOf } from '../../../shared/primitives/asn1-instant.ts';
import { dateOfInstant } from '../../../shared/primitives/instant.ts';
import { expectError } from '../../support/expect-error.ts';

function read(tag: number, text: string) {
  const content = Buffer.from(text);
  const instant = instantOf({ tag, content, encoded: content });
  return { time: dateOfInstant(instant).toISOString(), ...instant };
}

describe('instantOf', () => {
  it.each([
    ['20260601000010Z', '2026-06-01T00:00:10.000Z', 0, 0],
    ['20260601000010.5Z', '2026-06-01T00:00:10.500Z', 500_000_000, 0],
    ['20260601000010.000000001Z', '2026-06-01T00:00:10.000Z', 1, 0],
    ['20260601000010+0130', '2026-05-31T22:30:10.000Z', 0, 90],
    ['20260601000010.25-2400', '2026-06-02T00:00:10.250Z', 250_000_000, -1440],
    ['20280229235959Z', '2028-02-29T23:59:59.000Z', 0, 0],
    ['00010101000000Z', '0001-01-01T00:00:00.000Z', 0, 0],
    ['99991231235959Z', '9999-12-31T23:59:59.000Z', 0, 0],
  ])('reads GeneralizedTime %s', (text, time, nanoseconds, offsetMinutes) => {
    expect(read(0x18, text)).toMatchObject({ time, nanoseconds, offsetMinutes });
  });

  it.each([
    ['260601000010Z', '2026-06-01T00:00:10.000Z'],
    ['2606010000Z', '2026-06-01T00:00:00.000Z'],
    ['491231235959Z', '2049-12-31T23:59:59.000Z'],
    ['500101000000Z', '1950-01-01T00:00:00.000Z'],
    ['260601000010-0530', '2026-06-01T05:30:10.000Z'],
  ])('reads UTCTime %s', (text, time) => {
    expect(read(0x17, text).time).toBe(time);
  });

  it.each([
    '20260601000010',
    '20260601000010z',
    '20260601000010.Z',
    '20260601000010.0Z',
    '20260601000010.50Z',
    '20260601000010.1234567891Z',
    '20260601000010,5Z',
    '20260601000010+0000',
    '20260601000010-0000',
    '20260601000010+0060',
    '20260601000010+2500',
    '20260229000010Z',
    '20261301000010Z',
    '20260600000010Z',
    '20260601240000Z',
    '20260601006000Z',
    '20260601000060Z',
    '202606010000Z',
    ' 20260601000010Z',
    '20260601000010Z\n',
  ])('[SEC-45] refuses GeneralizedTime %j', (text) => {
    expectError(() => read(0x18, text), 'malformed', /^asn1: time did not serialize back to the original value/);
  });

  it.each(['20260601000010Z', '260601000010.5Z', '260631000010Z', '260601000010', '260601000010+0000'])(
    '[SEC-45] refuses UTCTime %s',
    (text) => {
      expectError(() => read(0x17, text), 'malformed', /^asn1: time did not serialize/);
    },
  );
});
