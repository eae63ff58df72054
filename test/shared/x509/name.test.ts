// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { goName, parseName } from '../../../shared/x509/name.ts';
import { encodeName, type NameEntry } from '../../fakes/certificate-authority.ts';
import { der, oid, sequence, set, text } from '../../fakes/der.ts';

function printed(...entries: NameEntry[]): string {
  return goName(parseName(encodeName(entries)));
}

describe('goName', () => {
  it('prints in its own order', () => {
    expect(printed(['C', 'US'], ['ST', 'WA'], ['L', 'Seattle'], ['O', 'Notary'], ['CN', 'testcert7'])).toBe(
      'CN=testcert7,O=Notary,L=Seattle,ST=WA,C=US',
    );
    expect(
      printed(['CN', 'a'], ['SERIALNUMBER', '1'], ['POSTALCODE', '2'], ['STREET', 's'], ['OU', 'u'], ['O', 'o']),
    ).toBe('SERIALNUMBER=1,CN=a,OU=u,O=o,POSTALCODE=2,STREET=s');
  });

  it('joins several values of a type with +', () => {
    expect(printed(['O', 'a'], ['C', 'US'], ['O', 'b'])).toBe('O=a+O=b,C=US');
  });

  it('keeps the last of several common names, and no empty one', () => {
    expect(printed(['CN', 'a'], ['CN', 'b'])).toBe('CN=b');
    expect(printed(['CN', 'a'], ['CN', ''], ['O', ''])).toBe('O=');
  });

  it('flattens attributes that share an RDN', () => {
    const attribute = (type: string, value: string) => sequence(oid(type), text(0x0c, value));
    const name = sequence(set(attribute('2.5.4.6', 'US'), attribute('2.5.4.10', 'o')), set());
    expect(goName(parseName(name))).toBe('O=o,C=US');
  });

  it('escapes', () => {
    expect(printed(['O', 'a,b+c"d\\e<f>g;h'])).toBe('O=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h');
    expect(printed(['O', ' a '])).toBe('O=\\ a\\ ');
    expect(printed(['O', ' '])).toBe('O=\\ ');
    expect(printed(['O', '  '])).toBe('O=\\ \\ ');
    expect(printed(['O', '#a#'])).toBe('O=\\#a#');
    expect(printed(['O', 'a=b'])).toBe('O=a=b');
  });

  it('prints other types as hex of the text encoded anew, last first', () => {
    expect(printed(['C', 'US'], ['DC', 'acme', 0x16], ['emailAddress', 'a@b', 0x16])).toBe(
      'C=US,1.2.840.113549.1.9.1=#0c03614062,0.9.2342.19200300.100.1.25=#130461636d65',
    );
    expect(printed(['1.2.3', 'x'.repeat(200)])).toBe(`1.2.3=#1381c8${'78'.repeat(200)}`);
    expect(printed(['1.2.3', 'x'.repeat(300)])).toBe(`1.2.3=#1382012c${'78'.repeat(300)}`);
  });

  it('does not show which string type a value had', () => {
    const value = (tag: number, bytes: string) =>
      goName(parseName(sequence(set(sequence(oid('2.5.4.10'), der(tag, Buffer.from(bytes, 'hex')))))));
    expect(value(0x0c, 'c3a9')).toBe('O=é');
    expect(value(0x14, 'e9')).toBe('O=é');
    expect(value(0x1e, '00e9')).toBe('O=é');
    expect(value(0x1e, '00e90000')).toBe('O=é');
    expect(value(0x16, '61')).toBe('O=a');
    expect(value(0x12, '3120')).toBe('O=1\\ ');
    expect(value(0x0c, 'efbbbf61')).toBe('O=\ufeffa');
  });
});
