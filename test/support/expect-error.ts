// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import { type ErrorCode, NotaryError } from '../../shared/errors.ts';

/** Expects work to fail with a `NotaryError` of this code whose message is, or matches, the text. */
export function expectError(work: () => unknown, code: ErrorCode, text: string | RegExp): void {
  let thrown: unknown;
  try {
    work();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(NotaryError);
  const error = thrown as NotaryError;
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: typeof text === 'string' ? text : (expect.stringMatching(text) as unknown),
  });
}
