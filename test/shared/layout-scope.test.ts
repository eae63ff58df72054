// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { layoutScope } from '../../shared/layout-scope.ts';
import { parseArtifactReference } from '../../shared/oci/artifact-reference.ts';

function scopeOf(reference: string, given = '', workspace = '/builds/space'): string | undefined {
  return layoutScope(parseArtifactReference(reference), given, workspace);
}

describe('layoutScope', () => {
  it.each([
    ['oci-layout:out/app:v1', '', 'local/app'],
    ['oci-layout:out/app.tar', '', 'local/app'],
    ['oci-layout:out/app/', '', 'local/app'],
    ['oci-layout:.:v1', '', 'local/space'],
    ['oci-layout:out/App:v1', 'local/app', 'local/app'],
    ['oci-layout:out/app:v1', 'registry.example/team/app', 'registry.example/team/app'],
  ])('of %s with %j is %s', (reference, given, scope) => {
    expect(scopeOf(reference, given)).toBe(scope);
  });

  it('is of layouts only', () => {
    expect(scopeOf('registry.example/app:v1', 'local/app')).toBeUndefined();
  });

  it.each([
    ['oci-layout:out/App:v1', '', 'input-missing'],
    ['oci-layout:/:v1', '', 'input-missing'],
    ['oci-layout:out/app', '*', 'input-invalid'],
    ['oci-layout:out/app', 'app', 'input-invalid'],
  ])('of %s with %j is refused', (reference, given, code) => {
    expect(() => scopeOf(reference, given)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
