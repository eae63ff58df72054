// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerReader } from '../../../shared/primitives/asn1.ts';
import * as encode from '../../../shared/primitives/der-encode.ts';
import * as reference from '../../fakes/der.ts';

describe('DER', () => {
  it('is what the tests write by hand', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(encode.octetString(bytes)).toEqual(reference.octetString(bytes));
        expect(encode.sequence(encode.octetString(bytes), reference.nullValue())).toEqual(
          reference.sequence(reference.octetString(bytes), reference.nullValue()),
        );
      }),
    );
    expect(encode.octetString(new Uint8Array(70_000))).toEqual(reference.octetString(new Uint8Array(70_000)));
  });

  it.each(['1.2.3', '0.4.0.2023.1.1', '2.16.840.1.101.3.4.2.1', '2.999.2147483647', '1.2.840.113549.1.9.16.1.4'])(
    'writes the identifier %s as it is read',
    (dotted) => {
      expect(new DerReader(encode.objectIdentifier(dotted)).objectIdentifier('')).toBe(dotted);
    },
  );

  it('sorts the members of a SET by their encodings', () => {
    const members = [encode.octetString(Uint8Array.of(1, 2)), reference.integer(300n), reference.integer(2n)];
    expect(Buffer.from(encode.setOf(...members)).toString('hex')).toBe('310b' + '020102' + '0202012c' + '04020102');
  });
});
