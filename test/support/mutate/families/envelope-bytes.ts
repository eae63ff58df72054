// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { envelopeMediaTypes } from '../../../../shared/envelope/content.ts';
import { mutateBytes } from '../bytes.ts';
import type { Family } from '../family.ts';
import { envelopeCase } from './envelope-decision.ts';

const vectors = join(import.meta.dirname, '../../../fixtures/vectors');

interface Vector {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

let loaded: readonly Vector[] | undefined;

/** The conformance vectors with a few bytes changed. */
export const envelopeBytes: Family = {
  name: 'envelope-bytes',
  oracle: 'envelope',
  generate: (random) => {
    const { mediaType, bytes } = random.pick((loaded ??= load()));
    return envelopeCase(mediaType, mutateBytes(random, bytes));
  },
};

function load(): Vector[] {
  return ['accepted', 'rejected', 'valid'].flatMap((folder) =>
    readdirSync(join(vectors, folder))
      .sort()
      .flatMap((name) => {
        const mediaType = { '.jws': envelopeMediaTypes.jws, '.cose': envelopeMediaTypes.cose }[extname(name)];
        return mediaType === undefined ? [] : [{ mediaType, bytes: readFileSync(join(vectors, folder, name)) }];
      }),
  );
}
