// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import {
  addReferrers,
  descriptorsOf,
  emptyReferrersIndex,
  encodeReferrersIndex,
  parseReferrersIndex,
  referrersTag,
  removeReferrers,
} from '../../../shared/oci/referrers.ts';
import { digestOf, parseDigest } from '../../../shared/primitives/digest.ts';

const imageManifest = 'application/vnd.oci.image.manifest.v1+json';
const signature: Descriptor = {
  mediaType: imageManifest,
  digest: parseDigest('sha256:39b302ae06495c82720422ab0dd187dfa35459b82b42504d8c74198479d79e30'),
  size: 728,
  annotations: {
    'org.opencontainers.image.created': '2026-11-21T08:44:31Z',
    'io.cncf.notary.x509chain.thumbprint#S256': '["f0f460930a362a57ddab64997f66fd7114bd6b1b800e212c72a79974bb742e74"]',
  },
  artifactType: 'application/vnd.cncf.notary.signature',
};

describe('referrersTag', () => {
  it('[REG-62] follows the examples of the specification, and cuts sha512', () => {
    const hex = 'a'.repeat(64);
    expect(referrersTag(parseDigest(`sha256:${hex}`))).toBe(`sha256-${hex}`);
    expect(referrersTag(parseDigest(`sha512:${'b'.repeat(128)}`))).toBe(`sha512-${'b'.repeat(64)}`);
    expect(referrersTag(parseDigest(`sha384:${'c'.repeat(96)}`))).toBe(`sha384-${'c'.repeat(64)}`);
  });
});

describe('referrers index', () => {
  it('[NP-347] [REG-63] encodes a first entry byte for byte as Notation does', () => {
    const bytes = encodeReferrersIndex(addReferrers(emptyReferrersIndex, [signature]));
    expect(bytes.length).toBe(485);
    expect(digestOf(bytes)).toBe('sha256:5512a6de41a9643b8fe75cc5afd722162bcc5de3f7dd522c4a3355be4248a5f2');
  });

  it('[REG-65] keeps foreign entries, unknown members, numbers and order', () => {
    const foreign = `{"z":1.50,"mediaType":"${imageManifest}","digest":"sha256:${'1'.repeat(64)}","size":7,"platform":{"os":"\\u003c","__proto__":[null,true]},"10":1,"9":2}`;
    const text = `{"annotations":{"b":"2","a":"1"},"schemaVersion":2,"manifests":[${foreign},{"odd":"entry"}],"more":9007199254740993}`;
    const index = parseReferrersIndex(Buffer.from(text));
    expect(Buffer.from(encodeReferrersIndex(index)).toString()).toBe(text);
    const added = Buffer.from(encodeReferrersIndex(addReferrers(index, [signature]))).toString();
    expect(
      added.startsWith(
        `{"annotations":{"b":"2","a":"1"},"schemaVersion":2,"manifests":[${foreign},{"odd":"entry"},{"mediaType"`,
      ),
    ).toBe(true);
    expect(added.endsWith('],"more":9007199254740993}')).toBe(true);
  });

  it('[REG-66] does not add what is there', () => {
    const index = addReferrers(emptyReferrersIndex, [signature, { ...signature, annotations: {} }]);
    expect(descriptorsOf(index)).toEqual([signature]);
    expect(addReferrers(index, [signature])).toBe(index);
  });

  it('removes entries and leaves those it cannot read', () => {
    const index = parseReferrersIndex(
      Buffer.from(
        `{"schemaVersion":2,"manifests":[{"odd":1},{"mediaType":"m","digest":"sha256:${'1'.repeat(64)}","size":7}]}`,
      ),
    );
    expect(removeReferrers(index, () => true).entries).toHaveLength(1);
  });

  it.each(['{"schemaVersion":2,"manifests":null}', '{"schemaVersion":2}'])(
    'reads %s as empty and writes an array',
    (text) => {
      const index = parseReferrersIndex(Buffer.from(text));
      expect(Buffer.from(encodeReferrersIndex(index)).toString()).toBe('{"schemaVersion":2,"manifests":[]}');
    },
  );

  it.each([
    '[]',
    '{}',
    '{"schemaVersion":1,"manifests":[]}',
    `{"schemaVersion":2,"mediaType":"${imageManifest}","manifests":[]}`,
    '{"schemaVersion":2,"manifests":{}}',
    '{"schemaVersion":2,"schemaVersion":2,"manifests":[]}',
    `{"schemaVersion":2,"x":${'['.repeat(40)}${']'.repeat(40)}}`,
    '{"schemaVersion":2,"manifests":[]} x',
    '{"schemaVersion":2,"a":"\xff"}',
  ])('[SEC-3] [SEC-4] refuses %s', (text) => {
    expect(() => parseReferrersIndex(Buffer.from(text, 'latin1'))).toThrow(
      expect.objectContaining({ code: 'malformed' }),
    );
  });
});
