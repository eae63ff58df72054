// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPeers } from '../../../scripts/peers/peer.ts';
import { signingKeys, type SigningKey } from './keys.ts';
import { runProgram, type ProgramRun } from './run-program.ts';

/** What is configured for one real Notation CLI. */
export interface NotationOptions {
  /** Another build than the prepared one. */
  readonly program?: string;
  /** The trust policy document; by default everything is verified strictly against the store `ca:interop`. */
  readonly trustPolicy?: unknown;
  /** The trust policy document of files, which only Notation 2 reads; by default there is none. */
  readonly blobTrustPolicy?: unknown;
  /** PEM files of the trust store `ca:interop`; by default the roots of all signing keys. */
  readonly trusted?: readonly string[];
  /** PEM files of the trust store `tsa:clocks`; by default there is none. */
  readonly timestampRoots?: readonly string[];
  /** Text of the docker configuration; by default there is none. */
  readonly dockerConfig?: string;
  /** Keys it can sign with by name; by default those of all six types. */
  readonly keys?: readonly Pick<SigningKey, 'name' | 'privateKey' | 'certificateChain'>[];
}

/** The real Notation CLI with a configuration of its own: the user's is neither read nor written. */
export interface Notation {
  run(...args: readonly string[]): Promise<ProgramRun>;
  /** As `run`; rejects unless the program ends with 0. */
  succeed(...args: readonly string[]): Promise<ProgramRun>;
  /** The same trust, for us: the policy file and the folder with `x509/`. */
  readonly trustPolicyFile: string;
  /** Exists only when a policy of files was given. */
  readonly blobTrustPolicyFile: string;
  readonly trustStore: string;
  readonly environment: Readonly<Record<string, string>>;
  remove(): void;
}

/** Every repository, strictly, and whoever has a certificate under a root of the store. */
export const strictPolicy = {
  version: '1.0',
  trustPolicies: [
    {
      name: 'interop',
      registryScopes: ['*'],
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:interop'],
      trustedIdentities: ['*'],
    },
  ],
};

export function createNotation(options: NotationOptions = {}): Notation {
  const home = mkdtempSync(join(tmpdir(), 'notation-'));
  const configuration = join(home, 'config/notation');
  const trustStore = join(configuration, 'truststore');
  fillStore(join(trustStore, 'x509/ca/interop'), options.trusted ?? signingKeys.map(({ root }) => root));
  if (options.timestampRoots !== undefined) fillStore(join(trustStore, 'x509/tsa/clocks'), options.timestampRoots);
  const trustPolicyFile = join(configuration, 'trustpolicy.json');
  writeFileSync(trustPolicyFile, JSON.stringify(options.trustPolicy ?? strictPolicy));
  const blobTrustPolicyFile = join(configuration, 'trustpolicy.blob.json');
  if (options.blobTrustPolicy !== undefined) {
    writeFileSync(blobTrustPolicyFile, JSON.stringify(options.blobTrustPolicy));
  }
  writeFileSync(join(configuration, 'signingkeys.json'), JSON.stringify(keyList(options.keys ?? signingKeys)));
  mkdirSync(join(home, 'docker'));
  if (options.dockerConfig !== undefined) writeFileSync(join(home, 'docker/config.json'), options.dockerConfig);

  const environment = environmentOf(home);
  const program = options.program ?? readPeers().notation.program;
  const run = (...args: readonly string[]) => runProgram(program, args, { environment, directory: home });
  return {
    run,
    async succeed(...args) {
      const ended = await run(...args);
      if (ended.status !== 0) throw new Error(`notation ${args.join(' ')}:\n${ended.stdout}${ended.stderr}`);
      return ended;
    },
    trustPolicyFile,
    blobTrustPolicyFile,
    trustStore,
    environment,
    remove() {
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function fillStore(store: string, files: readonly string[]): void {
  mkdirSync(store, { recursive: true });
  for (const [index, file] of files.entries()) copyFileSync(file, join(store, `${index}.crt`));
}

/** NP 6.1: everything that decides where Notation looks, and the docker configuration. */
function environmentOf(home: string): Record<string, string> {
  return {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_CACHE_HOME: join(home, 'cache'),
    NOTATION_CONFIG: join(home, 'config/notation'),
    NOTATION_LIBEXEC: join(home, 'config/notation'),
    NOTATION_CACHE: join(home, 'cache/notation'),
    DOCKER_CONFIG: join(home, 'docker'),
    PATH: join(home, 'no-programs'),
    TZ: 'UTC',
  };
}

/** NP 12.10. */
function keyList(keys: readonly Pick<SigningKey, 'name' | 'privateKey' | 'certificateChain'>[]): unknown {
  return {
    keys: keys.map(({ name, privateKey, certificateChain }) => ({
      name,
      keyPath: privateKey,
      certPath: certificateChain,
    })),
  };
}
