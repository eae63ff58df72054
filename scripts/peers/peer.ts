// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Where prepared programs are kept; ignored by git, may be deleted at any time. */
export const peersFolder = join(root, '.interop');

/** Where the modules of the programs built with Go are described. */
export const goModules = join(root, 'test/interop/peers');

/** The list that preparation leaves for the tests. */
export const peersFile = join(peersFolder, 'peers.json');

export type PeerName =
  'notation' | 'oras' | 'olareg' | 'ggcr' | 'plugin' | 'crane' | 'distribution' | 'docker-registry' | 'openssl';

/** A real program that the product has to agree with. */
export interface Peer {
  /** Absolute path, or a name that PATH resolves. */
  readonly program: string;
  /** As the program says it. */
  readonly version: string;
}

export type Peers = Readonly<Record<PeerName, Peer>>;

/** The prepared peers. Throws when nothing has been prepared. */
export function readPeers(): Peers {
  let text: string;
  try {
    text = readFileSync(peersFile, 'utf8');
  } catch (cause) {
    throw new Error('The real programs are not prepared: start the tests with `npm run test:interop`.', { cause });
  }
  return JSON.parse(text) as Peers;
}
