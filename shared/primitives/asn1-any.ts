// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader, tag, type DerElement } from './asn1.ts';
import { int64Of } from './asn1-fields.ts';
import { instantOf } from './asn1-instant.ts';
import { textOfString } from './asn1-string.ts';

/**
 * Refuses a value of open type that Go's `encoding/asn1` refuses: a known universal type whose content does not fit it.
 * Constructed values and unknown types pass. Throws `malformed`.
 */
export function checkAnyValue(value: DerElement): void {
  const reader = new DerReader(value.encoded);
  switch (value.tag) {
    case tag.boolean:
      reader.boolean('asn1: syntax error: invalid boolean');
      return;
    case tag.integer:
      int64Of(value);
      return;
    case tag.bitString:
      reader.bitString('asn1: syntax error: invalid padding bits in BIT STRING');
      return;
    case tag.objectIdentifier:
      reader.objectIdentifier('asn1: structure error: malformed object identifier');
      return;
    case tag.utcTime:
    case tag.generalizedTime:
      instantOf(value);
      return;
    default:
      if (!strings.includes(value.tag) || textOfString(value.tag, value.content) !== undefined) return;
      throw new NotaryError('malformed', 'asn1: syntax error: string contains invalid character');
  }
}

const strings: readonly number[] = [
  tag.utf8String,
  tag.numericString,
  tag.printableString,
  tag.t61String,
  tag.ia5String,
  tag.bmpString,
];
