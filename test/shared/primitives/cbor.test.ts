// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { type CborValue, encodeCbor } from '../../../shared/primitives/cbor-encode.ts';
import { plainCbor } from '../../../shared/primitives/cbor-plain.ts';
import { parseCbor } from '../../../shared/primitives/cbor.ts';
import { array, bstr, cat, float, int, longHead, map, nil, tag, tstr } from '../../fakes/raw-cbor.ts';
import { expectError } from '../../support/expect-error.ts';

const parse = (bytes: Uint8Array) => parseCbor(bytes, { tags: 'allowed' });
const plain = (bytes: Uint8Array) => plainCbor(parse(bytes));
const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const refuse = (bytes: Uint8Array, text: string | RegExp) => {
  expectError(() => parse(bytes), 'malformed', text);
};

/** Examples of RFC 8949 appendix A that stand in envelopes. */
const examples: readonly (readonly [string, unknown])[] = [
  ['00', 0],
  ['1903e8', 1000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1b7fffffffffffffff', 2n ** 63n - 1n],
  ['20', -1],
  ['3903e7', -1000],
  ['3bffffffffffffffff', -(2n ** 64n)],
  ['f97bff', 65_504],
  ['fa47c35000', 100_000],
  ['fb3ff199999999999a', 1.1],
  ['f90001', 5.960464477539063e-8],
  ['f97c00', Number.POSITIVE_INFINITY],
  ['f97e00', Number.NaN],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', null],
  ['f0', { simple: 16 }],
  ['f8ff', { simple: 255 }],
  ['c074323031332d30332d32315432303a30343a30305a', { tag: 0n, content: '2013-03-21T20:04:00Z' }],
  ['c11a514b67b0', { tag: 1n, content: 1_363_896_240 }],
  ['d818456449455446', { tag: 24n, content: hex('6449455446') }],
  ['4401020304', hex('01020304')],
  ['62225c', '"\\'],
  ['64f0908591', '\u{10151}'],
  ['80', []],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
];

describe('parseCbor', () => {
  it.each(examples)('reads %s', (text, expected) => {
    expect(plain(hex(text))).toEqual(expected);
  });

  it('tells integers from floats', () => {
    expect(parse(int(1))).toEqual({ kind: 'integer', value: 1n });
    expect(parse(float(1))).toEqual({ kind: 'float', value: 1 });
  });

  it('takes heads longer than needed', () => {
    expect(plain(cat(longHead(4, 1, 4), longHead(3, 1, 8), hex('61')))).toEqual(['a']);
    expect(plain(longHead(0, 1, 8))).toBe(1);
    expect(plain(longHead(1, 4, 8))).toBe(-5);
  });

  it('keeps a byte order mark', () => {
    const text = `\ufeff${'x'.repeat(100)}`;
    expect(plain(tstr(text))).toBe(text);
  });

  it('gives tags of libraries no meaning', () => {
    for (const number of [6, 27, 28, 29, 51, 64, 258, 259, 57_337, 57_342, 57_343]) {
      expect(plain(tag(number, array(int(0), int(1))))).toEqual({ tag: BigInt(number), content: [0, 1] });
    }
  });

  it('makes __proto__ an ordinary key', () => {
    expect(plain(map([tstr('__proto__'), int(1)]))).toEqual(new Map([['__proto__', 1]]));
  });

  it.each([
    ['5f42010243030405ff', 'an indefinite byte string'],
    ['7f657374726561646d696e67ff', 'an indefinite text'],
    ['9f01ff', 'an indefinite array'],
    ['bf0102ff', 'an indefinite map'],
    ['ff', 'a break'],
    ['1c', 'reserved additional information'],
    ['f818', 'a simple value in the wrong form'],
    ['62c328', 'text that is not UTF-8'],
    ['1b8000000000000000', 'an integer beyond int64'],
    ['', 'nothing'],
    ['19ff', 'a head cut off'],
    ['420a', 'a string cut off'],
    ['8201', 'an array cut off'],
    ['a101', 'a map cut off'],
    ['c1', 'a tag without content'],
    ['0000', 'two items'],
    ['9b7fffffffffffffff', 'an array of impossible length'],
    ['bb7fffffffffffffff', 'a map of impossible length'],
    ['5b7fffffffffffffff', 'a byte string of impossible length'],
    ['c001', 'a number as date text'],
    ['c06161', 'a date text that is no date'],
    ['c16161', 'text as epoch time'],
    ['c13bffffffffffffffff', 'an epoch time beyond int64'],
    ['c201', 'a big number that is no byte string'],
    ['c301', 'a negative big number that is no byte string'],
  ])('refuses %s: %s', (text) => {
    refuse(hex(text), /^cbor: /);
  });

  it('refuses keys that are the same, or that Go cannot use', () => {
    const twice = (a: Uint8Array, b: Uint8Array) => map([a, nil], [b, nil]);
    refuse(twice(int(1), longHead(0, 1, 4)), 'cbor: found duplicate map key integer 1');
    refuse(twice(tstr('a'), tstr('a')), 'cbor: found duplicate map key text a');
    refuse(twice(bstr(Uint8Array.of(1)), bstr(Uint8Array.of(1))), /duplicate/);
    refuse(twice(nil, hex('f7')), /duplicate/);
    refuse(array(map([tstr('x'), twice(tag(9, int(1)), tag(9, int(1)))])), /duplicate/);
    refuse(twice(tstr('a'), tag(55_799, tstr('a'))), /duplicate/);
    for (const key of [array(), map(), int(-(2n ** 64n)), tag(2, bstr(Uint8Array.of(1)))]) {
      refuse(map([key, nil]), /^cbor: invalid map key type/);
    }
    const different = [int(1), float(1), tstr('1'), tag(9, int(1)), nil, hex('f5'), bstr(Uint8Array.of(1))];
    expect(() => parse(map(...different.map((key) => [key, nil] as const)))).not.toThrow();
    expect(() => parse(twice(float(Number.NaN), float(Number.NaN)))).not.toThrow();
  });

  it('refuses tags where they are forbidden', () => {
    expectError(
      () => parseCbor(array(tag(1, int(1))), { tags: 'forbidden' }),
      'malformed',
      'cbor: CBOR tag at index 1 is not allowed',
    );
  });

  it('goes 32 levels deep', () => {
    const nested = (levels: number, wrap: (item: Uint8Array) => Uint8Array) => {
      let item = int(1);
      for (let level = 0; level < levels; level++) item = wrap(item);
      return item;
    };
    const inArray = (item: Uint8Array) => array(item);
    const inTag = (item: Uint8Array) => tag(100, item);
    expect(() => parse(nested(32, inArray))).not.toThrow();
    refuse(nested(33, inArray), 'cbor: exceeded max nested level 32');
    // the first of several tags is no level of its own
    expect(() => parse(nested(33, inTag))).not.toThrow();
    refuse(nested(34, inTag), 'cbor: exceeded max nested level 32');
    refuse(hex('81'.repeat(1_000_000)), /./);
  });

  it('counts up to 131072 elements', () => {
    const items = (count: number) => cat(longHead(4, count, 4), new Uint8Array(count));
    expect(() => parse(items(131_072))).not.toThrow();
    refuse(items(131_073), /^cbor: more than 131072 elements/);
  });

  it('never throws anything but a NotaryError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          parse(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encodeCbor', () => {
  const written = (value: CborValue) => Buffer.from(encodeCbor(value)).toString('hex');

  it.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_536, '1a00010000'],
    [4_294_967_295, '1affffffff'],
    [4_294_967_296, '1b0000000100000000'],
    [2n ** 63n - 1n, '1b7fffffffffffffff'],
    [5n, '05'],
    [-1, '20'],
    [-25, '3818'],
    [-4_294_967_296, '3affffffff'],
    [-4_294_967_297, '3b0000000100000000'],
    [-(2n ** 63n), '3b7fffffffffffffff'],
    [1.5, 'fb3ff8000000000000'],
    [null, 'f6'],
    [true, 'f5'],
    ['', '60'],
    [Uint8Array.of(1, 2), '420102'],
    [Buffer.from([1, 2]), '420102'],
    [[1, [2]], '82018102'],
    [{ epochSeconds: 1_363_896_240n }, 'c11a514b67b0'],
    [{ epochSeconds: 2n ** 40n }, 'c11b0000010000000000'],
    [new Map(), 'a0'],
  ] as readonly (readonly [CborValue, string])[])('writes %s as %s', (value, expected) => {
    expect(written(value)).toBe(expected);
  });

  it.each([23, 24, 31, 32, 63, 64, 255, 256, 65_535, 65_536])('writes the shortest head for %i bytes', (length) => {
    for (const [major, value] of [
      [2, new Uint8Array(length)],
      [3, 'x'.repeat(length)],
    ] as const) {
      const expected = Buffer.from(encodeCbor(length));
      expected[0] = (expected[0] ?? 0) | (major << 5);
      expect(Buffer.from(encodeCbor(value)).subarray(0, expected.length)).toEqual(expected);
    }
  });

  it('writes text in UTF-8 with the length in bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(encodeCbor(text)).toEqual(tstr(text));
      }),
    );
  });

  it('sorts keys by their encoding, at every level', () => {
    const value = new Map<string | number, CborValue>([
      ['aa', 1],
      [
        'b',
        new Map([
          ['bb', 1],
          ['c', 2],
        ]),
      ],
      [-1, 1],
      [100, 1],
      [10, 1],
    ]);
    expect(written(value)).toBe('a5' + '0a01' + '186401' + '2001' + '6162' + 'a2616302' + '62626201' + '62616101');
  });

  it('does not reuse the bytes it gave out', () => {
    const first = encodeCbor('first');
    for (let round = 0; round < 1000; round++) encodeCbor('x'.repeat(100));
    expect(plain(first)).toBe('first');
  });

  it('refuses what does not fit', () => {
    expectError(() => encodeCbor(2n ** 63n), 'malformed', 'cbor: integer overflows int64');
    expectError(() => encodeCbor({ other: 1 } as never), 'malformed', 'cbor: unsupported value');
    let deep: CborValue = [];
    for (let level = 0; level < 100; level++) deep = [deep];
    expectError(() => encodeCbor(deep), 'malformed', 'cbor: exceeded max nested level 32');
  });

  it('goes round', () => {
    const { value: values } = fc.letrec<{ value: CborValue; leaf: CborValue }>((tie) => ({
      leaf: fc.oneof(
        fc.integer(),
        fc.maxSafeInteger(),
        fc.bigInt({ min: 2n ** 60n, max: 2n ** 63n - 1n }),
        fc.double({ noInteger: true }),
        fc.string({ unit: 'binary' }),
        fc.uint8Array(),
        fc.boolean(),
        fc.constant(null),
      ),
      value: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc
          .array(fc.tuple(fc.oneof(fc.integer(), fc.string()), tie('value')), { maxLength: 3 })
          .map((entries) => new Map(entries)),
      ),
    }));
    fc.assert(
      fc.property(values, (value) => {
        expect(plain(encodeCbor(value))).toEqual(value);
      }),
    );
  });
});
