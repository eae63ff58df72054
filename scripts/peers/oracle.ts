// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { goProgram } from './go-program.ts';
import { peersFolder } from './peer.ts';

const module = join(import.meta.dirname, '../../test/interop/oracle');

/** Builds the oracle, unless this very version is there, and returns its path; INTEROP_ORACLE names another one. */
export function prepareOracle(say: (line: string) => void): string {
  const given = process.env['INTEROP_ORACLE'];
  if (given !== undefined && given !== '') return given;
  mkdirSync(peersFolder, { recursive: true });
  // The simulated clock is the runtime's own, which programs may not name without being allowed to.
  const row = { package: '.', module, tags: 'faketime', linkerFlags: '-checklinkname=0' };
  return goProgram('oracle', row, join(peersFolder, 'oracle'), say);
}
