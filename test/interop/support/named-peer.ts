// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Variables that name a program which no package registry offers (CONTRIBUTING.md). */
export type PeerVariable = 'NOTATION_V2_BINARY' | 'ZOT_BINARY';

/**
 * A suite against the program that a variable names. Without the variable the suite is one test, whose title and output
 * say that nothing was run and why. Throws when the variable names something that cannot be run.
 */
export function describeWithPeer(variable: PeerVariable, title: string, define: (program: string) => void): void {
  const program = namedPeer(variable);
  if (program !== undefined) {
    describe(title, () => {
      define(program);
    });
    return;
  }
  const notRun = `not run: ${title} (${variable} names no program)`;
  it(notRun, () => {
    console.warn(notRun);
    expect(process.env[variable] ?? '').toBe('');
  });
}

/** Path of the program that a variable names; undefined when it is not set. */
export function namedPeer(variable: PeerVariable): string | undefined {
  const program = process.env[variable] ?? '';
  if (program === '') return undefined;
  try {
    accessSync(program, constants.X_OK);
  } catch (cause) {
    throw new Error(`${variable} names ${program}, which is not a program that can be run.`, { cause });
  }
  return program;
}
