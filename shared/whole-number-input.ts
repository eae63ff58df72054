// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from './errors.ts';
import type { InputReader } from './input-reader.ts';
import type { InputName } from './inputs.ts';

/** Both ends included. */
export interface Limits {
  readonly least: number;
  readonly most: number;
}

/** Signatures of one artifact: more would keep a job busy for the sake of whoever can push referrers. */
export const signatureLimits: Limits = { least: 1, most: 10_000 };

/** Days of a warning: more than ten years is a mistake. */
export const dayLimits: Limits = { least: 0, most: 3_650 };

/** A whole number within limits, in digits; undefined when it is not given. A wrong one goes to the reader. */
export function wholeNumberInput(reader: InputReader, name: InputName, { least, most }: Limits): number | undefined {
  const text = reader.text(name);
  if (text === '') return undefined;
  // More digits than any limit has would lose their exactness.
  if (/^[0-9]{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  reader.report(
    new NotaryError(
      'input-invalid',
      `{input:${name}} must be a whole number from ${least} to ${most}. Got ${JSON.stringify(shown)}`,
    ),
  );
  return undefined;
}
