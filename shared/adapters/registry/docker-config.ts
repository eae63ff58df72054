// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import { memberOf, objectMember, parseDocument, textMember } from '../../oci/document.ts';
import type { JsonObject } from '../../primitives/json.ts';
import { Secret } from '../../primitives/secret.ts';
import { credentialOf, type Credential } from './credential.ts';

/** The part of a docker configuration that is about credentials (REG 3.8). */
export interface DockerConfig {
  /** Host keys as they stand, each with its entry. */
  readonly auths: ReadonlyMap<string, JsonObject>;
  readonly credHelpers: ReadonlyMap<string, string>;
  readonly credsStore: string | undefined;
}

/**
 * Parses a docker configuration; an empty text has no credentials. Throws `registry-unauthorized` for anything that is not
 * one, without showing its content.
 */
export function parseDockerConfig(bytes: Uint8Array, place: string): DockerConfig {
  if (Buffer.from(bytes).toString('utf8').trim() === '')
    return { auths: new Map(), credHelpers: new Map(), credsStore: undefined };
  try {
    const document = parseDocument(bytes);
    const store = textMember(document, 'credsStore');
    return {
      auths: new Map((objectMember(document, 'auths')?.members ?? []).flatMap(authEntry)),
      credHelpers: new Map((objectMember(document, 'credHelpers')?.members ?? []).flatMap(helperEntry)),
      credsStore: store === '' ? undefined : store,
    };
  } catch (error) {
    // Positions are told, the content is not: it holds passwords.
    const where = /\(line [0-9]+, column [0-9]+\)$/.exec(messageOf(error))?.[0] ?? '';
    throw new NotaryError('registry-unauthorized', `${place} is not a docker configuration ${where}`.trim(), {
      hint: 'Log in again, or correct the file: it must be a JSON object.',
    });
  }
}

function authEntry({ key, value }: JsonObject['members'][number]): (readonly [string, JsonObject])[] {
  return value.kind === 'object' ? [[key, value]] : [];
}

function helperEntry({ key, value }: JsonObject['members'][number]): (readonly [string, string])[] {
  return value.kind === 'string' ? [[key, value.value]] : [];
}

/** The names under which a configuration may hold a registry, the usual one first. */
export function hostKeys(registry: string): readonly string[] {
  const host = registry.toLowerCase();
  if (dockerHub.includes(host))
    return ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];
  return host.endsWith(':443') ? [host, host.slice(0, -4)] : [host];
}

const dockerHub = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The name under which Docker stores and asks for a registry. */
export function serverAddress(registry: string): string {
  return hostKeys(registry)[0] ?? registry;
}

/** The credential helper that is responsible for a registry; with one, `auths` is not looked at (REG 3.8). */
export function helperFor({ credHelpers, credsStore }: DockerConfig, registry: string): string | undefined {
  const keys = hostKeys(registry);
  for (const key of keys) {
    for (const [host, helper] of credHelpers) {
      if (host.toLowerCase() === key || bareHost(host) === key) return helper;
    }
  }
  return credsStore;
}

/** The credential of a registry in `auths`: by its exact key, else by a key of the same host. Never by a part of it. */
export function credentialIn({ auths }: DockerConfig, registry: string): Credential | undefined {
  const keys = hostKeys(registry);
  const exact = keys.flatMap((key) => auths.get(key) ?? []);
  const sameHost = [...auths].flatMap(([key, entry]) => (keys.includes(bareHost(key)) ? [entry] : []));
  for (const entry of [...exact, ...sameHost]) {
    const credential = credentialOfEntry(entry);
    if (credential !== undefined) return credential;
  }
  return undefined;
}

/** The host of a key, which may be a URL (`https://host/v2/`). */
function bareHost(key: string): string {
  return key
    .replace(/^https?:\/\//i, '')
    .split('/', 1)
    .join('')
    .toLowerCase();
}

function credentialOfEntry(entry: JsonObject): Credential | undefined {
  const registryToken = textMember(entry, 'registrytoken') ?? '';
  if (registryToken !== '') return { kind: 'access', token: new Secret(registryToken) };
  const identityToken = textMember(entry, 'identitytoken') ?? '';
  if (identityToken !== '') return { kind: 'refresh', token: new Secret(identityToken) };
  const auth = memberOf(entry, 'auth')?.kind === 'string' ? (textMember(entry, 'auth') ?? '') : '';
  const pair = Buffer.from(auth, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  // Docker pads decoded pairs with NUL characters when it wrote them long ago.
  const fromAuth = colon === -1 ? undefined : [pair.slice(0, colon), pair.slice(colon + 1).replace(/\0+$/, '')];
  const [username = '', password = ''] = fromAuth ?? [textMember(entry, 'username'), textMember(entry, 'password')];
  return password === '' ? undefined : credentialOf(username, password);
}
