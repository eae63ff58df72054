// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPeers, type PeerName } from '../../../scripts/peers/peer.ts';
import type { ReferrersMode } from '../../../shared/ports.ts';
import { namedPeer } from './named-peer.ts';
import { startServer } from './server.ts';

/** A real registry that runs on loopback. */
export interface RunningRegistry {
  /** `localhost:<port>`: the spelling that every client speaks plain HTTP to (REG 1.3). */
  readonly host: string;
  stop(): Promise<void>;
}

/** What the registries differ in, as far as signing is concerned. */
export interface RegistryKind {
  readonly name: Extract<PeerName, 'docker-registry' | 'distribution' | 'olareg' | 'ggcr' | 'crane'> | 'zot';
  /** Ways of signing that it is tried with. */
  readonly modes: readonly ReferrersMode[];
  readonly referrersApi: boolean;
  /** Whether it answers a manifest with a subject by `OCI-Subject`, as registries with the API should. */
  readonly ociSubject: boolean;
}

/**
 * docker-registry, its successor distribution v3 and `crane registry serve` have no Referrers API: signing through it falls back to the tag schema. go-containerregistry's
 * has it but sends no `OCI-Subject`. olareg has it completely; the tag schema on top of the API is left out there, because
 * it drops the API's listing when an index of the same bytes is pushed under the tag, whoever pushes it. zot has the API
 * completely; it takes part when ZOT_BINARY names it.
 */
export const registryKinds: readonly RegistryKind[] = [
  { name: 'docker-registry', modes: ['tag-schema', 'api-first'], referrersApi: false, ociSubject: false },
  { name: 'distribution', modes: ['tag-schema', 'api-first'], referrersApi: false, ociSubject: false },
  { name: 'crane', modes: ['tag-schema', 'api-first'], referrersApi: false, ociSubject: false },
  { name: 'olareg', modes: ['api-first'], referrersApi: true, ociSubject: true },
  { name: 'ggcr', modes: ['tag-schema', 'api-first'], referrersApi: true, ociSubject: false },
  ...(namedPeer('ZOT_BINARY') === undefined
    ? []
    : [{ name: 'zot', modes: ['tag-schema', 'api-first'], referrersApi: true, ociSubject: true } as const]),
];

/** Starts a registry without authentication that allows everything. */
export function startRegistry(name: RegistryKind['name']): Promise<RunningRegistry> {
  switch (name) {
    case 'docker-registry':
      return startDockerRegistry({});
    case 'distribution':
      return startDockerRegistry({}, 'distribution');
    case 'crane':
      return start(name, (port) => ['registry', 'serve', '--address', `127.0.0.1:${port}`]);
    case 'olareg':
      return start(name, (port) => `serve --addr 127.0.0.1 --port ${port} --store-type mem --api-delete`.split(' '));
    case 'ggcr':
      return start(name, (port) => [`127.0.0.1:${port}`]);
    case 'zot':
      return startZot();
  }
}

/** Members of docker-registry's configuration beside version, storage and address (REG 9.2). */
export interface DockerRegistryOptions {
  /** The section `auth`; a file it names may stand in `files`. */
  readonly auth?: (directory: string) => unknown;
  readonly files?: Readonly<Record<string, string>>;
  readonly delete?: boolean;
  readonly readOnly?: boolean;
  /** Where content is kept, to hand it to another registry; by default in a folder that goes with this one. */
  readonly data?: string;
}

/** Starts Debian's docker-registry, or its successor, in a folder of its own. */
export function startDockerRegistry(
  options: DockerRegistryOptions,
  name: 'docker-registry' | 'distribution' = 'docker-registry',
): Promise<RunningRegistry> {
  return start(name, (port, directory) => {
    for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(directory, name), text);
    const configuration = {
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: {
        filesystem: { rootdirectory: options.data ?? join(directory, 'data') },
        delete: { enabled: options.delete ?? true },
        maintenance: { readonly: { enabled: options.readOnly ?? false } },
      },
      http: { addr: `127.0.0.1:${port}` },
      ...(options.auth === undefined ? {} : { auth: options.auth(directory) }),
    };
    const file = join(directory, 'config.yml');
    writeFileSync(file, JSON.stringify(configuration)); // JSON is YAML
    return ['serve', file];
  });
}

/** Who may use a zot; by default everybody may do everything. */
export interface ZotOptions {
  /** Lines of an htpasswd file. */
  readonly htpasswd?: string;
}

/** Starts the zot that ZOT_BINARY names, in a folder of its own: no extensions, nothing removed in the background. */
export function startZot({ htpasswd }: ZotOptions = {}): Promise<RunningRegistry> {
  return start('zot', (port, directory) => {
    const passwords = join(directory, 'htpasswd');
    if (htpasswd !== undefined) writeFileSync(passwords, htpasswd);
    const auth = htpasswd === undefined ? {} : { auth: { htpasswd: { path: passwords } } };
    const configuration = {
      distSpecVersion: '1.1.1',
      storage: { rootDirectory: join(directory, 'data'), dedupe: false, gc: false },
      http: { address: '127.0.0.1', port: `${port}`, ...auth },
      log: { level: 'error', output: join(directory, 'log') },
    };
    const file = join(directory, 'config.json');
    writeFileSync(file, JSON.stringify(configuration));
    return ['serve', file];
  });
}

async function start(
  name: RegistryKind['name'],
  argumentsFor: (port: number, directory: string) => readonly string[],
): Promise<RunningRegistry> {
  const directory = mkdtempSync(join(tmpdir(), `${name}-`));
  const program = name === 'zot' ? namedPeer('ZOT_BINARY') : readPeers()[name].program;
  if (program === undefined) throw new Error('ZOT_BINARY names no program.');
  const server = await startServer(program, (port) => argumentsFor(port, directory), directory);
  return {
    host: `localhost:${server.port}`,
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
