// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { nameOf, parseArtifactReference, tagOrDigestOf } from '../../../shared/oci/artifact-reference.ts';
import { parseLayoutReference } from '../../../shared/oci/layout-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseLayoutReference', () => {
  it.each([
    ['oci-layout:out', { layout: 'out' }],
    ['oci-layout:out:v1', { layout: 'out', tag: 'v1' }],
    [`oci-layout:out@${digest}`, { layout: 'out', digest }],
    ['oci-layout:./a:b/c.tar:v1', { layout: './a:b/c.tar', tag: 'v1' }],
    ['oci-layout:./a:b/c', { layout: './a:b/c' }],
    [`oci-layout:/home/a@b/out@${digest}`, { layout: '/home/a@b/out', digest }],
    ['oci-layout:/home/a@b/out:v1', { layout: '/home/a@b/out', tag: 'v1' }],
    ['oci-layout:C:\\work\\out', { layout: 'C:\\work\\out' }],
    ['oci-layout:C:\\work\\out:v1', { layout: 'C:\\work\\out', tag: 'v1' }],
    ['oci-layout:out:docker.io_app', { layout: 'out', tag: 'docker.io_app' }],
  ])('reads %s', (text, reference) => {
    expect(parseLayoutReference(text)).toEqual(reference);
  });

  it.each([
    ['oci-layout:', 'missing oci-layout file path'],
    ['oci-layout::v1', 'missing oci-layout file path'],
    [`oci-layout:@${digest}`, 'missing oci-layout file path'],
    ['oci-layout:out:', 'invalid tag ""'],
    [`oci-layout:out:${'a'.repeat(513)}`, 'invalid tag'],
    ['oci-layout:out@sha256:abc', 'invalid digest "sha256:abc"'],
    ['oci-layout:out@v1', 'invalid digest "v1"'],
    ['oci-layout:a\0b:v1', 'a path cannot contain NUL'],
    [`oci-layout:${'a'.repeat(5000)}`, 'longer than 4096 characters'],
    ['out:v1', 'it does not begin with oci-layout:'],
  ])('refuses %s', (text, reason) => {
    expect(() => parseLayoutReference(text)).toThrow(reason);
    expect(() => parseLayoutReference(text)).toThrow(/Expecting oci-layout:<path>:<tag>/);
  });
});

describe('parseArtifactReference', () => {
  it('tells layouts from registries by the prefix', () => {
    const layout = parseArtifactReference('oci-layout:out:v1');
    expect([nameOf(layout), tagOrDigestOf(layout)]).toEqual(['oci-layout:out', 'v1']);
    const image = parseArtifactReference(`reg.example/oci-layout@${digest}`);
    expect([nameOf(image), tagOrDigestOf(image)]).toEqual(['reg.example/oci-layout', digest]);
    expect(tagOrDigestOf(parseArtifactReference('oci-layout:out'))).toBe('');
  });
});
