// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';

/** How deep causes are followed; libraries nest three or four. */
const maxCauses = 6;

/** What failed and what to do, as one text of few lines. */
export function failureText(thrown: unknown): string {
  if (!(thrown instanceof NotaryError)) {
    return `internal error: ${messageOf(thrown)}\nThis is a defect of the tool: please report it with the log of this step.`;
  }
  return thrown.hint === undefined ? thrown.message : `${thrown.message}\n${thrown.hint}`;
}

/** The chain of causes below a failure, one a line, for the debug log. */
export function causesOf(thrown: unknown): string[] {
  const causes: string[] = [];
  let current = thrown instanceof Error ? thrown.cause : undefined;
  while (current !== undefined && causes.length < maxCauses) {
    causes.push(`caused by: ${messageOf(current)}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return causes;
}
