// SPDX-License-Identifier: Apache-2.0
import { dateOfInstant, type Instant } from './instant.ts';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** An instant in Go's RFC1123Z layout, `Mon, 02 Jan 2006 15:04:05 -0700`, at an offset from UTC in minutes. */
export function formatRfc1123(instant: Date, offsetMinutes = 0): string {
  const local = new Date(instant.getTime() + offsetMinutes * 60_000);
  if (Number.isNaN(local.getTime())) return String(instant);
  const day = `${days[local.getUTCDay()] ?? ''}, ${two(local.getUTCDate())} ${months[local.getUTCMonth()] ?? ''}`;
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two).join(':');
  return `${day} ${String(local.getUTCFullYear()).padStart(4, '0')} ${time} ${formatOffset(offsetMinutes)}`;
}

/** An instant as RFC 3339 in UTC with whole seconds. */
export function formatRfc3339(instant: Date): string {
  return Number.isNaN(instant.getTime()) ? String(instant) : instant.toISOString().replace(/\.[0-9]+Z$/, 'Z');
}

/** An instant as Go's `time.Time.String` prints it, in its own zone: `2006-01-02 15:04:05.9 +0000 UTC`. */
export function formatGoInstant(instant: Instant): string {
  const { nanoseconds, offsetMinutes } = instant;
  const whole = dateOfInstant({ ...instant, nanoseconds: 0 });
  const local = new Date(whole.getTime() + offsetMinutes * 60_000).toISOString();
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
  const offset = formatOffset(offsetMinutes);
  return `${local.replace('T', ' ').slice(0, 19)}${fraction} ${offset} ${offsetMinutes === 0 ? 'UTC' : offset}`;
}

function formatOffset(minutes: number): string {
  const distance = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}${two(distance % 60)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
