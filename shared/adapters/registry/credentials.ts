// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NotaryError, messageOf } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import type { Secret } from '../../primitives/secret.ts';
import { basicPair, credentialOf, type Credential, type CredentialLookup } from './credential.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { credentialIn, helperFor, parseDockerConfig, serverAddress, type DockerConfig } from './docker-config.ts';

export interface CredentialOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Called with every secret before it leaves this module. */
  readonly mask: (secret: string) => void;
  readonly given?: GivenCredentials | undefined;
  /** Exchanges an identity of the job for a login to registries that it is made for. */
  readonly exchange?: ((registry: string) => Promise<Credential | undefined>) | undefined;
}

/** Credentials that do not come from a file or variable of the machine. */
export interface GivenCredentials {
  /** Of inputs: goes before everything else, for whatever registry. */
  readonly login?: { readonly username: string; readonly password: Secret } | undefined;
  /** The token of a GitHub job: for ghcr.io when nothing else is found (REG 7). */
  readonly jobToken?: Secret | undefined;
}

/** Finds the credential of a registry; each registry is looked up once per run. */
export interface Credentials {
  find(registry: string): Promise<CredentialLookup>;
}

/** Bytes of a configuration file: logins to hundreds of registries. */
const maxConfigSize = 1024 * 1024;

/** A place to look at: undefined when it does not have the registry. */
interface Place {
  readonly name: string;
  readonly find: (registry: string) => Promise<Credential | undefined>;
}

/**
 * Credentials in the order inputs, `NOTATION_USERNAME` and `NOTATION_PASSWORD`, docker configuration with its helpers,
 * `DOCKER_AUTH_CONFIG`, podman's file (REG 3.8; GH 3.10), the identity of the job. Nothing is written and nothing is read before it is asked for.
 */
export function createCredentials(options: CredentialOptions): Credentials {
  const found = new Map<string, Promise<CredentialLookup>>();
  const places = placesOf(options);
  return {
    find: (registry) => {
      const known = found.get(registry) ?? lookUp(registry, places, options);
      found.set(registry, known);
      return known;
    },
  };
}

async function lookUp(
  registry: string,
  places: readonly Place[],
  { log, mask, environment }: CredentialOptions,
): Promise<CredentialLookup> {
  const lookedAt: string[] = [];
  for (const place of places) {
    lookedAt.push(place.name);
    const credential = await place.find(registry);
    if (credential === undefined) continue;
    maskCredential(credential, mask);
    log.debug(`credentials for ${registry} come from ${place.name}`);
    return { credential, source: place.name, lookedAt };
  }
  log.debug(`no credentials for ${registry} in ${lookedAt.join(', ')}`);
  return { credential: undefined, source: undefined, lookedAt, loggedOut: environment['DOCKER_CONFIG'] === '' };
}

/** Also in the forms in which a secret travels: whoever logs a header must not log the secret. */
function maskCredential(credential: Credential, mask: (secret: string) => void): void {
  if (credential.kind !== 'basic') {
    mask(credential.token.reveal());
    return;
  }
  mask(credential.password.reveal());
  mask(basicPair(credential.username, credential.password.reveal()));
}

function placesOf(options: CredentialOptions): readonly Place[] {
  return [...inputPlaces(options), ...machinePlaces(options), ...jobPlaces(options)];
}

function inputPlaces({ given }: CredentialOptions): readonly Place[] {
  const login = given?.login;
  if (login === undefined) return [];
  const credential = credentialOf(login.username, login.password.reveal());
  return [{ name: '{input:registryUsername} and {input:registryPassword}', find: () => Promise.resolve(credential) }];
}

/** What the job itself is: nobody has to log in for it. */
function jobPlaces({ given, exchange, environment }: CredentialOptions): readonly Place[] {
  const places: Place[] = [];
  const token = given?.jobToken;
  if (token !== undefined) {
    // Any user name does; the packages page shows the one that is given.
    const username = environment['GITHUB_ACTOR'] ?? 'github-actions';
    const credential: Credential = { kind: 'basic', username, password: token };
    const find = (registry: string) => Promise.resolve(registry === 'ghcr.io' ? credential : undefined);
    places.push({ name: "the job's token ({input:githubToken})", find });
  }
  if (exchange !== undefined) places.push({ name: 'the Azure identity of the job', find: exchange });
  return places;
}

function machinePlaces({ environment }: CredentialOptions): readonly Place[] {
  const home = environment['HOME'] ?? environment['USERPROFILE'] ?? '';
  // Docker@2 sets DOCKER_CONFIG to the empty string when it logs out: that is "not set" (ADO 3.6).
  const dockerFolder = environment['DOCKER_CONFIG'] ?? '';
  const dockerFile = join(dockerFolder === '' ? join(home, '.docker') : dockerFolder, 'config.json');
  const places: Place[] = [
    { name: 'NOTATION_USERNAME and NOTATION_PASSWORD', find: () => Promise.resolve(fromNotation(environment)) },
  ];
  if (dockerFolder !== '' || home !== '') places.push(filePlace(dockerFile, environment));
  if ((environment['DOCKER_AUTH_CONFIG'] ?? '') !== '') places.push(variablePlace('DOCKER_AUTH_CONFIG', environment));
  const runtime = environment['XDG_RUNTIME_DIR'] ?? '';
  const podman = environment['REGISTRY_AUTH_FILE'] ?? (runtime === '' ? '' : join(runtime, 'containers', 'auth.json'));
  if (podman !== '') places.push(filePlace(podman, environment));
  return places;
}

function fromNotation(environment: CredentialOptions['environment']): Credential | undefined {
  const password = environment['NOTATION_PASSWORD'] ?? '';
  return password === '' ? undefined : credentialOf(environment['NOTATION_USERNAME'] ?? '', password);
}

function filePlace(path: string, environment: CredentialOptions['environment']): Place {
  let config: Promise<DockerConfig> | undefined;
  return {
    name: path,
    find: async (registry) => fromConfig(await (config ??= readConfig(path)), registry, environment),
  };
}

function variablePlace(name: string, environment: CredentialOptions['environment']): Place {
  return {
    name,
    find: async (registry) => {
      const config = parseDockerConfig(Buffer.from(environment[name] ?? ''), name);
      return await fromConfig(config, registry, environment);
    },
  };
}

async function fromConfig(
  config: DockerConfig,
  registry: string,
  environment: CredentialOptions['environment'],
): Promise<Credential | undefined> {
  const helper = helperFor(config, registry);
  if (helper === undefined) return credentialIn(config, registry);
  const answer = await askCredentialHelper(helper, serverAddress(registry), environment);
  return answer === undefined ? undefined : credentialOf(answer.username, answer.secret);
}

async function readConfig(path: string): Promise<DockerConfig> {
  try {
    const { size } = await stat(path);
    if (size > maxConfigSize)
      throw new NotaryError('registry-limit', `${path} has ${size} bytes, at most ${maxConfigSize} are read`);
    return parseDockerConfig(await readFile(path), path);
  } catch (error) {
    if (error instanceof NotaryError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return parseDockerConfig(new Uint8Array(), path);
    throw new NotaryError('registry-unauthorized', `${path} cannot be read: ${messageOf(error)}`, {
      hint: 'Make the file readable for this step, or log in again.',
      cause: error,
    });
  }
}
