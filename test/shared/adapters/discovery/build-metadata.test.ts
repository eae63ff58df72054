// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isImageId, parseBuildMetadata } from '../../../../shared/adapters/discovery/build-metadata.ts';
import { NotaryError } from '../../../../shared/errors.ts';
import { buildMetadata } from '../../../support/docker-actions.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;

describe('parseBuildMetadata', () => {
  it('reads one build', () => {
    const text = JSON.stringify(buildMetadata({ digest, names: 'ghcr.io/o/app:1,ghcr.io/o/app:2' }));
    const [build] = parseBuildMetadata(text);
    expect(build).toMatchObject({ target: undefined, digest, isManifest: true, configDigest: undefined });
    expect(build?.names.map(({ tag }) => tag)).toEqual(['1', '2']);
  });

  it('reads a bake, and takes no warning for a target', () => {
    const targets = { app: buildMetadata({ digest }), 'buildx.build.warnings': [{}], 'buildx.build.x': {} };
    expect(parseBuildMetadata(`\uFEFF${JSON.stringify(targets)}`).map(({ target }) => target)).toEqual(['app']);
  });

  it('keeps a target named __proto__ an ordinary target', () => {
    const text = `{"__proto__":${JSON.stringify(buildMetadata({ digest, names: 'ghcr.io/o/app:1' }))}}`;
    expect(parseBuildMetadata(text)).toMatchObject([{ target: '__proto__', digest }]);
  });

  it('[GH-45] leaves out names of dangling images', () => {
    const text = JSON.stringify(buildMetadata({ digest, names: `moby-dangling@${digest},ghcr.io/o/app:1` }));
    expect(parseBuildMetadata(text)[0]?.names).toMatchObject([{ repository: 'o/app' }]);
  });

  it.each(['', 'null', '[]', '"x"', '{', JSON.stringify({ 'containerimage.digest': 'sha256:short' })])(
    'refuses %s',
    (text) => {
      expect(() => parseBuildMetadata(text)).toThrow(NotaryError);
    },
  );

  it('takes anything else as a NotaryError or as builds without a digest', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          for (const build of parseBuildMetadata(JSON.stringify(value))) expect(build.names).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
    );
  });
});

describe('isImageId', () => {
  const parse = (build: Parameters<typeof buildMetadata>[0]) =>
    parseBuildMetadata(JSON.stringify(buildMetadata(build)))[0];

  it.each([
    ['the digest of the configuration', { digest, configDigest: digest }, undefined, true],
    ['the image id, without a descriptor', { digest, descriptor: false }, digest, true],
    ['the image id of an index, which has a descriptor', { digest }, digest, false],
    ['another one', { digest, configDigest: other }, other, false],
    ['not compared', { digest, descriptor: false }, undefined, false],
  ])('[GH-43] %s', (_, build, imageId, expected) => {
    const parsed = parse(build);
    expect(parsed !== undefined && isImageId(parsed, imageId)).toBe(expected);
  });
});
