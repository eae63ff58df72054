// SPDX-License-Identifier: Apache-2.0

/** A point in time as Go's `time.Time` keeps it: finer than a millisecond, with the zone it was written in. */
export interface Instant {
  /** Since the Unix epoch; an int64, as in Go. */
  readonly seconds: bigint;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
  readonly offsetMinutes: number;
}

/** Seconds of 0001-01-01T00:00:00Z, Go's zero time, which stands for "absent" (reference 0.2.4). */
const zeroSeconds = -62_135_596_800n;

/** JavaScript dates end 100,000,000 days from the epoch (ECMA-262 21.4.1.1). */
const maximumDateSeconds = 8_640_000_000_000n;

export function isZeroInstant(instant: Instant): boolean {
  return instant.seconds === zeroSeconds && instant.nanoseconds === 0;
}

/** Negative when a is earlier, positive when it is later; the zone does not count. */
export function compareInstants(a: Instant, b: Instant): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  return a.nanoseconds - b.nanoseconds;
}

/** The instant of a date, in UTC, to the second. */
export function instantOfDate(date: Date): Instant {
  return { seconds: BigInt(Math.floor(date.getTime() / 1000)), nanoseconds: 0, offsetMinutes: 0 };
}

/**
 * Go's `time.Unix` of seconds and a fraction of the same sign, as a 64-bit machine computes it: seconds beyond int64 become
 * its minimum, and times near its maximum wrap around, because Go counts from the year 1.
 */
export function instantOfUnix(seconds: bigint, fraction: number): Instant {
  const int64 = BigInt.asIntN(64, seconds) === seconds ? seconds : -(2n ** 63n);
  const carried = fraction < 0 ? int64 - 1n : int64;
  return {
    seconds: BigInt.asIntN(64, carried - zeroSeconds) + zeroSeconds,
    nanoseconds: fraction < 0 ? fraction + 1_000_000_000 : fraction,
    offsetMinutes: 0,
  };
}

/** The nearest date, to the millisecond; instants beyond the range of dates become its ends. */
export function dateOfInstant(instant: Instant): Date {
  const { seconds, nanoseconds } = instant;
  if (seconds >= maximumDateSeconds) return new Date(Number(maximumDateSeconds) * 1000);
  if (seconds <= -maximumDateSeconds) return new Date(Number(-maximumDateSeconds) * 1000);
  return new Date(Number(seconds) * 1000 + Math.floor(nanoseconds / 1_000_000));
}

/** Whether a date, which has milliseconds, is earlier than an instant, which has nanoseconds. */
export function isDateBefore(date: Date, instant: Instant): boolean {
  const whole = dateOfInstant(instant);
  return date < whole || (date.getTime() === whole.getTime() && instant.nanoseconds % 1_000_000 > 0);
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * Parses RFC 3339 as leniently as Go's `time.Time.UnmarshalJSON` (reference 0.2.3): one-digit hours, a comma before the
 * fraction and zones up to 24:60 pass. Undefined for anything else.
 */
export function parseGoTime(text: string): Instant | undefined {
  const found = rfc3339.exec(text);
  if (found === null) return undefined;
  const part = (index: number) => Number(found[index] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  const [hour, minute, second] = [part(4), part(5), part(6)];
  const [zoneHour, zoneMinute] = [part(9), part(10)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 24 || zoneMinute > 60) return undefined;
  const offset = zoneHour * 60 + zoneMinute;
  const offsetMinutes = found[8] === '-' ? 0 - offset : offset;
  const local = new Date(0).setUTCFullYear(year, month - 1, day) / 1000 + hour * 3600 + minute * 60 + second;
  return {
    seconds: BigInt(local - offsetMinutes * 60),
    // Go reads nine digits of a fraction and skips the rest
    nanoseconds: Number((found[7] ?? '').slice(0, 9).padEnd(9, '0')),
    offsetMinutes,
  };
}

function daysIn(year: number, month: number): number {
  return new Date(new Date(0).setUTCFullYear(year, month, 0)).getUTCDate();
}
