// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseExpiry } from '../../../shared/envelope/expiry.ts';

describe('parseExpiry', () => {
  it.each([
    ['24h', 86_400],
    ['30m', 1_800],
    ['90s', 90],
    ['1h30m', 5_400],
    ['1000ms', 1],
  ])('reads %s as %d seconds', (text, seconds) => {
    expect(parseExpiry(text)).toBe(seconds);
  });

  it.each(['0', '0s'])('takes %s for no expiry', (text) => {
    expect(parseExpiry(text)).toBeUndefined();
  });

  it('[NP-17] refuses a negative duration', () => {
    expect(() => parseExpiry('-1s')).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        message: 'expiry duration cannot be a negative value ({input:expiry} is "-1s")',
      }),
    );
  });

  it.each(['1ms', '1.5s', '1ns'])('[NP-18] refuses parts of a second: %s', (text) => {
    expect(() => parseExpiry(text)).toThrow(
      `expiry duration supports minimum granularity of seconds ({input:expiry} is "${text}")`,
    );
  });

  it.each(['1 day', '24', 'tomorrow'])('names the input and the value for %j', (text) => {
    expect(() => parseExpiry(text)).toThrow(
      expect.objectContaining({
        code: 'input-invalid',
        message: `{input:expiry} is "${text}", which is not a duration`,
        hint: 'Write {input:expiry} as a number of hours, minutes or seconds, such as 24h, 30m, 90s or 1h30m.',
      }),
    );
  });
});
