// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  arrayField,
  booleanField,
  bytesArrayField,
  bytesField,
  int64Field,
  member,
  objectField,
  objectOf,
  stringArrayField,
  stringField,
  stringMapField,
  structArrayField,
  timeField,
} from '../../../shared/primitives/json-fields.ts';
import { type JsonObject, parseJson } from '../../../shared/primitives/json.ts';
import { expectError } from '../../support/expect-error.ts';

const object = (text: string): JsonObject => objectOf(parseJson(text), 'document');

/** Reads the field `f` from members written without their braces. */
function reading<T>(read: (object: JsonObject, name: string) => T) {
  return (members: string): T => read(object(`{${members}}`), 'f');
}

describe('member', () => {
  it('matches by simple case folding and takes the last', () => {
    const names = object('{"keys":1,"KEYS":2,"\u212aey\u017f":3,"key":4,"keyß":5}');
    expect(member(names, 'keys')).toMatchObject({ literal: '3' });
    expect(member(names, 'other')).toBeUndefined();
  });

  it('does not fold beyond one character', () => {
    expect(member(object('{"ﬁ":1,"İ":2,"ı":3}'), 'i')).toBeUndefined();
    expect(member(object('{"ß":1}'), 'ss')).toBeUndefined();
  });
});

describe('objectOf', () => {
  it('takes null for an empty object and refuses other types', () => {
    expect(object('null').members).toEqual([]);
    expectError(() => object(' []'), 'malformed', 'document: expected object, found array (line 1, column 2)');
  });
});

describe('stringField', () => {
  const read = reading(stringField);

  it('leaves its value as it is for null', () => {
    expect(read('')).toBe('');
    expect(read('"f":"a","F":null')).toBe('a');
    expect(read('"f":null,"f":"b"')).toBe('b');
  });

  it('refuses other types, even if another member follows', () => {
    expectError(() => read('"f":1,"f":"a"'), 'malformed', 'f: expected string, found number (line 1, column 6)');
  });
});

describe('booleanField', () => {
  const read = reading(booleanField);

  it('reads booleans only', () => {
    expect([read(''), read('"f":true'), read('"f":true,"f":null'), read('"f":true,"f":false')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expectError(() => read('"f":"true"'), 'malformed', /^f: expected boolean/);
  });
});

describe('int64Field', () => {
  const read = reading(int64Field);

  it('reads 64 bits', () => {
    expect(read('"f":-9223372036854775808')).toBe(-(2n ** 63n));
    expect(read('"f":9223372036854775807')).toBe(2n ** 63n - 1n);
    expect(read('"f":-0')).toBe(0n);
    expect(read('"f":5,"f":null')).toBe(5n);
  });

  it.each(['1.0', '1e2', '9223372036854775808', '-9223372036854775809', '1'.repeat(1000)])('refuses %s', (literal) => {
    expectError(() => read(`"f":${literal}`), 'malformed', /is not a 64-bit integer/);
  });
});

describe('objectField', () => {
  const read = reading(objectField);

  it('merges', () => {
    const merged = read('"f":{"a":"1","b":"1"},"f":null,"f":{"b":"2"}');
    expect(merged && [stringField(merged, 'a'), stringField(merged, 'b')]).toEqual(['1', '2']);
    expect(read('')).toBeUndefined();
    expectError(() => read('"f":[]'), 'malformed', /^f: expected object/);
  });
});

describe('list fields', () => {
  it('are emptied by null', () => {
    expect(reading(arrayField)('"f":[1],"f":null')).toBeUndefined();
    expect(reading(stringArrayField)('"f":["a"],"f":null')).toBeUndefined();
    expect(reading(bytesArrayField)('"f":["AA=="],"f":null')).toBeUndefined();
    expect(reading(stringArrayField)('"f":["a"],"f":null,"f":[null]')).toEqual(['']);
  });

  it('are written over an earlier one of the same name', () => {
    expect(reading(stringArrayField)('"f":["a","b"],"f":["c"]')).toEqual(['c']);
    expect(reading(stringArrayField)('"f":["a","b"],"f":[null,null,null]')).toEqual(['a', 'b', '']);
    expect(reading(bytesArrayField)('"f":["AA=="],"f":[null]')).toEqual([new Uint8Array()]);
  });

  it('merge structs at the same position, also one that a shorter list hid', () => {
    const read = (text: string) =>
      reading((object, name) =>
        structArrayField(object, name, (each) => stringField(each, 'a') + stringField(each, 'b')),
      )(text);
    expect(read('"f":[{"a":"1","b":"2"}],"f":[{"a":"3"}]')).toEqual(['32']);
    expect(read('"f":[{"a":"1"}],"F":[null]')).toEqual(['1']);
    expect(read('"f":[{"a":"1"},{"a":"2"}],"f":[null],"f":[null,null]')).toEqual(['1', '2']);
    expect(read('"f":[{"a":"1"}],"f":[],"f":[null]')).toEqual(['']);
    expect(read('"f":[{"a":"1"}],"f":null')).toBeUndefined();
    expectError(() => read('"f":["a"],"f":[{}]'), 'malformed', /^f: expected object, found string/);
    expectError(() => read('"f":[{"a":1}],"f":[]'), 'malformed', /^a: expected string, found number/);
  });

  it('refuse elements of another type', () => {
    expectError(() => reading(stringArrayField)('"f":[1]'), 'malformed', /^f: expected string, found number/);
    expectError(() => reading(stringArrayField)('"f":"a"'), 'malformed', /^f: expected array, found string/);
  });
});

describe('bytesField', () => {
  const read = reading(bytesField);

  it('reads base64 and arrays of bytes', () => {
    expect(read('"f":"AQI="')).toEqual(Uint8Array.of(1, 2));
    expect(read('"f":[0,255,null]')).toEqual(Uint8Array.of(0, 255, 0));
    expect(read('"f":""')).toEqual(new Uint8Array());
    expect(read('"f":"AA==","f":null')).toBeUndefined();
  });

  it.each(['[256]', '[-1]', '[1.0]', '["a"]', '"A"', '"-_"', '{}'])('refuses %s', (value) => {
    expectError(() => read(`"f":${value}`), 'malformed', /./);
  });
});

describe('stringMapField', () => {
  const read = reading(stringMapField);

  it('merges maps and takes null for an empty text', () => {
    expect(read('"f":{"__proto__":"1","a":"1"},"f":{"a":null}')).toEqual(
      new Map([
        ['__proto__', '1'],
        ['a', ''],
      ]),
    );
    expect(read('"f":{"a":"1"},"f":null')).toBeUndefined();
    expectError(() => read('"f":{"a":1}'), 'malformed', /^f\.a: expected string/);
  });
});

describe('timeField', () => {
  const read = reading(timeField);

  it('reads RFC 3339 without escapes', () => {
    expect(read('"f":"1970-01-01T00:00:01Z"')).toEqual({ seconds: 1n, nanoseconds: 0, offsetMinutes: 0 });
    expect(read('"f":"1970-01-01T00:00:01Z","f":null')).toBeUndefined();
    expectError(() => read('"f":"1970-01-01T00:00:01\\u005a"'), 'malformed', /is not an RFC 3339 time/);
    expectError(() => read('"f":1'), 'malformed', /^f: expected string/);
  });
});
