// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { artifactTypeOf, manifestTypes, parseManifest } from '../../../shared/oci/manifest.ts';
import { expectError } from '../../support/expect-error.ts';

const hex = '0'.repeat(64);
const entry = { mediaType: manifestTypes.image, digest: `sha256:${hex}`, size: 3 };

function parse(document: unknown, mediaType: string = manifestTypes.image) {
  return parseManifest(Buffer.from(JSON.stringify(document)), mediaType);
}

describe('parseManifest', () => {
  it('reads the platforms of an index and tells attestations apart', () => {
    const attestation = { ...entry, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } };
    const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
    const index = parse({ schemaVersion: 2, manifests: [{ ...entry, platform }, attestation] }, manifestTypes.index);
    expect(index.kind === 'index' && index.manifests).toMatchObject([
      { platform: 'linux/arm/v7', attestation: false, digest: entry.digest },
      { attestation: true },
    ]);
  });

  it('reads Docker types', () => {
    expect(
      parse({ schemaVersion: 2, mediaType: manifestTypes.dockerList, manifests: [] }, manifestTypes.dockerList).kind,
    ).toBe('index');
    expect(parse({ schemaVersion: 2, config: entry, layers: [entry] }, manifestTypes.dockerImage).kind).toBe('image');
  });

  it('[REG-63] takes the artifact type of a listing from the manifest or its config', () => {
    const config = { ...entry, mediaType: 'application/x.config' };
    expect(artifactTypeOf(parse({ schemaVersion: 2, config, layers: [] }))).toBe('application/x.config');
    expect(artifactTypeOf(parse({ schemaVersion: 2, artifactType: 'a/b', config, layers: [] }))).toBe('a/b');
    expect(artifactTypeOf(parse({ schemaVersion: 2, manifests: [] }, manifestTypes.index))).toBeUndefined();
  });

  it('[SEC-17] refuses what contradicts its media type or can be read in two ways', () => {
    expect(() => parse({ schemaVersion: 2, mediaType: manifestTypes.index, layers: [] })).toThrow(
      'but it was served as',
    );
    expect(() => parse({ schemaVersion: 2, manifests: [], layers: [] }, manifestTypes.index)).toThrow(
      'as an image and as an index',
    );
    expect(() => parse({ schemaVersion: 2, manifests: [], config: entry })).toThrow('as an image and as an index');
  });

  it('[SEC-4] keeps __proto__ an ordinary key', () => {
    const manifest = parseManifest(
      Buffer.from('{"schemaVersion":2,"annotations":{"__proto__":"x","constructor":"y"}}'),
      manifestTypes.image,
    );
    expect(Object.entries(manifest.annotations)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(manifest.annotations)).toBeNull();
  });

  it.each([
    ['"Layers":[]', 'Layers', 'layers'],
    ['"layer\u017f":[]', 'layer\u017f', 'layers'],
    ['"subject":{"mediaType":"a/b","digest":"x","SIZE":1}', 'SIZE', 'size'],
    ['"layers":[{"MediaType":"a/b"}]', 'MediaType', 'mediaType'],
  ])('[SEC-17] refuses %s, which only some readers take for that member', (member, key, name) => {
    const text = `{"schemaVersion":2,"annotations":{"Layers":"x"},${member}}`;
    expectError(
      () => parseManifest(Buffer.from(text), manifestTypes.image),
      'malformed',
      new RegExp(`^member "${key}" could be read as ${name} \\(line 1, column \\d+\\)$`),
    );
  });

  it.each(['"urls":"x"', '"urls":[1]', '"data":"-"', '"platform":[]', '"platform":{"os":1}'])(
    '[SEC-16] refuses a descriptor with %s, though it is not read',
    (member) => {
      const layer = `{"mediaType":"a/b","digest":"sha256:${'0'.repeat(64)}","size":1,${member}}`;
      const text = `{"schemaVersion":2,"layers":[${layer}]}`;
      expect(() => parseManifest(Buffer.from(text), manifestTypes.image)).toThrow(NotaryError);
    },
  );

  it('[SEC-3] refuses depth and size beyond its limits', () => {
    const deep = `{"schemaVersion":2,"x":${'['.repeat(9_000)}${']'.repeat(9_000)}}`;
    expect(() => parseManifest(Buffer.from(deep), manifestTypes.image)).toThrow('nested deeper than 32 levels');
    expect(() => parseManifest(new Uint8Array(4 * 1024 * 1024 + 1), manifestTypes.image)).toThrow(
      'at most 4194304 bytes',
    );
  });

  it('returns or throws a NotaryError for any bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            parseManifest(bytes, manifestTypes.image);
          } catch (error) {
            expect(error).toBeInstanceOf(NotaryError);
          }
        },
      ),
    );
  });
});
