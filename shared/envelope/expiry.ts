// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { parseDuration } from '../primitives/duration.ts';

const nanosecondsPerSecond = 1_000_000_000n;

const hint = 'Write {input:expiry} as a number of hours, minutes or seconds, such as 24h, 30m, 90s or 1h30m.';

/**
 * Parses how long a signature shall be valid, in seconds; undefined for a duration of zero, which asks for no expiry.
 * Throws `input-invalid` for what is no duration, negative or not a whole number of seconds.
 */
export function parseExpiry(text: string): number | undefined {
  const duration = parseDuration(text);
  const given = `{input:expiry} is ${JSON.stringify(text)}`;
  if (duration === undefined) throw new NotaryError('input-invalid', `${given}, which is not a duration`, { hint });
  if (duration < 0n) {
    throw new NotaryError('input-invalid', `expiry duration cannot be a negative value (${given})`, { hint });
  }
  if (duration % nanosecondsPerSecond !== 0n) {
    throw new NotaryError('input-invalid', `expiry duration supports minimum granularity of seconds (${given})`, {
      hint,
    });
  }
  return duration === 0n ? undefined : Number(duration / nanosecondsPerSecond);
}
