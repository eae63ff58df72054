// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { derOfBer } from '../../../shared/primitives/ber.ts';
import { expectError } from '../../support/expect-error.ts';

function convert(hex: string): string {
  return Buffer.from(derOfBer(Buffer.from(hex, 'hex'))).toString('hex');
}

describe('derOfBer', () => {
  it.each([
    ['a primitive value', '020105', '020105'],
    ['a length with a leading zero', '02820001ff', '0201ff'],
    ['a long form where the short one does', '3081050203010203', '30050203010203'],
    ['nested lengths, which change the outer ones', '30810830810502820001ff', '300530030201ff'],
    ['an identifier of several octets', 'bf810103020105', 'bf810103020105'],
    ['an empty sequence', '3000', '3000'],
    ['a constructed string, which is not put together', '24060401aa0401bb', '24060401aa0401bb'],
    ['four octets of length', '04840000000161', '040161'],
  ])('shortens the lengths of %s', (_, ber, der) => {
    expect(convert(ber)).toBe(der);
  });

  it('keeps long lengths that are needed', () => {
    for (const [size, header] of [
      [0x7f, '047f'],
      [0x80, '048180'],
      [0x100, '04820100'],
      [0x10000, '0483010000'],
    ] as const) {
      const content = 'ab'.repeat(size);
      expect(convert(`0484${size.toString(16).padStart(8, '0')}${content}`)).toBe(header + content);
    }
  });

  it.each([
    ['', 'asn1: syntax error: BER-encoded ASN.1 data structures is empty'],
    ['02', 'asn1: syntax error: decoding BER identifier octets: early EOF due to missing length and content octets'],
    ['1f', 'asn1: syntax error: decoding BER identifier octets: high-tag-number form with early EOF'],
    ['1f81', 'asn1: syntax error: decoding BER identifier octets: high-tag-number form with early EOF'],
    ['3080020105', 'asn1: structure error: decoding BER length octets: indefinite length not supported'],
    [
      '0285000000000100',
      'asn1: structure error: decoding BER length octets: length of encoded data (5 bytes) cannot exceed 4 bytes',
    ],
    [
      '02848000000000',
      'asn1: structure error: decoding BER length octets: length 2147483648 does not fit the memory space of int32',
    ],
    ['0281', 'asn1: syntax error: decoding BER length octets: long form length octets with early EOF'],
    ['30030281', /^asn1: syntax error: decoding BER length octets: short form/],
    ['30020201', /^asn1: syntax error: decoding BER length octets: short form/],
    ['3081030281', /^asn1: syntax error: decoding BER length octets: long form length octets value should be less/],
    ['02010500', 'asn1: syntax error: decoding BER: length octets value 1 does not match with content length 2'],
  ])('refuses %s', (hex, message) => {
    expectError(() => convert(hex), 'malformed', message);
  });

  // A long form with nothing behind it: the reference takes the end of the content for the end of the data.
  it('refuses a long form of zero at the end of its content', () => {
    expectError(() => convert('3003300281'), 'malformed', /^asn1/);
    expectError(() => convert('30030281' + '00'), 'malformed', /long form length octets with early EOF$/);
  });

  it('[SEC-3] is not exhausted by depth or number', () => {
    let deep = Buffer.from('0500', 'hex');
    for (let i = 0; i < 10_000; i++) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(deep.length);
      deep = Buffer.concat([Buffer.from([0x30, 0x84]), length, deep]);
    }
    expect(derOfBer(deep).length).toBeLessThan(deep.length);
    const many = Buffer.concat([Buffer.from([0x30, 0x83, 0x06, 0x1a, 0x80]), Buffer.alloc(400_000, '0500', 'hex')]);
    expectError(() => derOfBer(many), 'malformed', 'asn1: structure error: decoding BER: more than 100000 values');
  });

  it('answers any bytes, and never changes DER that it made', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          const der = derOfBer(bytes);
          expect(derOfBer(der)).toEqual(der);
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
