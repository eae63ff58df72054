// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { referencesFromDigest, referencesFromMetadata } from '../../../../shared/adapters/discovery/explicit.ts';
import { bake, buildMetadata } from '../../../support/docker-actions.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

describe('referencesFromMetadata', () => {
  it('[GH-33] gives one reference for several tags of one repository', () => {
    const text = JSON.stringify(
      buildMetadata({ digest, names: 'ghcr.io/o/app:1,ghcr.io/o/app:1.2,ghcr.io/o/app:latest' }),
    );
    expect(referencesFromMetadata(text)).toEqual([
      { reference: `ghcr.io/o/app@${digest}`, tags: ['1', '1.2', 'latest'] },
    ]);
  });

  it('[GH-34] gives one reference for each repository', () => {
    const text = JSON.stringify(buildMetadata({ digest, names: 'ghcr.io/o/app:1,docker.io/o/app:1' }));
    expect(referencesFromMetadata(text).map(({ reference }) => reference)).toEqual([
      `ghcr.io/o/app@${digest}`,
      `docker.io/o/app@${digest}`,
    ]);
  });

  it('[GH-74] takes the metadata of bake, also with a byte-order mark', () => {
    const { outputs } = bake(
      { a: { digest, names: 'ghcr.io/o/a:1' }, b: { digest: other, names: 'ghcr.io/o/b:1' } },
      {},
    );
    expect(referencesFromMetadata(`\uFEFF${outputs['metadata'] ?? ''}`).map(({ reference }) => reference)).toEqual([
      `ghcr.io/o/a@${digest}`,
      `ghcr.io/o/b@${other}`,
    ]);
  });

  it('takes a name without a tag', () => {
    const text = JSON.stringify(buildMetadata({ digest, names: 'ghcr.io/o/app' }));
    expect(referencesFromMetadata(text)).toEqual([{ reference: `ghcr.io/o/app@${digest}`, tags: [] }]);
  });

  it('[GH-43] refuses the id of a local image', () => {
    const text = JSON.stringify(buildMetadata({ digest, configDigest: digest, names: 'ghcr.io/o/app:1' }));
    expect(() => referencesFromMetadata(text)).toThrow(/id of a local image/);
  });

  it.each([
    ['no JSON', 'digest: x'],
    ['no digest', '{"image.name":"ghcr.io/o/app:1"}'],
    ['no name', JSON.stringify(buildMetadata({ digest }))],
    ['a broken digest', JSON.stringify(buildMetadata({ digest: 'sha256:1', names: 'ghcr.io/o/app:1' }))],
  ])('names the input when there is %s', (_, text) => {
    expect(() => referencesFromMetadata(text)).toThrow(/\{input:imageMetadata\}/);
  });
});

describe('referencesFromDigest', () => {
  it('names the digest in every repository, once', () => {
    const names = ['ghcr.io/o/app', 'localhost:5000/app', 'ghcr.io/o/app'];
    expect(referencesFromDigest(digest, names)).toEqual([`ghcr.io/o/app@${digest}`, `localhost:5000/app@${digest}`]);
  });

  it('says which of the two inputs is missing', () => {
    expect(() => referencesFromDigest(digest, [])).toThrow('{input:digest} is given without {input:repository}');
    expect(() => referencesFromDigest('', ['ghcr.io/o/app'])).toThrow(
      '{input:repository} is given without {input:digest}',
    );
  });

  it('refuses a digest or a repository that is none', () => {
    expect(() => referencesFromDigest('sha256:1', ['ghcr.io/o/app'])).toThrow(/invalid digest/);
    expect(() => referencesFromDigest(digest, ['ghcr.io/Owner/App'])).toThrow(/invalid repository/);
    expect(() => referencesFromDigest(digest, ['ghcr.io/o/app:1'])).toThrow(/invalid repository/);
  });
});
