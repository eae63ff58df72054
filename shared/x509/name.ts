// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { DerReader, tag } from '../primitives/asn1.ts';
import { textOfString } from '../primitives/asn1-string.ts';
import { hexOfBytes } from '../primitives/bytes.ts';

/** An attribute of a name: dotted type, and the text whatever its ASN.1 string type. */
export interface NameAttribute {
  readonly type: string;
  readonly value: string;
}

/** Reads a Name (RFC 5280, 4.1.2.4) as Go does: all attributes in order, however they are grouped. */
export function parseName(encoded: Uint8Array): NameAttribute[] {
  const problem = 'x509: invalid RDNSequence';
  const attributes: NameAttribute[] = [];
  const sequence = new DerReader(encoded).enter(tag.sequence, problem);
  while (!sequence.empty) {
    const set = sequence.enter(tag.set, problem);
    while (!set.empty) attributes.push(parseAttribute(set.enter(tag.sequence, `${problem}: invalid attribute`)));
  }
  return attributes;
}

function parseAttribute(reader: DerReader): NameAttribute {
  const problem = 'x509: invalid RDNSequence: invalid attribute';
  const type = reader.objectIdentifier(`${problem} type`);
  const { tag: valueTag, content } = reader.any(`${problem} value`);
  const value = textOfString(valueTag, content);
  if (value === undefined) {
    throw new NotaryError('malformed', `${problem} value: invalid or unsupported string (tag ${valueTag})`);
  }
  return { type, value };
}

/** In the order in which Go prints them; of the last two only the last value survives, and only if it is not empty. */
const printedFirst = new Map([
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.3', 'CN'],
]);
const printedThen = new Map([
  ['2.5.4.11', 'OU'],
  ['2.5.4.10', 'O'],
  ['2.5.4.17', 'POSTALCODE'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.6', 'C'],
]);

/** A name as Go's `pkix.Name.String()` prints it (reference section 7.7). */
export function goName(attributes: readonly NameAttribute[]): string {
  const parts: string[] = [];
  const valuesOf = (type: string) => attributes.filter((each) => each.type === type).map((each) => each.value);
  for (const [type, name] of printedFirst) {
    const last = valuesOf(type).at(-1) ?? '';
    if (last !== '') parts.push(`${name}=${escapeValue(last)}`);
  }
  for (const [type, name] of printedThen) {
    const values = valuesOf(type);
    if (values.length > 0) parts.push(values.map((value) => `${name}=${escapeValue(value)}`).join('+'));
  }
  const others = attributes.filter(({ type }) => !printedFirst.has(type) && !printedThen.has(type));
  for (const { type, value } of others.reverse()) parts.push(`${type}=#${hexOfBytes(encodeString(value))}`);
  return parts.join(',');
}

function escapeValue(value: string): string {
  const escaped = value.replaceAll(/[,+"\\<>;]/g, '\\$&').replace(/^[ #]/, '\\$&');
  // a single blank is first and last at once, and escaped once
  return value.length > 1 ? escaped.replace(/ $/, '\\ ') : escaped;
}

/** As Go's asn1.Marshal encodes a string: PrintableString where it can be, else UTF8String. */
function encodeString(value: string): Uint8Array {
  const content = Buffer.from(value, 'utf8');
  const type = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? tag.printableString : tag.utf8String;
  return Buffer.concat([Buffer.from([type]), lengthOctets(content.length), content]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = length.toString(16);
  const octets = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Buffer.from([0x80 | octets.length]), octets]);
}
