// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianProgram } from './debian-program.ts';
import { goModuleFile, goProgram, type GoProgram } from './go-program.ts';
import { peersFile, peersFolder, type Peer, type PeerName, type Peers } from './peer.ts';
import { isInstalled, output } from './program.ts';

/** What is built with Go, and how each program tells its version. */
const goPrograms: Record<
  Exclude<PeerName, 'docker-registry' | 'openssl'>,
  GoProgram & { readonly versionArguments: string[] }
> = {
  notation: {
    package: 'github.com/notaryproject/notation/cmd/notation',
    // The release's own flags (its .goreleaser.yml): without them the agent text is not that of the released program.
    linkerFlags: ['Version=1.3.2', 'BuildMetadata=']
      .map((flag) => `-X github.com/notaryproject/notation/internal/version.${flag}`)
      .join(' '),
    versionArguments: ['version'],
  },
  oras: { package: 'oras.land/oras/cmd/oras', versionArguments: ['version'] },
  olareg: { package: 'github.com/olareg/olareg/cmd/olareg', versionArguments: ['version'] },
  // Ours, around go-containerregistry: its version is that of the module.
  ggcr: { package: '.', versionArguments: [] },
  // Ours, on the reference's plugin framework.
  plugin: { package: '.', versionArguments: [] },
  crane: { package: 'github.com/google/go-containerregistry/cmd/crane', versionArguments: ['version'] },
  distribution: {
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    versionArguments: ['--version'],
  },
};

/**
 * Prepares every real program that the interop tests talk to in `.interop/`, and says on the way what it does.
 * What is there already is kept. Throws with a sentence on what to install when one cannot be had.
 */
export function preparePeers(say: (line: string) => void): Peers {
  mkdirSync(peersFolder, { recursive: true });
  const peers: Peers = {
    notation: prepare('notation', say),
    oras: prepare('oras', say),
    olareg: prepare('olareg', say),
    ggcr: prepare('ggcr', say),
    plugin: prepare('plugin', say),
    crane: prepare('crane', say),
    distribution: prepare('distribution', say),
    'docker-registry': prepare('docker-registry', say),
    openssl: prepare('openssl', say),
  };
  if (!/^1\.3\.2\b/.test(peers.notation.version)) {
    throw new Error(`The interop tests are written against Notation CLI 1.3.2, this one is ${peers.notation.version}.`);
  }
  writeFileSync(peersFile, JSON.stringify(peers, undefined, 2));
  return peers;
}

function prepare(name: PeerName, say: (line: string) => void): Peer {
  const given = givenProgram(name);
  const folder = join(peersFolder, name);
  if (name === 'docker-registry') {
    const program = given ?? debianProgram('docker-registry', 'usr/bin/docker-registry', folder, say);
    return { program, version: version(output(program, ['--version'])) };
  }
  if (name === 'openssl') {
    const program = given ?? 'openssl';
    if (!isInstalled(program, ['version'])) throw new Error('openssl is missing: install it from your distribution.');
    return { program, version: version(output(program, ['version'])) };
  }
  const row = goPrograms[name];
  const program = given ?? goProgram(name, row, folder, say);
  const text = row.versionArguments.length === 0 ? goModuleFile(name) : output(program, row.versionArguments);
  return { program, version: version(text) };
}

/** A program that the user names instead of having it prepared: INTEROP_NOTATION, INTEROP_DOCKER_REGISTRY, ... */
function givenProgram(name: PeerName): string | undefined {
  const variable = `INTEROP_${name.toUpperCase().replace('-', '_')}`;
  const program = process.env[variable];
  if (program === undefined || program === '') return undefined;
  try {
    accessSync(program, constants.X_OK);
  } catch (cause) {
    throw new Error(`${variable} names ${program}, which is not a program that can be run.`, { cause });
  }
  return program;
}

function version(text: string): string {
  return /\bv?(\d+\.\d+\.\d+[^\s"]*)/.exec(text)?.[1] ?? text.trim();
}
