// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJwsPayload } from '../../../shared/envelope/jws-sign.ts';
import { addUserMetadata, encodePayload, parsePayload, parseUserMetadata } from '../../../shared/envelope/payload.ts';
import { NotaryError } from '../../../shared/errors.ts';
import type { Descriptor } from '../../../shared/oci/descriptor.ts';
import { digestOf } from '../../../shared/primitives/digest.ts';
import { expectError } from '../../support/expect-error.ts';

const descriptor: Descriptor = {
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: digestOf(new Uint8Array()),
  size: 481,
};
const digest = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const mediaType = 'application/vnd.oci.image.manifest.v1+json';

function coseText(value: Descriptor): string {
  return Buffer.from(encodePayload(value)).toString();
}

function jwsText(value: Descriptor): string {
  return Buffer.from(encodeJwsPayload(encodePayload(value))).toString();
}

function withMetadata(entries: Readonly<Record<string, string>>): Descriptor {
  return addUserMetadata(descriptor, new Map(Object.entries(entries)));
}

describe('encodePayload', () => {
  it('[NP-1] [NP-8] writes media type, digest and size in this order and nothing else', () => {
    expect(coseText(descriptor)).toBe(
      `{"targetArtifact":{"mediaType":"${mediaType}","digest":"${digest}","size":481}}`,
    );
    expect(coseText({ ...descriptor, annotations: {} })).toBe(coseText(descriptor));
  });

  it('[NP-2] sorts the keys in a JWS payload', () => {
    expect(jwsText(descriptor)).toBe(`{"targetArtifact":{"digest":"${digest}","mediaType":"${mediaType}","size":481}}`);
  });

  it('[NP-3] leaves out all other members of a descriptor', () => {
    const whole = {
      ...descriptor,
      urls: ['https://example.com'],
      data: 'AAAA',
      platform: { os: 'linux', architecture: 'amd64' },
      artifactType: 'a/b',
    };
    expect(coseText(whole)).toBe(coseText(descriptor));
  });

  it('[NP-4] writes annotations last with their keys sorted by bytes', () => {
    expect(coseText(withMetadata({ b: '2', a: '1' }))).toMatch(/"size":481,"annotations":\{"a":"1","b":"2"\}\}\}$/);
    // U+FF21 sorts before U+1F600 by bytes, after it by UTF-16 units
    expect(coseText(withMetadata({ '😀': '2', Ａ: '1' }))).toContain('{"Ａ":"1","😀":"2"}');
  });

  it('[NP-5] writes annotations first in a JWS payload', () => {
    expect(jwsText(withMetadata({ b: '2', a: '1' }))).toMatch(
      /^\{"targetArtifact":\{"annotations":\{"a":"1","b":"2"\},/,
    );
  });

  it('[NP-6] [NP-7] escapes as Go does', () => {
    const text = coseText(withMetadata({ key: '<&>\u2028\u2029/\u007f\b\u0001' }));
    expect(text).toContain('"key":"\\u003c\\u0026\\u003e\\u2028\\u2029/\u007f\\b\\u0001"');
    expect(jwsText(withMetadata({ key: '<' }))).toContain('"\\u003c"');
  });
});

describe('addUserMetadata', () => {
  it.each(['io.cncf.notary.x', 'io.cncf.notaryfoo', 'io.cncf.notary'])('[NP-9] [NP-10] refuses the key %s', (key) => {
    expectError(
      () => withMetadata({ [key]: '1' }),
      'input-invalid',
      `error adding user metadata: metadata key ${key} has reserved prefix io.cncf.notary`,
    );
  });

  it('takes keys that differ from the reserved prefix by case', () => {
    expect(withMetadata({ 'IO.cncf.notary.x': '1' }).annotations).toEqual({ 'IO.cncf.notary.x': '1' });
  });

  it('[NP-11] refuses the key of an annotation', () => {
    expectError(
      () => addUserMetadata({ ...descriptor, annotations: { a: '0' } }, new Map([['a', '1']])),
      'input-invalid',
      'error adding user metadata: metadata key a is already present in the target artifact',
    );
  });

  it('keeps annotations and takes __proto__ for an ordinary key', () => {
    const result = addUserMetadata({ ...descriptor, annotations: { a: '0' } }, new Map([['__proto__', '1']]));
    expect(coseText(result)).toContain('"annotations":{"__proto__":"1","a":"0"}');
  });
});

describe('parseUserMetadata', () => {
  it.each([
    ['NP-12', 'key'],
    ['NP-13', 'k='],
    ['NP-14', '=v'],
  ])('[%s] refuses %j and names the input', (_, line) => {
    expectError(
      () => parseUserMetadata([line]),
      'input-invalid',
      `could not parse {input:userMetadata}: key-value pair requires "=" as separator, got "${line}"`,
    );
  });

  it('[NP-15] splits at the first equals sign', () => {
    expect(parseUserMetadata(['k=a=b'])).toEqual(new Map([['k', 'a=b']]));
  });

  it('[NP-16] lets the last of equal keys win', () => {
    expect(parseUserMetadata(['k=1', 'k=2'])).toEqual(new Map([['k', '2']]));
  });
});

describe('parsePayload', () => {
  const target = (members: string) => parsePayload(Buffer.from(`{"targetArtifact":{${members}}}`)).targetArtifact;

  it('reads back what was written', () => {
    const annotations = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(annotations, fc.nat(), (values, size) => {
        const read = parsePayload(encodePayload({ ...descriptor, size, annotations: values })).targetArtifact;
        expect(read).toEqual({ mediaType, digest, size, annotations: new Map(Object.entries(values)) });
      }),
    );
  });

  it('matches members by any case, ignores unknown ones and lets missing ones be empty', () => {
    expect(target('"MEDIAType":"a/b","ſize":3,"other":[1]')).toEqual({
      mediaType: 'a/b',
      digest: '',
      size: 3,
      annotations: new Map(),
    });
    expect(parsePayload(Buffer.from('{}')).targetArtifact).toEqual(target(''));
    expect(parsePayload(Buffer.from('null')).targetArtifact).toEqual(target(''));
  });

  it('merges repeated objects and keeps the last of repeated members', () => {
    const text =
      '{"targetArtifact":{"size":1,"digest":"a","annotations":{"a":"1"}},"targetartifact":{"size":2,"annotations":{"b":null}}}';
    expect(parsePayload(Buffer.from(text)).targetArtifact).toEqual({
      mediaType: '',
      digest: 'a',
      size: 2,
      annotations: new Map([
        ['a', '1'],
        ['b', ''],
      ]),
    });
  });

  it.each([
    '"size":481.0',
    '"size":4.81e2',
    '"size":"481"',
    '"size":9223372036854775808',
    '"size":9007199254740993',
    '"mediaType":1',
    '"digest":[]',
    '"annotations":{"a":1}',
    '"annotations":[]',
    '"urls":[1]',
    '"data":"_"',
    '"platform":{"os":1}',
    '"platform":[]',
    '"artifactType":{}',
  ])('refuses %s', (members) => {
    expectError(() => target(members), 'malformed', /./);
  });

  it.each(['', '[]', '{} x', '{"targetArtifact":[]}', '{"targetArtifact":{}'])('refuses the document %j', (text) => {
    expectError(() => parsePayload(Buffer.from(text)), 'malformed', /./);
  });

  it('never throws anything else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            parsePayload(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(NotaryError);
          }
        },
      ),
    );
  });
});
