// SPDX-License-Identifier: Apache-2.0
import { basename, resolve } from 'node:path';
import { NotaryError } from './errors.ts';
import { type ArtifactReference, isLayoutReference } from './oci/artifact-reference.ts';
import { validateRegistryScope } from './trust/registry-scope.ts';

/**
 * The registry scope by which a trust policy is asked about an artifact in an OCI image layout: a path is none (NP 13.4). The
 * one given, else `local/<name of the folder or tar file>`, which the author of the pipeline controls as much as an input.
 * Undefined for an artifact in a registry. Throws `input-invalid`, and `input-missing` when the name makes no scope.
 */
export function layoutScope(reference: ArtifactReference, given: string, workspace: string): string | undefined {
  if (!isLayoutReference(reference)) return undefined;
  if (given !== '')
    return checked(given, 'input-invalid', `{input:ociLayoutScope} ${JSON.stringify(given)} is not valid`);
  const name = basename(resolve(workspace, reference.layout)).replace(/\.tar$/, '');
  const text = `the name of the OCI image layout ${JSON.stringify(reference.layout)} makes no registry scope`;
  return checked(`local/${name}`, 'input-missing', text);
}

function checked(scope: string, code: 'input-invalid' | 'input-missing', text: string): string {
  try {
    validateRegistryScope(scope);
    return scope;
  } catch (cause) {
    throw new NotaryError(code, text, {
      hint: 'Set {input:ociLayoutScope} to a registry scope of the trust policy, such as local/my-layout.',
      cause,
    });
  }
}
