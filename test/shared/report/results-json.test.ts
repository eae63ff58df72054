// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { currentPage } from '../../../scripts/results-page.ts';
import { openTrustStore } from '../../../shared/adapters/trust-store-directory.ts';
import { NotaryError } from '../../../shared/errors.ts';
import { inputTable, type InputRow } from '../../../shared/inputs.ts';
import { signatureArtifactType } from '../../../shared/oci/signature-manifest.ts';
import { outputTable } from '../../../shared/outputs.ts';
import type { CertificateRevocation, RevocationSource } from '../../../shared/ports.ts';
import { resultsJson } from '../../../shared/report/results-json.ts';
import { schemaVersion } from '../../../shared/report/schema-version.ts';
import { verifyArtifact } from '../../../shared/verify.ts';
import { MemoryRepository } from '../../fakes/artifact-source.ts';
import { policyOf } from '../../fakes/trust-policy.ts';
import { noVerificationPlugins } from '../../fakes/verification-plugins.ts';
import { quietLog } from '../../fakes/verification.ts';
import { outputProblem, resultsSchema, schemaPath } from '../../support/results-schema.ts';

const docs = join(import.meta.dirname, '../../../docs');
const vectors = join(import.meta.dirname, '../../fixtures/vectors');

interface Vector {
  readonly id: string;
  readonly artifactManifest: string;
  readonly trustStore: string;
  readonly signatures: readonly {
    readonly envelope: string;
    readonly envelopeMediaType: string;
    readonly manifest: string;
    readonly manifestMediaType: string;
  }[];
}

const index = JSON.parse(readFileSync(join(vectors, 'index.json'), 'utf8')) as {
  readonly artifact: { readonly mediaType: string; readonly digest: string };
  readonly vectors: readonly Vector[];
};

function repositoryOf(vector: Vector): MemoryRepository {
  const repository = new MemoryRepository();
  repository.putManifest(index.artifact.mediaType, readFileSync(join(vectors, vector.artifactManifest)));
  for (const { envelope, envelopeMediaType, manifest, manifestMediaType } of vector.signatures) {
    repository.putBlob(envelopeMediaType, readFileSync(join(vectors, envelope)));
    const descriptor = repository.putManifest(manifestMediaType, manifest);
    repository.addReferrer(index.artifact.digest, { ...descriptor, artifactType: signatureArtifactType });
  }
  return repository;
}

/** Answers for signing certificates as this responder does, and has nobody to ask about the others. */
function revocation(leaf: Omit<CertificateRevocation, 'subject'>): RevocationSource {
  return {
    check: (chain, purpose) =>
      Promise.resolve(
        chain.map(({ subject }, position) => {
          if (position === 0 && purpose === 'codeSigning') return { subject, ...leaf };
          const root = position === chain.length - 1;
          const reason = root ? 'the root of the chain' : 'the certificate names neither an OCSP responder nor a CRL';
          return { subject, status: 'not-revokable', reason, checks: [] };
        }),
      ),
  };
}

const ocsp = { method: 'ocsp', server: 'http://ocsp.example.com/' } as const;
const good = revocation({
  status: 'good',
  checks: [{ ...ocsp, result: 'good', nextUpdate: '2026-11-22T00:00:00Z' }],
});
const unknown = 'error checking revocation status via OCSP: failed to retrieve OCSP: response had status code 503';
const undecided = revocation({
  status: 'unknown',
  reason: `${ocsp.server}: ${unknown}`,
  checks: [{ ...ocsp, result: 'unknown', error: unknown }],
});

async function verify(id: string, statement: object, source: RevocationSource, name: string) {
  const vector = index.vectors.find((each) => each.id === id);
  if (vector === undefined) throw new Error(`there is no vector ${id}`);
  const requested = `${name}@${index.artifact.digest}`;
  const policy = policyOf({ ...statement, registryScopes: [name] });
  const outcome = await verifyArtifact(
    { requested, name, tagOrDigest: index.artifact.digest, policy, requiredMetadata: new Map() },
    {
      source: repositoryOf(vector),
      trustStore: openTrustStore(join(vectors, vector.trustStore)),
      revocation: source,
      plugins: noVerificationPlugins,
      clock: { now: () => new Date('2026-11-21T12:00:00Z') },
      log: quietLog,
    },
  );
  return { requested, outcome };
}

const words = (text: string): string => text;

describe('resultsJson', () => {
  it('gives the example of the documentation', async () => {
    const stores = { trustStores: ['ca:vectors', 'tsa:vectors'] };
    const permissive = { signatureVerification: { level: 'permissive' }, trustStores: ['ca:vectors'] };
    const missing = new NotaryError('artifact-not-found', 'registry.example.com/team/old:1.0 does not exist', {
      hint: 'Check the name and the tag.',
    });
    const text = resultsJson(
      [
        await verify('timestamp-p256-jws', { name: 'releases', ...stores }, good, 'registry.example.com/team/app'),
        await verify('p256-jws', { name: 'tools', ...permissive }, undecided, 'registry.example.com/team/tool'),
        { requested: 'registry.example.com/team/old:1.0', outcome: { outcome: 'error', error: missing } },
      ],
      words,
    );
    expect(outputProblem('results', text)).toBeUndefined();
    const path = join(docs, 'results.example.json');
    const shown = await format(text, { ...(await resolveConfig(path)), parser: 'json' });
    await expect(shown).toMatchFileSnapshot(path);
    expect((JSON.parse(text) as { outcome: string }[]).map(({ outcome }) => outcome)).toEqual([
      ...['verified', 'accepted', 'error'],
    ]);
  });

  it('tells a defect as such, by the schema too', () => {
    const text = resultsJson([{ requested: 'x', outcome: { outcome: 'error', error: new TypeError('oops') } }], words);
    expect(outputProblem('results', text)).toBeUndefined();
    expect(text).toContain('internal error: oops');
  });

  it('takes places of inputs for what the host calls them', () => {
    const error = new NotaryError('input-invalid', '{input:trustPolicy}');
    const entries = [{ requested: 'x', outcome: { outcome: 'error', error } }] as const;
    expect(resultsJson(entries, (text) => text.replace('{input:trustPolicy}', 'trust_policy'))).toContain(
      '"error":"trust_policy"',
    );
  });
});

describe('docs/results.md', () => {
  const page = readFileSync(join(docs, 'results.md'), 'utf8');

  it('has the version of the code and of the schema', () => {
    expect(resultsSchema.$id.endsWith(`:${schemaVersion}`)).toBe(true);
    expect(readFileSync(schemaPath, 'utf8')).toContain(`"const": ${schemaVersion}`);
    expect(page).toContain(`version ${schemaVersion}`);
  });

  it('has the tables that the schema gives', async () => {
    expect(await currentPage(page)).toBe(page);
  });

  it('has a workflow with inputs and outputs that exist', () => {
    const [, workflow = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const steps = parse(workflow) as { uses?: string; with?: object }[];
    const named = Object.values(inputTable).map((row: InputRow) => row.github);
    expect(steps[0]?.uses).toContain('/actions/verify@');
    for (const input of Object.keys(steps[0]?.with ?? {})) expect(named).toContain(input);
    expect(workflow).toContain(`outputs.${outputTable.results.github} }}`);
  });

  it('names files that exist', () => {
    for (const [, link = ''] of page.matchAll(/\]\((results\.[\w.]+)\)/g)) {
      expect(readFileSync(join(docs, link), 'utf8')).not.toBe('');
    }
  });
});
