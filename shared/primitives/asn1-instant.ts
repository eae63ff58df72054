// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { tag, type DerElement } from './asn1.ts';
import { latin1OfBytes } from './bytes.ts';
import { parseGoTime, type Instant } from './instant.ts';
import { quote } from './quote.ts';

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-]\d\d)([0-5]\d))$/;
// A fraction has at most nine digits, and the last of them is not zero.
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{0,8}[1-9])?(?:Z|([+-]\d\d)([0-5]\d))$/;

/**
 * A UTCTime or GeneralizedTime as Go's `encoding/asn1` reads it, with its fraction and offset: only what Go would write the
 * same way again. Throws `malformed`.
 */
export function instantOf({ tag: type, content }: DerElement): Instant {
  const text = latin1OfBytes(content);
  const instant = type === tag.utcTime ? parseUtcTime(text) : parseGeneralizedTime(text);
  // Go writes an offset of zero as Z
  const zero = instant?.offsetMinutes === 0 && !text.endsWith('Z');
  if (instant === undefined || zero) throw new NotaryError('malformed', `${notCanonical}: given ${quote(text)}`);
  return instant;
}

const notCanonical = 'asn1: time did not serialize back to the original value and may be invalid';

function parseUtcTime(text: string): Instant | undefined {
  const found = utcTime.exec(text);
  if (found === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '00', zoneHour, zoneMinute] = found;
  // RFC 5280 section 4.1.2.5.1
  const century = Number(year) < 50 ? '20' : '19';
  return parseGoTime(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}${zone(zoneHour, zoneMinute)}`);
}

function parseGeneralizedTime(text: string): Instant | undefined {
  const found = generalizedTime.exec(text);
  if (found === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = found;
  return parseGoTime(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}${zone(found[8], found[9])}`);
}

function zone(hour: string | undefined, minute: string | undefined): string {
  return hour === undefined || minute === undefined ? 'Z' : `${hour}:${minute}`;
}
