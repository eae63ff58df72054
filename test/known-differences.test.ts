// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families } from './support/mutate/families/index.ts';
import { knownDifferences } from './support/mutate/known-differences.ts';

const decisions = readFileSync(join(import.meta.dirname, '../docs/decisions.md'), 'utf8');
const rows = decisions.split('\n').map((line) => line.split('|')[1]?.trim());

describe('differences that the comparison with the reference recognises', () => {
  it.each(knownDifferences)('$name: has a row in docs/decisions.md, and families', ({ name, families: names }) => {
    expect(rows).toContain(name);
    expect(families.map((family) => family.name)).toEqual(expect.arrayContaining([...names]));
  });
});
