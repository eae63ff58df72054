// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { families } from '../support/mutate/families/index.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Of each family; `npm run fuzz` does any number, from any seed. */
const cases = 20_000;

/** Of cases, so many must at least be accepted: a generator that makes nothing but rubbish shows nothing. */
const leastAccepted = cases / 200;

/** On a busy machine; half a minute is usual. */
const timeout = 900_000;

/** A process of its own for each family, so that two cores are used. */
async function fuzz(family: string): Promise<string> {
  const args = ['scripts/fuzz.ts', '--family', family, '--cases', String(cases), '--seed', 'interop'];
  try {
    return (await run(process.execPath, args, { cwd: root })).stdout;
  } catch (thrown) {
    throw new Error((thrown as { stdout?: string }).stdout, { cause: thrown });
  }
}

describe.concurrent('decisions on mutated inputs', () => {
  it.for(families.map(({ name }) => name))(
    '%s: as the reference implementation',
    { timeout },
    async (family, { expect: expectHere }) => {
      const output = await fuzz(family);
      expectHere(output).toContain(`${family}: ${cases} cases`);
      expectHere(output).toContain(`${cases} cases, 0 findings`);
      const accepted = Number(/ (\d+) accepted/.exec(output)?.[1]);
      expectHere(accepted).toBeGreaterThan(leastAccepted);
    },
  );
});

describe('the oracle', () => {
  it('has families of every kind that decides', () => {
    const kinds = families.map(({ oracle }) => oracle);
    expect([...new Set(kinds)].sort()).toEqual(
      [
        ...[
          'certificate',
          'certificate-file',
          'chain',
          'encoding',
          'envelope',
          'identity',
          'path',
          'policy',
          'revocation',
        ],
        ...['manifest', 'plugin', 'timestamp-response', 'timestamp-token', 'verification'],
      ].sort(),
    );
  });
});
