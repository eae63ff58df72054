// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { parseDigest, type Digest } from '../primitives/digest.ts';
import { quote } from '../primitives/quote.ts';

/** A repository of a registry, both as the user wrote them (`docker.io` stays `docker.io`). */
export interface RepositoryName {
  /** Host with optional port. */
  readonly registry: string;
  readonly repository: string;
}

/** An artifact in a registry: by digest, or by tag when there is no digest (NP 11.1). */
export type Reference = RepositoryName &
  ({ readonly digest: Digest; readonly tag?: never } | { readonly tag: string; readonly digest?: never });

/** Longer than every path that registries and their proxies take; keeps the scans below short. */
const maxReferenceLength = 4096;

const expecting = 'Expecting <registry>/<repository>:<tag> or <registry>/<repository>@<digest>';

/** Components of a repository name: no two alternatives start alike, so that matching takes linear time. */
const componentPattern = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const hostPattern = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/**
 * Parses `registry/repository:tag` or `registry/repository@digest`; of `repository:tag@digest` the digest counts and the
 * tag is dropped. Throws `reference-invalid` with the words of NP 11.1.
 */
export function parseReference(text: string): Reference {
  const { registry, path } = split(text);
  const at = path.indexOf('@');
  const named = at === -1 ? path : path.slice(0, at);
  const colon = named.indexOf(':');
  const repository = colon === -1 ? named : named.slice(0, colon);
  checkRegistry(text, registry);
  checkRepository(text, repository);
  if (colon !== -1) checkTag(text, named.slice(colon + 1));
  if (at !== -1) return { registry, repository, digest: digestIn(text, path.slice(at + 1)) };
  if (colon === -1) throw invalid(text, 'no tag or digest', 'Append the digest: @sha256:...');
  return { registry, repository, tag: named.slice(colon + 1) };
}

/** Parses `registry/repository`, without tag and digest. Throws `reference-invalid`. */
export function parseRepositoryName(text: string): RepositoryName {
  const { registry, path } = split(text);
  checkRegistry(text, registry);
  checkRepository(text, path);
  return { registry, repository: path };
}

/** The text of a reference. */
export function formatReference(reference: Reference): string {
  const name = `${reference.registry}/${reference.repository}`;
  return reference.digest === undefined ? `${name}:${reference.tag}` : `${name}@${reference.digest}`;
}

/** Whether a text is a tag (OCI distribution-spec "Pulling manifests"). */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

function split(text: string): { registry: string; path: string } {
  if (text.length > maxReferenceLength) {
    throw invalid(
      text,
      `longer than ${maxReferenceLength} characters`,
      'Check that references are on lines of their own.',
    );
  }
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\//.exec(text)?.[0];
  if (scheme !== undefined) {
    throw invalid(text, `invalid registry ${quote(show(scheme.slice(0, -2)))}`, `Leave out ${scheme}`);
  }
  const slash = text.indexOf('/');
  if (slash === -1) {
    const hint = `There is no default registry: write it too, for example docker.io/library/${show(text)}`;
    throw invalid(text, 'missing registry or repository', hint);
  }
  return { registry: text.slice(0, slash), path: text.slice(slash + 1) };
}

function checkRegistry(text: string, registry: string): void {
  if (hostPattern.test(registry) && survivesUrl(registry)) return;
  throw invalid(text, `invalid registry ${quote(show(registry))}`, 'A registry is a host name with an optional port.');
}

/** A name that a URL would turn into another one (`1` into 0.0.0.1) could be contacted elsewhere than it says. */
function survivesUrl(registry: string): boolean {
  const url = parseUrl(`https://${registry}/`);
  if (url === undefined) return false;
  return registry.startsWith('[') || url.hostname === registry.replace(/:[0-9]+$/, '').toLowerCase();
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function checkRepository(text: string, repository: string): void {
  if (repository.split('/').every((component) => componentPattern.test(component))) return;
  const lower = repository.toLowerCase();
  const hint =
    lower === repository
      ? 'Repository names are lower-case letters and digits, with single separators . _ - between them.'
      : `Repository names are lower-case: ${show(lower)}`;
  throw invalid(text, `invalid repository ${quote(show(repository))}`, hint);
}

function checkTag(text: string, tag: string): void {
  if (isTag(tag)) return;
  throw invalid(
    text,
    `invalid tag ${quote(show(tag))}`,
    'A tag is at most 128 letters, digits, and the characters _ . -',
  );
}

function digestIn(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (error) {
    throw invalid(text, messageOf(error), error instanceof NotaryError ? error.hint : undefined);
  }
}

function invalid(text: string, reason: string, hint: string | undefined): NotaryError {
  const message = `${quote(show(text))}: invalid reference: ${reason}. ${expecting}`;
  return new NotaryError('reference-invalid', message, hint === undefined ? {} : { hint });
}

/** Outside text in messages is cut, so that a pasted file does not fill the log. */
function show(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
