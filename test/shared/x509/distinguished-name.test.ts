// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { quote } from '../../../shared/primitives/quote.ts';
import { parseDistinguishedName } from '../../../shared/x509/distinguished-name.ts';
import { goName, type NameAttribute } from '../../../shared/x509/name.ts';
import { expectError } from '../../support/expect-error.ts';

const advice =
  "A valid DN must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum, and follow RFC 4514 standard";

function attributesOf(name: string): Record<string, string> {
  return Object.fromEntries(parseDistinguishedName(name));
}

function refuse(name: string, message: string): void {
  expectError(() => parseDistinguishedName(name), 'malformed', message);
}

function refuseToTokenize(name: string, reason: string): void {
  refuse(name, `parsing distinguished name (DN) ${quote(name)} failed with err: ${reason}. ${advice}`);
}

describe('parseDistinguishedName', () => {
  it('reads attributes in any order', () => {
    const expected = { C: 'US', ST: 'WA', O: 'a', CN: 'b' };
    expect(attributesOf('C=US,ST=WA,O=a,CN=b')).toEqual(expected);
    expect(attributesOf('CN=b;O=a; ST=WA ,  C =  US ')).toEqual(expected);
  });

  it.each(['C', 'ST', 'O'])('[NP-224] wants the attribute %s, not empty', (type) => {
    const others = ['C=US', 'ST=WA', 'O=a'].filter((each) => !each.startsWith(`${type}=`)).join(',');
    for (const name of [others, `${others},${type}=`]) {
      refuse(
        name,
        `distinguished name (DN) "${name}" has no mandatory RDN attribute for "${type}", it must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum`,
      );
    }
  });

  it('[NP-224] finds no attribute in a blank name', () => {
    const message = (name: string) => `distinguished name (DN) ${quote(name)} has no mandatory RDN attribute for "C"`;
    for (const name of ['', '  ', '\t\n\u00a0']) {
      expect(() => parseDistinguishedName(name)).toThrow(message(name));
    }
  });

  it('[NP-225] takes S for ST, but not beside it', () => {
    expect(attributesOf('C=US,S=WA,O=a')).toEqual({ C: 'US', ST: 'WA', O: 'a' });
    for (const name of ['C=US,ST=WA,S=WA,O=a', 'C=US,S=WA,ST=OR,O=a']) {
      refuse(
        name,
        `distinguished name (DN) "${name}" has duplicate RDN attribute for "ST", DN can only have unique RDN attributes`,
      );
    }
  });

  it('[NP-226] refuses several attributes in one RDN', () => {
    refuse(
      'C=US, ST=WA, O=a+OU=b',
      'distinguished name (DN) "C=US, ST=WA, O=a+OU=b" has multi-valued RDN attributes, remove multi-valued RDN attributes as they are not supported',
    );
  });

  it('[NP-227] refuses a type twice, unless the first one was empty', () => {
    refuse(
      'C=US,C=CA,ST=WA,O=a',
      'distinguished name (DN) "C=US,C=CA,ST=WA,O=a" has duplicate RDN attribute for "C", DN can only have unique RDN attributes',
    );
    expect(attributesOf('C=,C=US,ST=WA,O=a')).toMatchObject({ C: 'US' });
  });

  it.each(['C=US,ST=WA,O=#6162', 'C=US,ST=WA,O=a=#b', '1.2.3=#0c01,C=US'])('[NP-228] refuses %s', (name) => {
    refuse(
      name,
      `unsupported distinguished name (DN) "${name}": notation does not support x509.subject identities containing "=#"`,
    );
  });

  it('[NP-229] reads escaped separators', () => {
    expect(attributesOf('C=US,ST=WA,O=Acme\\, Inc')).toMatchObject({ O: 'Acme, Inc' });
    expect(attributesOf('C=US,ST=WA,O=\\41\\c3\\a9\\ ')).toMatchObject({ O: 'Aé ' });
    expect(attributesOf('C=US,ST=WA,O=a=b\\=c')).toMatchObject({ O: 'a=b=c' });
    expect(attributesOf('C=US,ST=WA,O=\\#6162')).toMatchObject({ O: '#6162' });
    refuseToTokenize('C=US,ST=WA,O=Acme, Inc', 'DN ended with incomplete type, value pair');
    refuseToTokenize('C=US,ST=WA,O=Acme, Inc, CN=x', 'incomplete type, value pair');
  });

  it('[NP-230] gives quotes no meaning', () => {
    expect(attributesOf('C=US,ST=WA,O="Acme"')).toMatchObject({ O: '"Acme"' });
    refuseToTokenize('C=US,ST=WA,O="Acme, Inc"', 'DN ended with incomplete type, value pair');
  });

  it('[NP-231] minds the case of types', () => {
    expect(() => parseDistinguishedName('c=US,st=WA,o=a')).toThrow('has no mandatory RDN attribute for "C"');
  });

  it.each(['C=US,ST=WA,O=a,', 'C=US,ST=WA,O=a;', 'C=US,ST=WA,O=a+'])(
    '[NP-232] refuses the last separator of %s',
    (name) => {
      refuseToTokenize(name, 'DN ended with incomplete type, value pair');
    },
  );

  it('refuses escapes that mean nothing', () => {
    const name = (value: string) => `C=US,ST=WA,O=${value}`;
    refuseToTokenize(name('\\zz'), "failed to decode escaped character: encoding/hex: invalid byte: U+007A 'z'");
    refuseToTokenize(name('\\4'), 'failed to decode escaped character: encoding/hex: invalid byte: 4');
    refuseToTokenize(name('\\4é'), 'failed to decode escaped character: invalid byte: 4é');
    refuseToTokenize(name('a\\'), "got corrupted escaped character: 'a\\'");
  });

  it('keeps bytes that are no UTF-8 apart from each other and from any text', () => {
    const value = (escaped: string) => attributesOf(`C=US,ST=WA,O=${escaped}`)['O'];
    expect(value('\\ff')).not.toBe(value('\\fe'));
    expect(value('\\ff')).not.toBe(value('\ufffd'));
    expect(value('\\ff')).toBe('\udcff');
  });

  const megabyte = 1_000_000;

  // These end within the time of any other test only when the time grows with the length, not with its square.
  it.each([
    ['a value of 1 MB', `C=US,ST=WA,O=${'a'.repeat(megabyte)}`],
    ['escapes', `C=US,ST=WA,O=${'\\,'.repeat(megabyte / 2)}`],
    ['escaped bytes', `C=US,ST=WA,O=${'\\ff'.repeat(megabyte / 3)}`],
    ['equals signs', `C=US,ST=WA,O=${'='.repeat(megabyte)}`],
    ['blanks', `C=US,ST=WA,O=${' '.repeat(megabyte)}a`],
    ['lone surrogates', `C=US,ST=WA,O=${'\ud800'.repeat(megabyte)}`],
    ['attributes', `C=US,ST=WA,O=a${Array.from({ length: 100_000 }, (_, index) => `,A${index}=b`).join('')}`],
  ])('[SEC-1] reads a name with very many or long %s', (_, name) => {
    expect(parseDistinguishedName(name).get('C')).toBe('US');
  });

  it.each([
    ['=#', /containing "=#"$/],
    [`C=US,ST=WA,O=${'=#'.repeat(megabyte)}`, /containing "=#"$/],
    [`C=US,ST=WA,O=#${'3'.repeat(megabyte)}`, /containing "=#"$/],
    [`C=US,ST=WA,O=${'\\'.repeat(megabyte + 1)}`, /got corrupted escaped character/],
    [`C=US,ST=WA,O=a${'+O=a'.repeat(megabyte / 4)}`, /has multi-valued RDN attributes/],
    [`C=US,ST=WA,O=a${',O=a'.repeat(megabyte / 4)}`, /has duplicate RDN attribute for "O"/],
    [' '.repeat(megabyte), /has no mandatory RDN attribute for "C"/],
    [`${' '.repeat(megabyte)}x`, /failed with err: DN ended with incomplete type, value pair/],
    [','.repeat(megabyte), /incomplete type, value pair/],
  ])('[SEC-1] refuses a hostile name at once', (name, message) => {
    expectError(() => parseDistinguishedName(name), 'malformed', message);
  });

  it('takes __proto__ for a type like any other', () => {
    expect(parseDistinguishedName('C=US,ST=WA,O=a,__proto__=x').get('__proto__')).toBe('x');
  });

  it('reads back what goName prints', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((each) => !each.includes('=#'));
    const types = { C: '2.5.4.6', ST: '2.5.4.8', O: '2.5.4.10', CN: '2.5.4.3' };
    fc.assert(
      fc.property(value, value, value, value, (...values) => {
        const attributes: NameAttribute[] = Object.values(types).map((type, index) => ({
          type,
          value: values[index] ?? '',
        }));
        const name = goName(attributes);
        fc.pre(!name.includes('=#'));
        const expected = Object.fromEntries(Object.keys(types).map((type, index) => [type, values[index]]));
        expect(attributesOf(name)).toEqual(expected);
      }),
    );
  });

  it('throws nothing but NotaryError', () => {
    const token = fc.constantFrom('C', 'ST', 'O', '=', ',', ';', '+', '\\', ' ', '"', '#', '4', 'é', '\\,');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token).map((tokens) => tokens.join('')),
        ),
        (name) => {
          try {
            parseDistinguishedName(name);
          } catch (error) {
            expect(error).toBeInstanceOf(NotaryError);
          }
        },
      ),
    );
  });
});
