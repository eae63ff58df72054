// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { checkAnyValue } from '../../../shared/primitives/asn1-any.ts';
import { Asn1Fields } from '../../../shared/primitives/asn1-fields.ts';
import { bitString, boolean, der, integer, nullValue, octetString, oid, sequence, text } from '../../fakes/der.ts';

function check(encoded: Uint8Array): void {
  checkAnyValue(new Asn1Fields(encoded).any());
}

describe('checkAnyValue', () => {
  it.each([
    boolean(true),
    integer(-(2n ** 63n)),
    bitString(Uint8Array.of(0x80), 7),
    octetString(Uint8Array.of(0xff)),
    nullValue(),
    oid('1.2.3'),
    text(0x0c, 'ä'),
    text(0x13, 'a b*&'),
    text(0x12, '1 2'),
    text(0x16, 'a@b'),
    text(0x14, 'ä'),
    der(0x1e, Uint8Array.of(0, 65)),
    text(0x17, '260101000000Z'),
    text(0x18, '20260101000000.5Z'),
    // types that nobody knows, and values that have others in them
    der(0x1a, Uint8Array.of(0xff)),
    der(0x33, Uint8Array.of(0xff)),
    der(0x81, Uint8Array.of(0xff)),
    sequence(der(0x01)),
  ])('passes %#', (encoded) => {
    expect(() => {
      check(encoded);
    }).not.toThrow();
  });

  it.each([
    der(0x01, Uint8Array.of(1)),
    der(0x02),
    integer(2n ** 63n),
    der(0x02, Uint8Array.of(0, 1)),
    der(0x03, Uint8Array.of(8, 1)),
    der(0x06),
    der(0x06, Uint8Array.of(0x80, 1)),
    der(0x0c, Uint8Array.of(0xff)),
    text(0x13, 'a_b'),
    text(0x12, '1a'),
    der(0x16, Uint8Array.of(0x80)),
    der(0x1e, Uint8Array.of(65)),
    text(0x17, '261301000000Z'),
    text(0x18, '20260101000000.50Z'),
  ])('refuses %#', (encoded) => {
    expect(() => {
      check(encoded);
    }).toThrow(NotaryError);
  });
});
