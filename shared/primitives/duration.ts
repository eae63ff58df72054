// SPDX-License-Identifier: Apache-2.0

const nanosecondsPer: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n], // micro sign
  ['\u03bcs', 1_000n], // Greek letter mu
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** Go keeps a duration in a signed 64-bit number of nanoseconds: about 292 years. */
const longest = 2n ** 63n - 1n;

/** Longer than any sensible duration text; keeps numbers small. */
const maxLength = 100;

/** A number with a unit; digits on one side of the dot suffice. */
const part = /([0-9]*)(?:\.([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;

/**
 * A duration as Go's `time.ParseDuration` reads it (`24h`, `1h30m`, `90s`, `-1.5h`), in nanoseconds; undefined for
 * anything else.
 */
export function parseDuration(text: string): bigint | undefined {
  const negative = text.startsWith('-');
  const unsigned = negative || text.startsWith('+') ? text.slice(1) : text;
  if (unsigned === '0') return 0n;
  if (unsigned === '' || text.length > maxLength) return undefined;
  let total = 0n;
  part.lastIndex = 0;
  while (part.lastIndex < unsigned.length) {
    const match = part.exec(unsigned);
    const value = match === null ? undefined : valueOf(match[1] ?? '', match[2] ?? '', match[3] ?? '');
    if (value === undefined) return undefined;
    total += value;
  }
  if (total > longest) return undefined;
  return negative ? -total : total;
}

function valueOf(whole: string, fraction: string, unit: string): bigint | undefined {
  const factor = nanosecondsPer.get(unit);
  if (factor === undefined || whole + fraction === '') return undefined;
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(whole + fraction) * factor) / scale;
}
