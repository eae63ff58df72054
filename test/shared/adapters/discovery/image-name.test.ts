// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { isLoopback, parseImageName } from '../../../../shared/adapters/discovery/image-name.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseImageName', () => {
  it.each([
    ['ghcr.io/owner/app:1.2', 'ghcr.io', 'owner/app', '1.2', undefined],
    [`ghcr.io/owner/app@${digest}`, 'ghcr.io', 'owner/app', undefined, digest],
    [`ghcr.io/owner/app:1.2@${digest}`, 'ghcr.io', 'owner/app', '1.2', digest],
    ['localhost:5000/app', 'localhost:5000', 'app', undefined, undefined],
    ['localhost/app', 'localhost', 'app', undefined, undefined],
    ['127.0.0.1:5000/app:x', '127.0.0.1:5000', 'app', 'x', undefined],
    ['[::1]:5000/app:x', '[::1]:5000', 'app', 'x', undefined],
    ['alpine', 'docker.io', 'library/alpine', undefined, undefined],
    ['alpine:3', 'docker.io', 'library/alpine', '3', undefined],
    ['owner/app', 'docker.io', 'owner/app', undefined, undefined],
    ['docker.io/owner/app', 'docker.io', 'owner/app', undefined, undefined],
    ['index.docker.io/owner/app', 'docker.io', 'owner/app', undefined, undefined],
    ['registry-1.docker.io/alpine', 'docker.io', 'library/alpine', undefined, undefined],
    ['GHCR.io/Owner/App:V1', 'ghcr.io', 'owner/app', 'V1', undefined],
    [' ghcr.io/owner/app ', 'ghcr.io', 'owner/app', undefined, undefined],
  ])('normalises %s', (text, registry, repository, tag, found) => {
    expect(parseImageName(text)).toEqual({ registry, repository, tag, digest: found });
  });

  it.each([
    '',
    'ghcr.io/owner/app:',
    'ghcr.io/owner/app@sha256:abc',
    'ghcr.io/owner/app@sha256:abc\n::set-output name=x::y',
    'ghcr.io//app',
    'https://ghcr.io/owner/app',
    'ghcr.io/owner/ app',
    `${'a'.repeat(2000)}/app`,
  ])('does not take %j', (text) => {
    expect(parseImageName(text)).toBeUndefined();
  });

  it('[GH-45] does not take the name of a dangling image', () => {
    expect(parseImageName(`moby-dangling@${digest}`)).toBeUndefined();
  });
});

describe('isLoopback', () => {
  it.each(['localhost', 'localhost:5000', '127.0.0.1', '127.1.2.3:443', '[::1]:5000', 'registry.localhost'])(
    '%s is',
    (name) => {
      expect(isLoopback(name)).toBe(true);
    },
  );

  it.each(['ghcr.io', 'localhost.example.com', '127.0.0.1.example.com', '[::2]'])('%s is not', (name) => {
    expect(isLoopback(name)).toBe(false);
  });
});
