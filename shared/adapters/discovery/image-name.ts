// SPDX-License-Identifier: Apache-2.0
import { isTag, parseRepositoryName } from '../../oci/reference.ts';
import { parseDigest } from '../../primitives/digest.ts';
import type { Digest } from '../../primitives/digest.ts';

/** An image as build tools name it, normalised: registry always there, registry and repository in lower case. */
export interface ImageName {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

/** Longest name that is looked at: registry 255, repository 255, tag 128, digest 135, separators. */
const maxNameLength = 1024;

/** Names under which Docker Hub goes. */
const dockerHub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** BuildKit's name for an image that lost its tag; it exists in no registry. */
const danglingPrefix = 'moby-dangling@';

/**
 * Parses a name as the docker command line does: without a registry it is Docker Hub's, a single component there is in
 * `library/`. Undefined for anything else, `moby-dangling@...` included.
 */
export function parseImageName(text: string): ImageName | undefined {
  const name = text.trim();
  if (name === '' || name.length > maxNameLength || name.startsWith(danglingPrefix)) return undefined;
  try {
    return parse(name);
  } catch {
    return undefined;
  }
}

/** `registry/repository`. */
export function repositoryOf(image: { readonly registry: string; readonly repository: string }): string {
  return `${image.registry}/${image.repository}`;
}

/** Whether a registry is on this machine: `localhost` and the loopback addresses, with any port. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '');
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.\d+\.\d+\.\d+$/.test(host) || host === '[::1]';
}

function parse(name: string): ImageName | undefined {
  const at = name.indexOf('@');
  const digest = at === -1 ? undefined : parseDigest(name.slice(at + 1));
  const { registry, path } = splitRegistry(at === -1 ? name : name.slice(0, at));
  const colon = path.lastIndexOf(':');
  const tag = colon === -1 ? undefined : path.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) return undefined;
  const repository = (colon === -1 ? path : path.slice(0, colon)).toLowerCase();
  return { ...parseRepositoryName(`${registry}/${onHub(registry, repository)}`), tag, digest };
}

/** The first component is a registry when it could not be one of a repository (distribution/reference). */
function splitRegistry(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  const isRegistry = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  if (slash === -1 || !isRegistry) return { registry: 'docker.io', path: name };
  const registry = first.toLowerCase();
  return { registry: dockerHub.has(registry) ? 'docker.io' : registry, path: name.slice(slash + 1) };
}

function onHub(registry: string, repository: string): string {
  return registry === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;
}
