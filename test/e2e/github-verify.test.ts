// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob, StepResult } from '../support/github-runner.ts';
import { createSigner, keyInputs, writeTrust } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';
import type { PushedImage } from '../support/push-image.ts';

const vectors = join(import.meta.dirname, '../fixtures/vectors');

interface Vector {
  readonly id: string;
  readonly trustPolicy: string;
  readonly trustStore: string;
  readonly signatures: readonly {
    readonly envelope: string;
    readonly envelopeDigest: string;
    readonly manifest: string;
    readonly manifestDigest: string;
    readonly manifestMediaType: string;
  }[];
}

interface Index {
  readonly artifact: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly vectors: readonly Vector[];
}

const index = JSON.parse(readFileSync(join(vectors, 'index.json'), 'utf8')) as Index;

let registry: EmbeddedRegistry;
let job: GitHubJob;
let image: PushedImage;
const { root, signer } = createSigner();
const stranger = createSigner('Stranger');
beforeAll(async () => {
  registry = await startRegistry();
  image = await pushImage(registry.host, 'verify/app', { tag: 'v1' });
  const signing = await startJob();
  const inputs = { ...keyInputs(signer), target_artifact_reference: image.reference };
  expect(await signing.step({ action: 'actions/sign', with: inputs })).toMatchObject({ exitCode: 0 });
  await signing.dispose();
});
afterAll(() => registry.close());
beforeEach(async () => {
  job = await startJob();
});
afterEach(async () => {
  await job.dispose();
});

function verify(inputs: Record<string, string> = {}): Promise<StepResult> {
  return job.step({ action: 'actions/verify', with: { target_artifact_reference: image.reference, ...inputs } });
}

async function failure(inputs: Record<string, string> = {}): Promise<StepResult & { readonly error: string }> {
  const result = await verify(inputs);
  expect(result.exitCode).toBe(1);
  expect(result.errors).toHaveLength(1);
  expect(result.raw).not.toMatch(/^\s+at /m);
  return { ...result, error: result.errors[0] ?? '' };
}

/** Puts the artifact of the vectors and a signature that the Notation CLI made into the registry, listed by tag. */
function storeVector(repository: string, { signatures }: Vector): string {
  const stored = registry.storage.repository(repository);
  const manifest = (mediaType: string, digest: string, bytes: Buffer): void => {
    stored.manifests.set(digest, { mediaType, bytes });
  };
  const { digest } = index.artifact;
  manifest(index.artifact.mediaType, digest, readFileSync(join(vectors, 'artifact/manifest.json')));
  for (const signature of signatures) {
    stored.blobs.set(signature.envelopeDigest, readFileSync(join(vectors, signature.envelope)));
    manifest(signature.manifestMediaType, signature.manifestDigest, Buffer.from(signature.manifest));
  }
  return `${registry.host}/${repository}@${digest}`;
}

describe('verify', () => {
  it('needs nothing but the artifact when policy and store are at their places', async () => {
    await writeTrust(job, [root]);
    const result = await verify();
    expect(result).toMatchObject({ exitCode: 0, errors: [], warnings: [] });
    expect(result.outputs).toMatchObject({ verified: 'true', references: image.reference });
    expect(JSON.parse(result.outputs['results'] ?? '')).toMatchObject([
      { outcome: 'verified', reference: image.reference },
    ]);
    expect(result.summary).toContain('Verified 1 artifact');
  });

  it.each(['p256-jws', 'rsa3072-jws', 'p384-cose', 'rsa2048-cose'])(
    "[GH-2] verifies with upstream's inputs what the CLI signed: %s",
    async (id) => {
      const vector = index.vectors.find((each) => each.id === id);
      if (vector === undefined) throw new Error(`no vector ${id}`);
      const reference = storeVector(`vectors/${id}`, vector);
      await job.writeWorkspaceFile(
        '.github/trustpolicy/trustpolicy.json',
        readFileSync(join(vectors, vector.trustPolicy)),
      );
      const store = join(vectors, vector.trustStore);
      for (const name of readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((path) =>
        path.endsWith('.crt'),
      )) {
        await job.writeWorkspaceFile(`.github/truststore/${name}`, readFileSync(join(store, name)));
      }
      const result = await verify({
        target_artifact_reference: `${reference}\n`,
        trust_policy: '.github/trustpolicy/trustpolicy.json',
        trust_store: '.github/truststore',
      });
      expect(result).toMatchObject({ exitCode: 0, errors: [], warnings: [], outputs: { verified: 'true' } });
    },
  );

  it("[GH-24] gives upstream's text without a reference", async () => {
    await writeTrust(job, [root]);
    expect((await failure({ target_artifact_reference: '' })).error).toContain(
      'input target_artifact_reference is required',
    );
  });

  it('[GH-24] names the places that were looked at without policy and store', async () => {
    const { error } = await failure();
    expect(error).toContain(join(job.workspace, '.github/trustpolicy/trustpolicy.json'));
    expect(error).toContain('trust_policy');
  });

  it('[GH-25] points at file and line of a policy that is not JSON', async () => {
    await writeTrust(job, [root]);
    const path = await job.writeWorkspaceFile(
      '.github/trustpolicy/trustpolicy.json',
      '{\n  "version": "1.0",\n  oops\n}\n',
    );
    const result = await failure();
    expect(result.error).toContain('line 3, column 3');
    const annotation = result.commands.find(({ name }) => name === 'error');
    expect(annotation?.properties).toEqual({ file: join(job.workspace, path), line: '3', col: '3' });
  });

  it('[GH-25] names the file and the problem of a policy that breaks a rule', async () => {
    await writeTrust(job, [root], { statement: { signatureVerification: { level: 'loose' } } });
    const { error } = await failure();
    expect(error).toContain('loose');
    expect(error).toContain('trustpolicy.json');
  });

  it('[GH-26] names the folder of a store that is not there', async () => {
    await writeTrust(job, []);
    const { error, outputs } = await failure();
    expect(error).toContain('"acme"');
    expect(error).toContain('does not exist');
    expect(outputs['verified']).toBe('false');
  });

  it('[GH-26] does not look at types of stores that nobody names', async () => {
    await writeTrust(job, [root]);
    await job.writeWorkspaceFile('.github/truststore/x509/unknown/store/file.pem', 'nothing');
    await job.writeWorkspaceFile('.github/truststore/README.md', 'about this folder');
    expect((await verify()).exitCode).toBe(0);
  });

  it.each(['README.md', '.gitkeep'])('[GH-26] refuses %s in a store by name, as Notation does', async (name) => {
    await writeTrust(job, [root]);
    await job.writeWorkspaceFile(
      `.github/truststore/x509/ca/acme/${name}`,
      name === '.gitkeep' ? '' : 'about this store',
    );
    const { error } = await failure();
    expect(error).toContain(`trusted certificate ${name} in trust store acme of type ca`);
  });

  it('[GH-26] refuses symbolic links in a store', async () => {
    await writeTrust(job, [root]);
    symlinkSync(join(job.workspace, 'elsewhere.pem'), join(job.workspace, '.github/truststore/x509/ca/acme/link.pem'));
    writeFileSync(join(job.workspace, 'elsewhere.pem'), root.pem);
    expect((await failure()).error).toContain('symlinks are not supported');
  });

  it('[GH-27] names the signer and what was trusted when no certificate matches', async () => {
    await writeTrust(job, [stranger.root], { store: 'strangers' });
    const { error, log } = await failure();
    expect(error).toContain('strangers');
    expect(log).toContain('CN=Test Signer');
    expect(log).toContain('CN=Test Intermediate 1');
  });

  it('[GH-28] verifies twice in one job with different stores, independently', async () => {
    await writeTrust(job, [root], { folder: 'first' });
    await writeTrust(job, [stranger.root], { folder: 'second' });
    const inputs = (folder: string) => ({
      trust_policy: `${folder}/trustpolicy/trustpolicy.json`,
      trust_store: `${folder}/truststore`,
    });
    expect((await verify(inputs('first'))).exitCode).toBe(0);
    expect((await verify(inputs('second'))).exitCode).toBe(1);
    expect((await verify(inputs('first'))).exitCode).toBe(0);
  });

  it("[GH-29] leaves the user's Notation configuration as it is", async () => {
    await writeTrust(job, [root]);
    const folder = join(job.home, '.config', 'notation');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'trustpolicy.json'), 'mine');
    expect((await verify()).exitCode).toBe(0);
    expect(readdirSync(job.home, { recursive: true, encoding: 'utf8' }).sort()).toEqual(
      ['.config', join('.config', 'notation'), join('.config', 'notation', 'trustpolicy.json')].sort(),
    );
    expect(readFileSync(join(folder, 'trustpolicy.json'), 'utf8')).toBe('mine');
  });

  it('[GH-31] resolves a tag once, warns, and uses the digest', async () => {
    await writeTrust(job, [root]);
    registry.requests.length = 0;
    const result = await verify({ target_artifact_reference: `${registry.host}/verify/app:v1` });
    expect(result.exitCode).toBe(0);
    expect(result.warnings).toEqual([expect.stringContaining(image.index.digest)]);
    expect(result.outputs['references']).toBe(image.reference);
    expect(registry.lines().filter((line) => line.endsWith('/manifests/v1'))).toHaveLength(1);
  });

  it('tells every artifact, in the order given, when one of them fails', async () => {
    await writeTrust(job, [root]);
    const unsigned = await pushImage(registry.host, 'verify/unsigned', { content: 'unsigned' });
    const result = await failure({ target_artifact_reference: `${unsigned.reference}\n${image.reference}` });
    expect(result.error).toContain(unsigned.reference);
    expect(result.error).not.toContain(`${image.reference}:`);
    expect(result.outputs).toMatchObject({ verified: 'false', references: image.reference });
    expect(JSON.parse(result.outputs['results'] ?? '')).toMatchObject([{ outcome: 'failed' }, { outcome: 'verified' }]);
  });
});

describe('foreign text', () => {
  const hostile =
    'CN=x\n::error::pwned\r##[add-mask]a\u2028::stop-commands::t|`<img src=x onerror=alert(1)>@maintainer 😀\u202e\u001b[2J,O=Evil';

  it('[GH-84] [GH-87] shows a hostile subject inert in log, summary and outputs', async () => {
    const evil = createSigner('Evil', hostile);
    const signed = await pushImage(registry.host, 'hostile/app', { content: 'hostile' });
    const target = { target_artifact_reference: signed.reference };
    const made = await job.step({ action: 'actions/sign', with: { ...keyInputs(evil.signer), ...target } });
    await writeTrust(job, [root]);
    const judged = await verify(target);
    const seen = await job.step({ action: 'actions/inspect', with: target });
    expect(seen).toMatchObject({ exitCode: 0, errors: [] });
    expect(made.exitCode).toBe(0);
    expect(judged.exitCode).toBe(1);
    expect(seen.log).toContain('pwned');
    expect(seen.summary).toContain('pwned');
    for (const result of [made, judged, seen]) {
      // The harness itself refuses every command that is not ours.
      expect(result.errors.join()).not.toMatch(/^pwned/);
      expect(result.log).not.toMatch(/[\u001b\u202e\u2028\r]/);
      expect(result.summary).not.toMatch(/<img|@maintainer|\u202e|(?<!\\)`<img/);
      for (const row of result.summary.split('\n').filter((line) => line.includes('pwned'))) {
        expect(row).not.toMatch(/^::error/);
      }
    }
    expect(seen.outputs['inspection']).not.toContain('\n');
  });

  it('[GH-84] shows the error body of a registry inert', async () => {
    await writeTrust(job, [root]);
    const message = '::error::pwned\n##[set-env name=PATH]x\n\u001b[2J';
    registry.options.faults = [
      {
        path: /hostile\/denied/,
        fault: {
          kind: 'status',
          status: 403,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ errors: [{ code: 'DENIED', message, detail: message }] }),
        },
      },
    ];
    const result = await failure({
      target_artifact_reference: `${registry.host}/hostile/denied@sha256:${'a'.repeat(64)}`,
    });
    registry.options.faults = [];
    expect(result.error).toContain(`${registry.host}/hostile/denied`);
    expect(result.error).toContain('pwned');
    expect(result.raw).not.toMatch(/\u001b/);
  });
});

describe('inspect', () => {
  it('shows signatures without any policy, as text and as JSON', async () => {
    const result = await job.step({ action: 'actions/inspect', with: { target_artifact_reference: image.reference } });
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(result.log).toContain('CN=Test Signer');
    expect(JSON.stringify(JSON.parse(result.outputs['inspection'] ?? ''))).toContain(image.index.digest);
    expect(result.summary).not.toBe('');
  });
});
