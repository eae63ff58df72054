// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { findInArtifactsList } from '../../../../shared/adapters/discovery/github-artifacts-list.ts';
import { referenceOf } from '../../../../shared/adapters/discovery/candidate.ts';
import { NotaryError } from '../../../../shared/errors.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

function list(...subjects: unknown[]): string {
  return JSON.stringify({ version: 1, subjects });
}

describe('findInArtifactsList', () => {
  it('[GH-49] tells unset, switched off and empty apart, none of them an error', () => {
    const states = [undefined, '', list()].map((text) => findInArtifactsList(text));
    expect(states.map(({ candidates }) => candidates.length)).toEqual([0, 0, 0]);
    expect(states.map(({ state }) => state)).toEqual([
      'not set: this runner does not have it',
      'off: the runner keeps no list',
      'empty: no step has declared an artifact',
    ]);
  });

  it('[GH-51] takes two images, and leaves a file out', () => {
    const found = findInArtifactsList(
      list(
        { name: 'app.tar', digest, kind: 'file' },
        { name: 'ghcr.io/O/App:1.2', digest, kind: 'oci' },
        { name: 'localhost:5000/tool', digest: `sha512:${'c'.repeat(128)}`, kind: 'oci' },
      ),
    );
    expect(found.candidates.map(referenceOf)).toEqual([
      `ghcr.io/o/app@${digest}`,
      `localhost:5000/tool@sha512:${'c'.repeat(128)}`,
    ]);
    expect(found.candidates[0]?.tags).toEqual(['1.2']);
    expect(found.rejected).toEqual([{ what: 'app.tar', source: 'artifacts-list', reason: 'a file, not an image' }]);
  });

  it.each([
    ['a byte-order mark', `\uFEFF${list()}`, /byte-order mark/],
    ['bad JSON', '{"version":1', /not JSON/],
    ['a list that is no object', '[]', /not a JSON object/],
    ['version 2', '{"version":2,"subjects":[]}', /version is 2, not 1/],
    ['no version', '{"subjects":[]}', /version is missing, not 1/],
    ['a missing array', '{"version":1}', /no array "subjects"/],
    ['an unknown kind', list({ name: 'x', digest, kind: 'npm' }), /"x" is of the unknown kind "npm"/],
    [
      'a short hex',
      list({ name: 'ghcr.io/o/app', digest: 'sha256:abc', kind: 'oci' }),
      /"ghcr\.io\/o\/app": invalid digest/,
    ],
    ['no digest', list({ name: 'ghcr.io/o/app', kind: 'oci' }), /has no digest/],
    ['no name', list({ digest, kind: 'oci' }), /subject 1 has no name/],
    ['a subject that is no object', list(null), /subject 1 has no name/],
    [
      'a name conflict',
      list({ name: 'g.io/a', digest, kind: 'oci' }, { name: 'g.io/a', digest: other, kind: 'oci' }),
      /has two digests/,
    ],
    ['a name that is none', list({ name: 'https://x', digest, kind: 'oci' }), /is not the name of an image/],
    [
      'too many subjects',
      list(...Array.from({ length: 501 }, (_, n) => ({ name: `f${n}`, digest, kind: 'file' }))),
      /more than 500/,
    ],
  ])('[GH-50] refuses %s', (_, text, message) => {
    expect(() => findInArtifactsList(text)).toThrow(NotaryError);
    expect(() => findInArtifactsList(text)).toThrow(message);
  });
});
