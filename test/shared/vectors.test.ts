// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTrustPolicy } from '../../shared/adapters/trust-policy-file.ts';
import { openTrustStore } from '../../shared/adapters/trust-store-directory.ts';
import { noVerificationPlugins } from '../fakes/verification-plugins.ts';
import { signatureArtifactType } from '../../shared/oci/signature-manifest.ts';
import type { VerificationOutcome } from '../../shared/validation/outcome.ts';
import { verifyArtifact } from '../../shared/verify.ts';
import { MemoryRepository } from '../fakes/artifact-source.ts';
import { unreachableServers } from '../fakes/revocation-source.ts';

/** One line of index.json; its README says what each member means. */
interface Vector {
  readonly id: string;
  readonly what: string;
  readonly signatures: readonly {
    readonly envelope: string;
    readonly envelopeMediaType: string;
    readonly manifest: string;
    readonly manifestDigest: string;
    readonly manifestMediaType: string;
    readonly extraLayers?: readonly string[];
  }[];
  readonly artifactManifest: string;
  readonly trustPolicy: string;
  readonly trustStore: string;
  readonly scope: string;
  readonly verifyAt: string;
  readonly verifyArgs: readonly string[];
  readonly expected: {
    readonly decision: 'accept' | 'reject';
    readonly reason: string | null;
    readonly stderr: string;
  };
  readonly checklist?: readonly number[];
}

const folder = join(import.meta.dirname, '../fixtures/vectors');
const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
  readonly artifact: { readonly mediaType: string; readonly digest: string };
  readonly vectors: readonly Vector[];
};

function read(file: string): Uint8Array {
  return readFileSync(join(folder, file));
}

function repositoryOf(vector: Vector): MemoryRepository {
  const repository = new MemoryRepository();
  repository.putManifest(index.artifact.mediaType, read(vector.artifactManifest));
  for (const signature of vector.signatures) {
    repository.putBlob(signature.envelopeMediaType, read(signature.envelope));
    for (const layer of signature.extraLayers ?? []) repository.putBlob('application/octet-stream', read(layer));
    const descriptor = repository.putManifest(signature.manifestMediaType, signature.manifest);
    expect(descriptor.digest).toBe(signature.manifestDigest);
    const { subject } = JSON.parse(signature.manifest) as { readonly subject: { readonly digest: string } };
    repository.addReferrer(subject.digest, { ...descriptor, artifactType: signatureArtifactType });
  }
  return repository;
}

async function verify(vector: Vector): Promise<VerificationOutcome> {
  const metadata = vector.verifyArgs.filter((argument) => argument !== '-m').map((pair) => pair.split('='));
  return verifyArtifact(
    {
      requested: vector.id,
      name: vector.scope,
      tagOrDigest: index.artifact.digest,
      policy: await readTrustPolicy([join(folder, vector.trustPolicy)]),
      requiredMetadata: new Map(metadata.map(([key = '', value = '']) => [key, value])),
    },
    {
      source: repositoryOf(vector),
      trustStore: openTrustStore(join(folder, vector.trustStore)),
      revocation: unreachableServers,
      plugins: noVerificationPlugins,
      clock: { now: () => new Date(vector.verifyAt) },
      log: { debug: () => undefined, info: () => undefined, warning: () => undefined },
    },
  );
}

/**
 * Texts that come from a Go library are compared by kind: what stands before them is the reference's and the same here,
 * `ours` is what follows here.
 */
const libraryTexts: readonly { readonly go: RegExp; readonly ours: RegExp }[] = [
  { go: /(?:crypto\/\w+: )?verification error$/, ours: /^(?:crypto\/\w+: )?verification error$/ },
  { go: /(?:json: |invalid character |unexpected end of JSON).*$/, ours: /\(line 1, column \d+\)$/ },
  { go: /parsing time .*$/, ours: /is not an RFC 3339 time \(line 1, column \d+\)$/ },
  { go: /cbor: .*$/, ours: /^cbor: / },
  { go: /(?:x509|asn1): .*$/, ours: /^(?:x509|asn1): / },
  { go: /algorithm mismatch: .*$/, ours: /^algorithm mismatch: / },
  { go: /Algorithm\("ES256"\)$/, ours: /^invalid algorithm$/ },
  { go: /key is invalid$/, ours: /^key is of invalid type$/ },
  { go: /plugin executable file is .*$/, ours: /^there is no plugin nope here$/ },
];

function expectSameReason(actual: string, expected: string): void {
  const kind = libraryTexts.find(({ go }) => go.test(expected));
  if (kind === undefined || actual === expected) {
    expect(actual).toBe(expected);
    return;
  }
  const start = expected.replace(kind.go, '');
  expect(actual.slice(0, start.length)).toBe(start);
  expect(actual.slice(start.length)).toMatch(kind.ours);
}

/** Why the first signature that failed did, or why none was looked at. */
function reasonOf(outcome: VerificationOutcome): string {
  const failed = outcome.signatures.find(({ verified }) => !verified);
  const validation = failed?.validations.find(({ action, error }) => action === 'enforce' && error !== undefined);
  return failed?.error ?? validation?.error ?? (outcome.outcome === 'failed' ? outcome.error : '');
}

function warningsOf(outcome: VerificationOutcome): string[] {
  return outcome.outcome === 'verified' ? outcome.warnings.map((warning) => `Warning: ${warning}`) : [];
}

const cases = index.vectors.map((vector) => {
  const ids = (vector.checklist ?? []).map((number) => `[NP-${number}] `).join('');
  return { ...vector, title: `${ids}${vector.id}: ${vector.what}` };
});

describe('vectors', () => {
  it('are all there', () => {
    expect(cases).toHaveLength(456);
  });

  it.each(cases)('$title', async (vector) => {
    const { decision, reason, stderr } = vector.expected;
    const outcome = await verify(vector);
    expect(outcome.outcome === 'failed' ? 'reject' : 'accept').toBe(decision);
    expectSameReason(reasonOf(outcome), reason?.replace(/^Error: signature verification failed: /, '') ?? '');
    if (decision === 'accept') expect(warningsOf(outcome)).toEqual(stderr === '' ? [] : stderr.split('\n'));
  });
});
