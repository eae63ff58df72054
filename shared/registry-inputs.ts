// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import type { InputReader } from './input-reader.ts';
import { type ArtifactReference, isLayoutReference } from './oci/artifact-reference.ts';
import { Secret } from './primitives/secret.ts';

/** What the inputs say about registries, the same for every command. */
export interface RegistrySettings {
  readonly insecureRegistries: readonly string[];
  /** A login that goes before all that can be found; without user name an identity token. */
  readonly login: { readonly username: string; readonly password: Secret } | undefined;
  /** The token of a GitHub job, for ghcr.io when nothing else is there. */
  readonly jobToken: Secret | undefined;
  /** Milliseconds to watch a referrers tag instead of the registry's own. */
  readonly referrersSettle: number | undefined;
}

/** Milliseconds of the longest watch: beyond ten minutes a job is only in the way. */
const maxSettle = 600_000;

/** Parses everything about registries; secrets are masked before anything else is done with them. */
export function parseRegistrySettings(reader: InputReader, host: Host): RegistrySettings {
  const password = secretInput(reader, host, 'registryPassword');
  const username = reader.text('registryUsername');
  if (username !== '' && password === undefined) {
    reader.report(
      new NotaryError('input-missing', '{input:registryUsername} is given without {input:registryPassword}'),
    );
  }
  return {
    insecureRegistries: reader.lines('insecureRegistries', /[\r\n,]+/),
    login: password === undefined ? undefined : { username, password },
    jobToken: secretInput(reader, host, 'githubToken'),
    referrersSettle: settleOf(reader),
  };
}

function secretInput(reader: InputReader, host: Host, name: 'registryPassword' | 'githubToken'): Secret | undefined {
  const text = reader.text(name);
  if (text === '') return undefined;
  host.mask(text);
  return new Secret(text);
}

function settleOf(reader: InputReader): number | undefined {
  const text = reader.text('referrersSettle');
  if (text === '') return undefined;
  if (/^[0-9]{1,6}$/.test(text) && Number(text) <= maxSettle) return Number(text);
  reader.report(
    new NotaryError(
      'input-invalid',
      `{input:referrersSettle} must be a number of milliseconds up to ${maxSettle}. Got ${JSON.stringify(text.slice(0, 40))}`,
      { hint: 'Use 0 where nobody else signs the same artifact at the same time.' },
    ),
  );
  return undefined;
}

/** A login given by inputs is for one registry: it must not be shown to another. Throws `input-invalid`. */
export function checkLoginRegistry(
  { login }: RegistrySettings,
  references: readonly ArtifactReference[],
  others: readonly string[] = [],
): void {
  if (login === undefined) return;
  const named = references.flatMap((each) => (isLayoutReference(each) ? [] : [each.registry]));
  const registries = new Set([...named, ...others]);
  if (registries.size < 2) return;
  throw new NotaryError(
    'input-invalid',
    `{input:registryPassword} is for one registry, and the artifacts are in ${registries.size}: ${[...registries].join(', ')}`,
    { hint: 'Log in to each of them in a step before this one (docker login), or use one step for each registry.' },
  );
}
