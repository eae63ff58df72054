// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { policyText, skipStatement, type StatementJson } from '../fakes/trust-policy.ts';
import { agentNodes } from '../support/azure-agent.ts';
import { azureJob, githubJob, type HostedInputs, type HostedJob, type HostedResult } from '../support/both-hosts.ts';
import { pushImage } from '../support/push-image.ts';

// What both packaged hosts say of their work. Both runners hold every JSON output against docs/results.schema.json.

const vectors = join(import.meta.dirname, '../fixtures/vectors');

interface Index {
  readonly artifact: { readonly mediaType: string; readonly digest: string };
  readonly vectors: readonly {
    readonly id: string;
    readonly signatures: readonly {
      readonly envelope: string;
      readonly envelopeDigest: string;
      readonly manifest: string;
      readonly manifestDigest: string;
      readonly manifestMediaType: string;
    }[];
  }[];
}

const index = JSON.parse(readFileSync(join(vectors, 'index.json'), 'utf8')) as Index;
const day = 24 * 60 * 60 * 1000;
const soon = new Date(Date.now() + 10 * day);
const acme = createCertificateAuthority({ name: 'Acme', root: { notAfter: soon }, intermediate: { notAfter: soon } });
const signer = acme.issue({ notAfter: soon });
const stranger = createCertificateAuthority({ name: 'Stranger' }).issue();

let registry: EmbeddedRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

/** Puts the artifact of the vectors with a signature of the Notation CLI's format into the registry. */
function storeVector(id: string): string {
  const repository = `vectors/${id}`;
  const stored = registry.storage.repository(repository);
  const { mediaType, digest } = index.artifact;
  stored.manifests.set(digest, { mediaType, bytes: readFileSync(join(vectors, 'artifact/manifest.json')) });
  for (const signature of index.vectors.find((each) => each.id === id)?.signatures ?? []) {
    stored.blobs.set(signature.envelopeDigest, readFileSync(join(vectors, signature.envelope)));
    const bytes = Buffer.from(signature.manifest);
    stored.manifests.set(signature.manifestDigest, { mediaType: signature.manifestMediaType, bytes });
  }
  return `${registry.host}/${repository}@${digest}`;
}

interface Signature {
  readonly outcome: string;
  readonly error?: string;
  readonly validations: readonly Readonly<Record<string, unknown>>[];
}

interface Result {
  readonly outcome: string;
  readonly expiring: readonly string[];
  readonly notices: readonly string[];
  readonly signatures: readonly Signature[];
}

function resultOf(host: HostedResult): Result {
  const [result, ...others] = JSON.parse(host.output('results')) as Result[];
  if (result === undefined || others.length > 0) throw new Error('not one result');
  return result;
}

const hosts: readonly { readonly name: string; readonly start: () => Promise<HostedJob> }[] = [
  { name: 'the GitHub Action', start: githubJob },
  ...agentNodes().map((node) => ({
    name: `the Azure Pipelines task on ${node.name}`,
    start: () => Promise.resolve(azureJob(node)),
  })),
];

describe.each(hosts)('$name', ({ start }) => {
  let job: HostedJob;
  beforeEach(async () => {
    job = await start();
    trust({});
  });
  afterEach(() => job.dispose());

  function trust(statement: StatementJson, root: string | Uint8Array = acme.root.pem): void {
    job.place(`${job.configuration}/trustpolicy/trustpolicy.json`, policyText(statement));
    job.place(`${job.configuration}/truststore/x509/ca/acme/root.crt`, root);
  }

  async function sign(artifacts: string, inputs: HostedInputs = {}, key = signer): Promise<void> {
    const given = { privateKey: key.privateKeyPem, certificateChain: key.chainPem, referrersSettle: '0' };
    const result = await job.step('sign', { artifacts, ...given, ...inputs });
    expect(result).toMatchObject({ succeeded: true, errors: [] });
  }

  function verify(artifacts: string, inputs: HostedInputs = {}): Promise<HostedResult> {
    return job.step('verify', { artifacts, expiryWarningDays: '0', ...inputs });
  }

  it('warns of certificates that end soon, and of the signature that ends with them, as early as is asked for', async () => {
    const { reference } = await pushImage(registry.host, 'ends/app');
    await sign(reference);
    const result = await verify(reference, { expiryWarningDays: '30' });
    expect(result).toMatchObject({ succeeded: true, errors: [] });
    expect(result.output('verified')).toBe('true');
    const { expiring } = resultOf(result);
    expect(expiring.map((sentence) => sentence.slice(0, 24))).toEqual([
      'the signing certificate ',
      'the CA certificate "CN=A',
      'the CA certificate "CN=A',
      'the signature has no tim',
    ]);
    expect(result.warnings.map((warning) => warning.replace(`${reference}: `, ''))).toEqual(expiring);
    expect(result.summary).toContain('⚠️ the signature has no timestamp');
    const off = await verify(reference);
    expect(off.warnings).toEqual([]);
    expect(resultOf(off)).toMatchObject({ expiring: [], notices: [expect.stringContaining('no timestamp')] });
    const refused = await verify(reference, { expiryWarningDays: 'soon' });
    expect(refused.errors[0]).toMatch(/expiry_?warning_?days must be a whole number from 0 to 3650. Got "soon"/i);
  });

  it('looks at several signatures, and at no more than it may', async () => {
    const { reference } = await pushImage(registry.host, 'several/app');
    await sign(reference, {}, stranger);
    await sign(reference);
    const both = resultOf(await verify(reference));
    expect(both.outcome).toBe('verified');
    expect(both.signatures.map(({ outcome }) => outcome)).toContain('verified');
    const none = createCertificateAuthority({ name: 'Nobody' });
    trust({}, none.root.pem);
    const all = await verify(reference);
    expect(resultOf(all).signatures.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected']);
    const limited = await verify(reference, { maxSignatures: '1' });
    expect(limited.succeeded).toBe(false);
    expect(limited.errors[0]).toMatch(/configured limit of 1 signatures .* exceeded[^]*max_?signatures/i);
    expect(resultOf(limited).signatures).toHaveLength(1);
    const inspected = await job.step('inspect', { artifacts: reference, maxSignatures: '1' });
    expect(inspected.warnings).toEqual([`${reference}: exceeded configured limit of max signatures 1 to examine`]);
    expect(JSON.parse(inspected.output('inspection'))).toMatchObject([{ signatures: [{}], truncated: true }]);
    const refused = await verify(reference, { maxSignatures: '0' });
    expect(refused.errors[0]).toMatch(/max_?signatures must be a whole number from 1 to 10000. Got "0"/i);
  });

  it('demands user metadata', async () => {
    const { reference } = await pushImage(registry.host, 'metadata/app');
    await sign(reference, { userMetadata: 'build=7\nbranch=main' });
    expect((await verify(reference, { userMetadata: 'build=7' })).output('verified')).toBe('true');
    const missing = await verify(reference, { userMetadata: 'build=7\nbranch=other' });
    expect(missing.errors[0]).toContain('unable to find specified metadata in the signature');
    expect(resultOf(missing).signatures).toMatchObject([{ outcome: 'rejected', error: expect.any(String) as unknown }]);
  });

  it('verifies nothing where the policy says skip, and warns', async () => {
    const { reference } = await pushImage(registry.host, 'skip/app');
    trust(skipStatement);
    const result = await verify(reference);
    expect(result.succeeded).toBe(true);
    expect(result.warnings).toEqual([expect.stringMatching(/^Not verified: /)]);
    expect([result.output('verified'), resultOf(result).outcome]).toEqual(['false', 'skipped']);
  });

  it('[SEC-11] calls accepted, never verified, what fails a validation that is only logged', async () => {
    const { reference } = await pushImage(registry.host, 'logged/app');
    await sign(reference, {}, stranger);
    trust({ signatureVerification: { level: 'audit' } });
    const result = await verify(reference);
    expect(result.succeeded).toBe(true);
    expect(result.warnings).toEqual([expect.stringContaining('authenticity was set to "log" and failed with error')]);
    expect([result.output('verified'), resultOf(result).outcome]).toEqual(['false', 'accepted']);
    expect(resultOf(result).signatures).toMatchObject([{ outcome: 'accepted' }]);
    expect(result.summary).toContain('Verified 0 of 1 artifact: 1 accepted with warnings');
    expect(`${result.log}\n${result.summary}`).not.toMatch(/^Verified localhost|\| verified|: verified/m);
  });

  it.each(['jws', 'cose'])(
    'takes critical and extended attributes as Notation does, or strictly: %s',
    async (format) => {
      const store = readFileSync(join(vectors, 'truststores/p256/x509/ca/vectors/root.crt'));
      trust({}, store);
      const plain = await verify(storeVector(`unknown-attribute-${format}`), { strictness: 'strict' });
      expect(resultOf(plain).outcome).toBe('verified');
      const critical = storeVector(`unknown-critical-attribute-${format}`);
      expect(resultOf(await verify(critical)).outcome).toBe('verified');
      const strict = await verify(critical, { strictness: 'strict' });
      expect(strict.succeeded).toBe(false);
      expect(strict.errors[0]).toContain('which nothing here understands');
      const malformed = await verify(storeVector(`crit-without-scheme-${format}`));
      expect(malformed.errors[0]).toContain('these required headers are not marked as critical');
    },
  );
});
