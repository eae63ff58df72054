// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goProgram } from './go-program.ts';
import { peersFolder } from './peer.ts';
import { output } from './program.ts';

/** The conformance suite of the OCI distribution specification, as it stood after version 1.1.1. */
const source = {
  url: 'https://github.com/opencontainers/distribution-spec',
  commit: '967efdc079b91785ad18c77cc4f8991a47feefbf',
};

/**
 * Builds the conformance suite into `.interop/conformance`, or takes the program that INTEROP_CONFORMANCE names. It is
 * built from its repository, because the suite of that time is in no released module. Needs git and Go.
 */
export function prepareConformance(say: (line: string) => void): string {
  const given = process.env['INTEROP_CONFORMANCE'] ?? '';
  if (given !== '') return given;
  const folder = join(peersFolder, 'conformance');
  const checkout = join(folder, 'source');
  const mark = join(checkout, 'commit');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== source.commit) {
    say(`fetching ${source.url} at ${source.commit}`);
    rmSync(checkout, { recursive: true, force: true });
    mkdirSync(checkout, { recursive: true });
    output('git', ['init', '-q'], { cwd: checkout });
    // The commit's own name is the checksum of everything in it.
    output('git', ['fetch', '-q', '--depth', '1', source.url, source.commit], { cwd: checkout });
    output('git', ['checkout', '-q', source.commit], { cwd: checkout });
    writeFileSync(mark, source.commit);
  }
  return goProgram('conformance', { package: '.', module: join(checkout, 'conformance') }, folder, say);
}
