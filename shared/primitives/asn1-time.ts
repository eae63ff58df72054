// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { tag, type DerReader } from './asn1.ts';
import { latin1OfBytes } from './bytes.ts';

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})$/;
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(Z|[+-]\d{4})$/;

/**
 * A UTCTime or GeneralizedTime as Go reads them: real dates, no fraction, and only what Go would write the same way again.
 * That lets pass what RFC 5280 section 4.1.2.5 forbids: UTCTime without seconds, and offsets instead of Z.
 */
export function readTime(reader: DerReader): Date {
  if (reader.nextIs(tag.utcTime)) {
    const problem = 'x509: malformed UTCTime';
    const fields = utcTime.exec(latin1OfBytes(reader.content(tag.utcTime, problem)));
    const year = Number(fields?.[1]);
    return instant(fields, year < 50 ? 2000 + year : 1900 + year, problem);
  }
  if (reader.nextIs(tag.generalizedTime)) {
    const problem = 'x509: malformed GeneralizedTime';
    const fields = generalizedTime.exec(latin1OfBytes(reader.content(tag.generalizedTime, problem)));
    return instant(fields, Number(fields?.[1]), problem);
  }
  throw new NotaryError('malformed', 'x509: unsupported time format');
}

function instant(fields: RegExpExecArray | null, year: number, problem: string): Date {
  const [month, day, hour, minute, second = 0] = (fields ?? []).slice(2, 7).map((field) => Number(field || 0));
  const offset = offsetMinutes(fields?.[7]);
  if (offset === undefined || month === undefined || day === undefined || hour === undefined || minute === undefined) {
    throw new NotaryError('malformed', problem);
  }
  // not Date.UTC, which takes the years 0 to 99 for 1900 to 1999
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exact =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!exact) throw new NotaryError('malformed', problem);
  return new Date(date.getTime() - offset * 60_000);
}

/** Undefined for what Go would write differently (`+0000` is `Z`, `+0060` is `+0100`) or finds out of range. */
function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined) return undefined;
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3));
  if (hours > 24 || minutes > 59 || (hours === 0 && minutes === 0)) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
