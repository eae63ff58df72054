// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { encodeGoJson, type GoJson } from '../../../shared/primitives/json-encode.ts';
import { plainJson } from '../../../shared/primitives/json-plain.ts';
import { maximumJsonValues, parseJson } from '../../../shared/primitives/json.ts';
import { expectError } from '../../support/expect-error.ts';

const plain = (input: string | Uint8Array): GoJson => plainJson(parseJson(input));

/** What JSON.parse gives, with maps for objects. */
function mapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapped);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, mapped(item)]));
}

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        expect(plain(text)).toEqual(mapped(JSON.parse(text)));
      }),
    );
  });

  it('refuses what JSON.parse refuses', () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.nat(2), fc.string({ maxLength: 2 }))
      .map(([text, at, removed, added]) => {
        const index = at % (text.length + 1);
        return text.slice(0, index) + added + text.slice(index + removed);
      });
    fc.assert(
      fc.property(broken, (text) => {
        const accepts = (parse: (input: string) => unknown) => {
          try {
            parse(text);
            return true;
          } catch {
            return false;
          }
        };
        expect(accepts(parseJson)).toBe(accepts(JSON.parse));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['', 'unexpected end of JSON input (line 1, column 1)'],
    ['[1,\n 2', 'unexpected end of JSON input (line 2, column 3)'],
    ['{"a":1} x', "invalid character 'x' after top-level value (line 1, column 9)"],
    ['\n\n{"a" 1}', "invalid character '1' after object key (line 3, column 6)"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string (line 1, column 8)"],
    ['{"a":1;}', "invalid character ';' after object key:value pair (line 1, column 7)"],
    ['[1,]', "invalid character ']' looking for beginning of value (line 1, column 4)"],
    ['[1 2]', "invalid character '2' after array element (line 1, column 4)"],
    ['\ufeff{}', "invalid character '\ufeff' looking for beginning of value (line 1, column 1)"],
    ['01', "invalid character '1' in numeric literal (line 1, column 2)"],
    ['tru', 'unexpected end of JSON input (line 1, column 4)'],
    ['trux', "invalid character 'x' in literal true (line 1, column 4)"],
    ['"\t"', "invalid character '\t' in string literal (line 1, column 2)"],
    ['"\\x"', "invalid character 'x' in string escape code (line 1, column 3)"],
    ['"\\u12g4"', "invalid character '1' in \\u hexadecimal character escape (line 1, column 4)"],
  ])('says where %j is wrong', (text, message) => {
    expectError(() => parseJson(text), 'malformed', message);
  });

  it('can ignore what follows the value', () => {
    expect(plainJson(parseJson('{"a":1} x', { trailing: 'ignore' }))).toEqual(new Map([['a', 1]]));
    expect(plainJson(parseJson('nullx', { trailing: 'ignore' }))).toBeNull();
  });

  it('[SEC-42] replaces halves of surrogate pairs', () => {
    expect(plain('"\\ud83d\\ude00"')).toBe('😀');
    expect(plain('"\\ud800"')).toBe('\ufffd');
    expect(plain('"\\udc00\\ud800"')).toBe('\ufffd\ufffd');
    expect(plain('"\\ud800\\u0041"')).toBe('\ufffdA');
    expect(plain('"\\ud800\\ud83d\\ude00"')).toBe('\ufffd😀');
    expect(plain('"\\ud800\\n"')).toBe('\ufffd\n');
  });

  it('[SEC-42] replaces each byte that is not UTF-8', () => {
    const quoted = (...bytes: number[]) => plain(Uint8Array.of(0x22, ...bytes, 0x22));
    expect(quoted(0x61, 0xff, 0x62)).toBe('a\ufffdb');
    expect(quoted(0xe2, 0x82)).toBe('\ufffd\ufffd');
    expect(quoted(0xed, 0xa0, 0x80)).toBe('\ufffd\ufffd\ufffd');
    expect(quoted(0xef, 0xbb, 0xbf)).toBe('\ufeff');
    expectError(() => parseJson(Uint8Array.of(0x31, 0xff)), 'malformed', /after top-level value/);
  });

  it('[SEC-3] reads as deep as Go and no deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(Array.isArray(plain(nested(10_000)))).toBe(true);
    expectError(() => parseJson(nested(10_001)), 'malformed', /^exceeded max depth/);
    expectError(() => parseJson('[{"a":'.repeat(100_000)), 'malformed', /^exceeded max depth/);
  });

  it('[SEC-3] reads a quarter of a million values and no more', () => {
    const values = (count: number) => `[${'0,'.repeat(count - 2)}0]`;
    const tooMany = /^more than 250000 values/;
    expect(plain(values(maximumJsonValues))).toHaveLength(maximumJsonValues - 1);
    expectError(() => parseJson(values(maximumJsonValues + 1)), 'malformed', tooMany);
    const members = Array.from({ length: maximumJsonValues }, (_, index) => `"${index}":[]`);
    expectError(() => parseJson(`{${members.join()}}`), 'malformed', tooMany);
    // as much as an envelope may have: it would take gigabytes
    expectError(() => parseJson(values(16_000_000)), 'malformed', tooMany);
  });

  it('[SEC-3] reads millions of escapes within a text', { timeout: 60_000 }, () => {
    const text = '\n'.repeat(8_000_000);
    expect(plain(JSON.stringify(text))).toBe(text);
  });

  it('reads long texts', () => {
    const text = 'x'.repeat(5_000_000);
    expect(plain(JSON.stringify([text, `${text}\n`]))).toEqual([text, `${text}\n`]);
  });

  it('keeps all members in order', () => {
    const object = parseJson('{"__proto__":1,"a":2,"a":3}');
    expect(object.kind === 'object' && object.members.map(({ key }) => key)).toEqual(['__proto__', 'a', 'a']);
    expect(plainJson(object)).toEqual(
      new Map([
        ['__proto__', 1],
        ['a', 3],
      ]),
    );
  });

  it('never throws anything but a NotaryError', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          parseJson(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
    );
  });
});

describe('plainJson', () => {
  it('refuses numbers beyond float64', () => {
    expect(plain('[1e308,1e-999,-0]')).toEqual([1e308, 0, -0]);
    expectError(() => plain('[1e309]'), 'malformed', 'number 1e309 does not fit a 64-bit float (line 1, column 2)');
  });
});

describe('encodeGoJson', () => {
  const text = (value: GoJson) => Buffer.from(encodeGoJson(value)).toString();

  it('keeps the members of structs in order and sorts those of maps by bytes', () => {
    expect(text({ b: 1, a: undefined, c: null })).toBe('{"b":1,"c":null}');
    const map = new Map([
      ['😀', 1],
      ['Ａ', 2],
      ['a', 3],
      ['A', 4],
      ['10', 5],
      ['9', 6],
    ]);
    expect(text(map)).toBe('{"10":5,"9":6,"A":4,"a":3,"Ａ":2,"😀":1}');
  });

  it('escapes as Go does', () => {
    expect(text('\u0000\u001f\b\f\n\r\t"\\/<>&\u007f\u2028\u2029\ud800é')).toBe(
      '"\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\/\\u003c\\u003e\\u0026\u007f\\u2028\\u2029\\ufffdé"',
    );
  });

  it.each([
    [0, '0'],
    [-0, '-0'],
    [1e21, '1e+21'],
    [1e20, '100000000000000000000'],
    [1e-6, '0.000001'],
    [1e-7, '1e-7'],
    [9007199254740993, '9007199254740992'],
    [9007199254740993n, '9007199254740993'],
    [1.5, '1.5'],
  ])('writes %s as %s', (value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it('goes round', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'grapheme' }), (json) => {
        const value = plain(json);
        expect(plain(encodeGoJson(value))).toEqual(value);
      }),
    );
  });

  it('refuses what JSON cannot say', () => {
    expectError(() => encodeGoJson(Number.POSITIVE_INFINITY), 'malformed', 'unsupported JSON value: Infinity');
    let deep: GoJson = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expectError(() => encodeGoJson(deep), 'malformed', 'JSON value nested deeper than 1000 levels');
  });
});
