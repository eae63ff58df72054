// SPDX-License-Identifier: Apache-2.0
import { tag } from './asn1.ts';
import { latin1OfBytes, utf8OfBytes } from './bytes.ts';

// '*' and '&' do not belong to PrintableString (X.680, 41.4) but stand in so many certificates that Go takes them
const printable = /^[A-Za-z0-9 '()+,\-./:=?*&]*$/;
const numeric = /^[0-9 ]*$/;

/** Whether all bytes are ASCII, Go's only rule for IA5String. */
export function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

/**
 * The text of a value of one of the string types that Go reads in names (`parseASN1String` of crypto/x509), or undefined if
 * the type is another or the content does not fit it. T61String is read as Latin-1.
 */
export function textOfString(type: number, content: Uint8Array): string | undefined {
  switch (type) {
    case tag.utf8String:
      return utf8OfBytes(content);
    case tag.printableString:
      return matching(latin1OfBytes(content), printable);
    case tag.numericString:
      return matching(latin1OfBytes(content), numeric);
    case tag.ia5String:
      return isAscii(content) ? latin1OfBytes(content) : undefined;
    case tag.t61String:
      return latin1OfBytes(content);
    case tag.bmpString:
      return textOfBmpString(content);
    default:
      return undefined;
  }
}

function matching(text: string, pattern: RegExp): string | undefined {
  return pattern.test(text) ? text : undefined;
}

/** UCS-2 without surrogates and noncharacters; one terminating zero is dropped. */
function textOfBmpString(content: Uint8Array): string | undefined {
  if (content.length % 2 !== 0) return undefined;
  const units: number[] = [];
  for (let i = 0; i < content.length; i += 2) units.push((content[i] ?? 0) * 0x100 + (content[i + 1] ?? 0));
  if (units.at(-1) === 0) units.pop();
  const reserved = (unit: number) =>
    unit >= 0xfffe || (unit >= 0xfdd0 && unit <= 0xfdef) || (unit >= 0xd800 && unit <= 0xdfff);
  if (units.some(reserved)) return undefined;
  return units.map((unit) => String.fromCharCode(unit)).join('');
}
