// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Vector = readonly [id: number, comment: string, message: string, signature: string, valid: boolean];

interface Vectors {
  readonly groups: readonly { readonly key: string; readonly tests: readonly Vector[] }[];
}

/** What a file of test/fixtures/wycheproof says of its signatures, and what was decided. */
export interface WycheproofResult {
  readonly count: number;
  /** Tests that are valid, those that were accepted, and those decided otherwise than they say; by number and comment. */
  readonly valid: readonly string[];
  readonly accepted: readonly string[];
  readonly wrong: readonly string[];
}

/** Decides all signatures of a file. */
export function wycheproof(
  file: string,
  decide: (key: KeyObject, message: Uint8Array, signature: Uint8Array) => boolean,
): WycheproofResult {
  const path = join(import.meta.dirname, `../fixtures/wycheproof/${file}.json`);
  const { groups } = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
  const decided = groups.flatMap(({ key: pem, tests }) => {
    const key = createPublicKey(pem);
    return tests.map(([id, comment, message, signature, valid]) => {
      const accepted = decide(key, Buffer.from(message, 'hex'), Buffer.from(signature, 'hex'));
      return { name: `${id}: ${comment}`, valid, accepted };
    });
  });
  const names = (wanted: (each: (typeof decided)[number]) => boolean) => decided.filter(wanted).map(({ name }) => name);
  return {
    count: decided.length,
    valid: names(({ valid }) => valid),
    accepted: names(({ accepted }) => accepted),
    wrong: names(({ valid, accepted }) => valid !== accepted),
  };
}
