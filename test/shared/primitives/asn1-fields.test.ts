// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { contextConstructedTag, contextTag, tag } from '../../../shared/primitives/asn1.ts';
import { Asn1Fields, int64Of, integerOf, sequenceAt, valuesOf } from '../../../shared/primitives/asn1-fields.ts';
import { expectError } from '../../support/expect-error.ts';

function fields(hex: string): Asn1Fields {
  return new Asn1Fields(Buffer.from(hex, 'hex'));
}

describe('Asn1Fields', () => {
  it('reads members in order, and passes over optional ones that are something else', () => {
    const members = fields('020105' + '06022a03' + '0401aa' + '3003020107');
    expect(members.optional(tag.boolean)).toBeUndefined();
    expect(members.int64()).toBe(5n);
    expect(members.objectIdentifier()).toBe('1.2.3');
    expect(members.optionalFields()).toBeUndefined();
    expect(members.octetString()).toEqual(Buffer.from([0xaa]));
    expect(members.empty).toBe(false);
    expect(members.optionalFields()?.integer()).toBe(7n);
    expect(members.empty).toBe(true);
    expect(members.optional(tag.integer)).toBeUndefined();
    expect(members.optionalAny()).toBeUndefined();
  });

  it('opens explicit tags as Go does, whatever length they claim', () => {
    const explicit = contextConstructedTag(0);
    const members = fields('a003' + '020105' + '0401aa');
    expect(members.optionalExplicit(contextConstructedTag(1), tag.integer)).toBeUndefined();
    expect(members.optionalExplicit(explicit, tag.octetString)).toBeUndefined();
    expect(members.optionalExplicit(explicit, tag.boolean, tag.integer)?.content).toEqual(Buffer.from([5]));
    expect(members.octetString()).toEqual(Buffer.from([0xaa]));
    expect(members.optionalExplicit(explicit, tag.integer)).toBeUndefined();
    // the value may be longer or shorter than the tag says
    expect(fields('a001' + '020105').optionalExplicit(explicit, tag.integer)?.content).toEqual(Buffer.from([5]));
    const short = fields('a006' + '020105' + '0401aa');
    expect(short.optionalExplicit(explicit, tag.integer)?.content).toEqual(Buffer.from([5]));
    expect(short.octetString()).toEqual(Buffer.from([0xaa]));
    const problem = 'asn1: structure error: ';
    const open = (hex: string) => () => fields(hex).optionalExplicit(explicit, tag.integer);
    expectError(open('a000' + '020105'), 'malformed', `${problem}zero length explicit tag was not an asn1.Flag`);
    expectError(open('8000' + '020105'), 'malformed', `${problem}zero length explicit tag was not an asn1.Flag`);
    // even where the last member is another one
    expectError(open('0500'), 'malformed', `${problem}explicit tag has no child`);
    expect(fields('8003' + '020105').optionalExplicit(explicit, tag.integer)).toBeUndefined();
  });

  it('does not look behind what it is asked for', () => {
    expect(sequenceAt(Buffer.from('3006020105ffffff' + 'ff', 'hex')).int64()).toBe(5n);
    // an identifier and a length that make sense, though the value is cut off
    expect(fields('0405aa').optional(tag.integer)).toBeUndefined();
    expectError(() => fields('0405aa').optional(tag.octetString), 'malformed', 'asn1: syntax error: data truncated');
  });

  it.each(['1f2000', '1f81800000', 'bf87ffffff7f00'])(
    'takes an identifier of several octets (%s) for none known',
    (hex) => {
      expect(fields(hex).any().tag).toBe(-1);
    },
  );

  it.each([
    ['', 'syntax error: sequence truncated'],
    ['02', 'syntax error: truncated tag or length'],
    ['0281', 'syntax error: truncated tag or length'],
    ['0202aa', 'syntax error: data truncated'],
    ['0280', 'syntax error: indefinite length found (not DER)'],
    ['028101aa', 'structure error: non-minimal length'],
    ['02820080aa', 'structure error: superfluous leading zeros in length'],
    ['028501000000000000', 'structure error: length too large'],
    ['1f1e00', 'syntax error: non-minimal tag'],
    ['1f802000', 'syntax error: integer is not minimally encoded'],
    ['1f8880808000', 'structure error: base 128 integer too large'],
    ['1f81', 'syntax error: truncated base 128 integer'],
  ])('refuses %s', (hex, problem) => {
    expectError(() => fields(hex).any(), 'malformed', `asn1: ${problem}`);
  });

  it('refuses another type where one is required', () => {
    const problem = "asn1: structure error: tags don't match";
    expectError(() => fields('0401aa').integer(), 'malformed', problem);
    expectError(() => fields('3000').fields(tag.set), 'malformed', problem);
    expectError(() => valuesOf(Buffer.from('020101' + '0500', 'hex'), tag.integer), 'malformed', problem);
  });

  it('reads integers of any size and tag', () => {
    const [element] = valuesOf(Buffer.from('8009' + '00ffffffffffffffff', 'hex'), contextTag(0));
    if (element === undefined) throw new Error('no element');
    expect(integerOf(element)).toBe(2n ** 64n - 1n);
    expectError(() => int64Of(element), 'malformed', 'asn1: structure error: malformed integer');
    expectError(() => fields('02020001').integer(), 'malformed', 'asn1: structure error: malformed integer');
    expectError(() => fields('0602802a').objectIdentifier(), 'malformed', /malformed object identifier$/);
  });

  it('answers any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        try {
          for (const members = new Asn1Fields(bytes); !members.empty;) members.any();
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
