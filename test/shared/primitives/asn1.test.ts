// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { DerReader, bitAt, rightAligned, tag } from '../../../shared/primitives/asn1.ts';
import { bitString, boolean, der, integer, octetString, oid, sequence } from '../../fakes/der.ts';
import { expectError } from '../../support/expect-error.ts';

const hex = (digits: string) => Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'));
const reader = (digits: string) => new DerReader(hex(digits));

function refuse(read: () => unknown): void {
  expectError(read, 'malformed', 'wrong');
}

describe('lengths', () => {
  it('reads the short and the long form', () => {
    expect(reader('0402 aabb 0500').any('wrong')).toEqual({
      tag: 4,
      content: hex('aabb'),
      encoded: hex('0402aabb'),
    });
    for (const length of [0, 127, 128, 255, 256, 65535, 65536]) {
      const content = new Uint8Array(length).fill(7);
      expect(new DerReader(octetString(content)).content(tag.octetString, 'wrong')).toEqual(content);
    }
  });

  it.each([
    ['nothing', ''],
    ['an identifier alone', '04'],
    ['an indefinite length', '0480 0000'],
    ['a long form for less than 128', '0481 01 aa'],
    ['a leading zero', '0482 0080'],
    ['five octets', '0485 0000000001 aa'],
    ['the reserved value', '04ff'],
    ['missing length octets', '0482 01'],
    ['content that is cut off', '0402 aa'],
    ['content beyond 4 GiB', '0484 ffffffff aa'],
    ['an identifier of several octets', '1f81 00 00'],
  ])('refuses %s', (_, digits) => {
    refuse(() => reader(digits).any('wrong'));
  });

  it('refuses another tag', () => {
    refuse(() => reader('0500').content(tag.octetString, 'wrong'));
    refuse(() => reader('0500').enter(tag.sequence, 'wrong'));
    expect(reader('0500').enterOptional(tag.sequence, 'wrong')).toBeUndefined();
    refuse(() => reader('3005').enterOptional(tag.sequence, 'wrong'));
  });

  it('goes through a sequence', () => {
    const members = new DerReader(sequence(integer(1), boolean(true))).enter(tag.sequence, 'wrong');
    expect(members.nextIs(tag.integer)).toBe(true);
    expect(members.integer('wrong')).toBe(1n);
    expect(members.empty).toBe(false);
    expect(members.boolean('wrong')).toBe(true);
    expect(members.empty).toBe(true);
    expect(members.nextIs(0)).toBe(false);
    refuse(() => members.any('wrong'));
  });
});

describe('values', () => {
  it.each([
    ['00', 0n],
    ['7f', 127n],
    ['0080', 128n],
    ['80', -128n],
    ['ff', -1n],
    ['ff7f', -129n],
  ])('reads INTEGER %s', (content, expected) => {
    expect(new DerReader(der(2, hex(content))).integer('wrong')).toBe(expected);
  });

  it.each(['', '0000', '007f', 'ffff', 'ff80'])('refuses INTEGER %s', (content) => {
    refuse(() => new DerReader(der(2, hex(content))).integer('wrong'));
  });

  it('reads every INTEGER that can be written', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(new DerReader(integer(value)).integer('wrong')).toBe(value);
      }),
    );
  });

  it('bounds 64-bit numbers', () => {
    expect(new DerReader(integer(2n ** 63n - 1n)).int64('wrong')).toBe(2n ** 63n - 1n);
    expect(new DerReader(integer(-(2n ** 63n))).int64('wrong')).toBe(-(2n ** 63n));
    refuse(() => new DerReader(integer(2n ** 63n)).int64('wrong'));
    refuse(() => new DerReader(integer(-(2n ** 63n) - 1n)).int64('wrong'));
  });

  it('reads BOOLEAN as 00 or FF', () => {
    expect(reader('0101ff').boolean('wrong')).toBe(true);
    expect(reader('010100').boolean('wrong')).toBe(false);
    for (const digits of ['010101', '0100', '0102ffff']) refuse(() => reader(digits).boolean('wrong'));
  });

  it.each(['1.2.840.113549.1.1.11', '2.5.29.15', '0.39', '1.39', '2.40', '2.100.3', '1.3.2147483647', '2.999'])(
    'reads OBJECT IDENTIFIER %s',
    (dotted) => {
      expect(new DerReader(oid(dotted)).objectIdentifier('wrong')).toBe(dotted);
    },
  );

  it.each([
    ['no arc', ''],
    ['an unfinished arc', '2a81'],
    ['a padded arc', '2a8001'],
    ['an arc beyond 2³¹−1', '2a8880808000'],
    ['an arc of six octets', '2a818080808000'],
  ])('refuses an OBJECT IDENTIFIER with %s', (_, content) => {
    refuse(() => new DerReader(der(6, hex(content))).objectIdentifier('wrong'));
  });

  it('reads BIT STRING', () => {
    const bits = new DerReader(bitString(hex('a0'), 5)).bitString('wrong');
    expect([0, 1, 2, 3, 8, 99].map((position) => bitAt(bits, position))).toEqual([
      true,
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(rightAligned(bits)).toEqual(hex('05'));
    expect(rightAligned({ bytes: hex('ff80'), unusedBits: 7 })).toEqual(hex('01ff'));
    expect(rightAligned({ bytes: hex('1234'), unusedBits: 0 })).toEqual(hex('1234'));
  });

  it.each(['', '01', '0101', '08ff00', '0700ff'])('refuses BIT STRING %s', (content) => {
    refuse(() => new DerReader(der(3, hex(content))).bitString('wrong'));
  });
});

it('throws nothing but NotaryError', () => {
  const methods = ['any', 'boolean', 'integer', 'int64', 'bitString', 'objectIdentifier'] as const;
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom(...methods), (bytes, method) => {
      try {
        new DerReader(bytes)[method]('wrong');
      } catch (error) {
        expect(error).toBeInstanceOf(NotaryError);
      }
    }),
  );
});
