// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareOracle } from '../../scripts/peers/oracle.ts';
import { families } from '../support/mutate/families/index.ts';
import { fuzz } from '../support/mutate/fuzz.ts';
import { type Oracle, startOracle } from '../support/mutate/oracle.ts';

/** Of each family; `npm run fuzz` does any number, from any seed. */
const cases = 20_000;
const seed = 'interop';

/** Cases of which some must be accepted: a generator that only makes rubbish shows nothing. */
const leastAccepted = 0.01;

describe('decisions on mutated inputs', () => {
  let oracle: Oracle;

  beforeAll(() => {
    oracle = startOracle(prepareOracle(() => undefined));
  });

  afterAll(() => oracle.close());

  it.each(families)('$name: as the reference implementation', { timeout: 600_000 }, async (family) => {
    const { accepted, findings } = await fuzz(family, { seed, cases, oracle });
    expect(findings).toEqual([]);
    expect(accepted).toBeGreaterThan(cases * leastAccepted);
  });
});
