// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { nameOf } from '../../../shared/oci/artifact-reference.ts';
import { copyAt, parseCopyDestination } from '../../../shared/oci/copy-destination.ts';
import { type Digest, digestOf } from '../../../shared/primitives/digest.ts';

const digest: Digest = digestOf(Buffer.from('x'));
const source = { registry: 'dev.example', repository: 'team/app', digest };

describe('parseCopyDestination', () => {
  it.each([
    ['prod.example/app', 'prod.example/app', undefined],
    ['prod.example:5000/a/b:v1', 'prod.example:5000/a/b', 'v1'],
    ['prod.example/*', 'prod.example/team/app', undefined],
    ['prod.example/*:v1', 'prod.example/team/app', 'v1'],
    ['prod.example:5000/mirror/*', 'prod.example:5000/mirror/team/app', undefined],
    ['prod.example/repository/*', 'prod.example/repository/team/app', undefined],
    ['oci-layout:out', 'oci-layout:out', undefined],
    ['oci-layout:out/x:v1', 'oci-layout:out/x', 'v1'],
  ])('%s is %s for team/app', (text, name, tag) => {
    const destination = parseCopyDestination(text);
    expect(nameOf(copyAt(destination, source, digest))).toBe(name);
    expect(copyAt(destination, source, digest).digest).toBe(digest);
    expect(destination.tag).toBe(tag);
  });

  it.each(['app', 'prod.example', 'prod.example/', 'prod.example/A', 'prod.example/*/app', 'prod.example/a*', '*/app'])(
    'refuses %s',
    (text) => {
      expect(() => parseCopyDestination(text)).toThrow(expect.objectContaining({ code: 'reference-invalid' }));
    },
  );

  it.each([`prod.example/app@${digest}`, `prod.example/*@${digest}`, `oci-layout:out@${digest}`])(
    'refuses a digest: %s',
    (text) => {
      expect(() => parseCopyDestination(text)).toThrow('a copy has the digest of its artifact');
    },
  );

  it('has no repository for an artifact of a layout below a star', () => {
    const destination = parseCopyDestination('prod.example/*');
    expect(() => copyAt(destination, { layout: 'out', digest }, digest)).toThrow('names no repository');
  });
});
