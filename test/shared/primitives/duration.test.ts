// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../shared/primitives/duration.ts';

const second = 1_000_000_000n;

describe('parseDuration', () => {
  it.each([
    ['0', 0n],
    ['-0', 0n],
    ['24h', 86_400n * second],
    ['1h30m', 5_400n * second],
    ['90s', 90n * second],
    ['1m1h', 3_660n * second],
    ['+5s', 5n * second],
    ['-1.5h', -5_400n * second],
    ['1.s', second],
    ['.5s', second / 2n],
    ['1ms', 1_000_000n],
    ['1us', 1_000n],
    ['1µs', 1_000n],
    ['1μs', 1_000n],
    ['1ns', 1n],
    ['0.9ns', 0n],
    ['2562047h47m16.854775807s', 2n ** 63n - 1n],
  ])('reads %s as Go does', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  it.each([
    '',
    '+',
    '-',
    '24',
    '1d',
    '1 h',
    ' 1h',
    '1h ',
    '1H',
    'h',
    '.s',
    '1e3s',
    '--1s',
    '1h30',
    '2562047h47m16.854775808s',
    `${'9'.repeat(101)}s`,
  ])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
