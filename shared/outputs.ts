// SPDX-License-Identifier: Apache-2.0
import type { CommandName } from './inputs.ts';

/** One output of either host. A test compares manifests and README with this table. */
export interface OutputRow {
  readonly commands: readonly CommandName[];
  /** Absent on hosts that do not have it. */
  readonly github?: string;
  readonly azure?: string;
  readonly description: string;
}

/** Every output of both hosts, by the name that `run` gives it. */
export const outputTable = {
  signatures: {
    commands: ['sign'],
    github: 'signatures',
    azure: 'signatures',
    description: 'The signatures made, and those that on_existing: skip found, a JSON list.',
  },
  signature_digest: {
    commands: ['sign'],
    github: 'signature_digest',
    azure: 'signatureDigest',
    description: 'Digest of the signature manifest, when exactly one signature was made or found.',
  },
  digest: {
    commands: ['sign'],
    github: 'digest',
    azure: 'digest',
    description: 'Digest of the artifact, when exactly one was signed.',
  },
  references: {
    commands: ['sign', 'verify'],
    github: 'references',
    azure: 'references',
    description: 'The artifacts signed or verified, as registry/repository@digest, one a line.',
  },
  detection: {
    commands: ['sign'],
    github: 'detection',
    azure: 'detection',
    description: 'What was found to have been pushed, where, and what was left out and why, as JSON.',
  },
  verified: {
    commands: ['verify'],
    github: 'verified',
    azure: 'verified',
    description: 'true when every artifact was verified and nothing failed that the policy only logs, else false.',
  },
  results: { commands: ['verify'], github: 'results', azure: 'results', description: 'Every outcome, a JSON list.' },
  copies: {
    commands: ['sign', 'verify'],
    github: 'copies',
    azure: 'copies',
    description: 'The copies made by copy_to (copyTo), a JSON list.',
  },
  inspection: {
    commands: ['inspect'],
    github: 'inspection',
    azure: 'inspection',
    description: 'The signatures of every artifact, a JSON list.',
  },
  version: { commands: ['setup'], github: 'version', description: 'Version of the Notation CLI installed.' },
  path: { commands: ['setup'], github: 'path', description: 'Folder that holds the Notation CLI.' },
  cache_hit: {
    commands: ['setup'],
    github: 'cache_hit',
    description: 'true when the Notation CLI was in the tool cache already.',
  },
  Status: {
    commands: ['setup', 'sign', 'verify', 'inspect'],
    azure: 'Status',
    description: 'Succeeded, Warning or Failed.',
  },
} as const satisfies Record<string, OutputRow>;
