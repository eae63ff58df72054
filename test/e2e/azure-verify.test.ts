// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { signEnvelope } from '../fakes/signed-envelope.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { parseDigest } from '../../shared/primitives/digest.ts';
import { attachEnvelope, withTimestamp } from '../support/attach-envelope.ts';
import { AzureScene } from '../support/azure-scene.ts';
import { pushImage } from '../support/push-image.ts';

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();
const stranger = createCertificateAuthority({ name: 'Stranger' });
const policyPath = '.pipeline/trustpolicy/trustpolicy.json';

let registry: EmbeddedRegistry;
let scene: AzureScene;
/** Signed once, by `signer`. */
let app = '';
beforeAll(async () => {
  registry = await startRegistry();
  app = (await pushImage(registry.host, 'team/app')).reference;
  const signing = new AzureScene({ authority, signer });
  expect(await signing.sign({ artifactRefs: app })).toMatchObject({ result: 'Succeeded' });
  signing.dispose();
});
afterAll(() => registry.close());
beforeEach(() => {
  scene = new AzureScene({ authority, signer });
});
afterEach(() => {
  scene.dispose();
});

async function failure(inputs: Record<string, string>): Promise<string> {
  const { result, exitCode, errors } = await scene.verify({ artifactRefs: app, ...inputs }, 'failing');
  expect({ result, exitCode, count: errors.length }).toEqual({ result: 'Failed', exitCode: 0, count: 1 });
  expect(scene.job.variable('failing.verified') ?? 'false').toBe('false');
  return errors[0] ?? '';
}

describe('an artifact', () => {
  it('[ADO-75] that is signed verifies, one that is not fails and is told so', async () => {
    expect(await scene.verify({ artifactRefs: app })).toMatchObject({ result: 'Succeeded', errors: [], warnings: [] });
    const unsigned = (await pushImage(registry.host, 'team/unsigned', { content: 'unsigned' })).reference;
    expect(await failure({ artifactRefs: unsigned })).toContain(`no signature is associated with "${unsigned}"`);
  });

  it('[ADO-80] of a certificate that has expired verifies by its timestamp; without a tsa store it says what to add', async () => {
    const expired = authority.issue({ notBefore: new Date('2026-01-01'), notAfter: new Date('2026-09-01') });
    const image = await pushImage(registry.host, 'team/expired', { content: 'expired' });
    const payload = { ...image.index, digest: parseDigest(image.index.digest) };
    const envelope = signEnvelope({ signer: expired, payload, signingTime: new Date('2026-06-01') });
    attachEnvelope(registry, 'team/expired', image.index, withTimestamp(envelope));
    scene.write('.pipeline/truststore/x509/tsa/clocks/root.crt', tsaAuthority.root.pem);
    const without = await failure({ artifactRefs: image.reference });
    expect(without).toContain('it was expired at "Tue, 01 Sep 2026');
    expect(without).toContain('add tsa:<store> to the trustStores');
    scene.write(
      policyPath,
      policyText({ trustStores: ['ca:acme', 'tsa:clocks'], signatureVerification: noRevocation }),
    );
    const result = await scene.verify({ artifactRefs: image.reference });
    expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
  });

  const noRevocation = { level: 'strict', override: { revocation: 'skip' } };

  it.each(['permissive', 'audit'])('[ADO-81] at level %s is a warning where it is only logged', async (level) => {
    // Permissive still enforces authenticity, so the failure there is an expired signature.
    const image = await pushImage(registry.host, `team/${level}`, { content: level });
    const expiry = new Date('2026-02-01');
    const spec = {
      signer: level === 'audit' ? stranger.issue() : signer,
      payload: { ...image.index, digest: parseDigest(image.index.digest) },
      expiry,
    };
    attachEnvelope(
      registry,
      `team/${level}`,
      image.index,
      signEnvelope({ ...spec, signingTime: new Date('2026-01-31') }),
    );
    scene.write(policyPath, policyText({ signatureVerification: { level } }));
    const result = await scene.verify({ artifactRefs: image.reference });
    expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(result.warnings.length).toBeGreaterThan(0);
    expect(scene.job.variable('verify.Status')).toBe('Warning');
    expect(scene.job.variable('verify.verified')).toBe('false');
  });
});

describe('the trust store', () => {
  it.each(['README.md', '.gitkeep'])('[ADO-77] with %s is refused by name, as Notation does', async (name) => {
    scene.write(`.pipeline/truststore/x509/ca/acme/${name}`, name === '.gitkeep' ? '' : 'about this store');
    expect(await failure({})).toContain(`trusted certificate ${name} in trust store acme of type ca`);
  });

  it('[ADO-77] may hold what the policy does not ask for: files, folders, empty stores, other types', async () => {
    scene.write('.pipeline/truststore/README.md', 'about this folder');
    scene.write('.pipeline/truststore/x509/.gitkeep', '');
    scene.write('.pipeline/truststore/x509/ca/other/nested/README.md', 'not a store that is used');
    mkdirSync(join(scene.job.sources, '.pipeline/truststore/x509/ca/empty'), { recursive: true });
    expect(await scene.verify({ artifactRefs: app })).toMatchObject({ result: 'Succeeded', errors: [] });
  });

  it('[ADO-77] without a certificate fails where the policy needs it', async () => {
    rmSync(join(scene.job.sources, '.pipeline/truststore/x509/ca/acme/root.crt'));
    const message = await failure({});
    expect(message).toContain('acme');
    expect(message).toMatch(/no x509 certificate|empty|no certificate/);
  });

  it('[ADO-78] without x509 is told with its path', async () => {
    const store = join(scene.job.sources, '.pipeline/truststore');
    rmSync(join(store, 'x509'), { recursive: true });
    const message = await failure({});
    expect(message).toContain('"acme"');
    expect(message).toContain(join('.pipeline', 'truststore'));
  });

  it('[ADO-78] that does not exist is told with its path and the input', async () => {
    const message = await failure({ trustStore: 'no/such/store' });
    expect(message).toContain(join('no', 'such', 'store'));
    expect(message).toContain('trustStore');
  });
});

describe('the trust policy', () => {
  it('[ADO-78] that is missing is told with its path and the input', async () => {
    const message = await failure({ trustPolicy: 'no/such/policy.json' });
    expect(message).toContain(join('no', 'such', 'policy.json'));
    expect(message).toContain('trustPolicy');
  });

  it('[ADO-78] that is no JSON is told with line and column', async () => {
    scene.write(policyPath, '{\n  "version": "1.0",\n  oops\n}');
    const message = await failure({});
    expect(message).toContain('trustpolicy.json');
    expect(message).toContain('line 3, column 3');
  });

  it('[ADO-78] that names a store which is not there is told with the name', async () => {
    scene.write(policyPath, policyText({ trustStores: ['ca:typo'] }));
    const message = await failure({});
    expect(message).toContain('"typo"');
    expect(message).toContain('does not exist');
  });
});

describe('paths', () => {
  it('[ADO-79] are relative to System.DefaultWorkingDirectory, with one checkout and with two', async () => {
    const one = { trustPolicy: policyPath, trustStore: '.pipeline/truststore' };
    expect((await scene.verify({ artifactRefs: app, ...one })).result).toBe('Succeeded');
    // With two checkouts that folder is the parent of both.
    cpSync(join(scene.job.sources, '.pipeline'), join(scene.job.sources, 'app', '.pipeline'), { recursive: true });
    mkdirSync(join(scene.job.sources, 'other'));
    rmSync(join(scene.job.sources, '.pipeline'), { recursive: true });
    const message = await failure(one);
    expect(message).toContain(join(scene.job.sources, '.pipeline'));
    const two = { trustPolicy: `app/${policyPath}`, trustStore: 'app/.pipeline/truststore' };
    expect((await scene.verify({ artifactRefs: app, ...two })).result).toBe('Succeeded');
  });

  it('[ADO-95] may have blanks and non-ASCII letters, and be absolute', async () => {
    const folder = 'Prüf Ordner/信頼';
    cpSync(join(scene.job.sources, '.pipeline'), join(scene.job.sources, folder), { recursive: true });
    rmSync(join(scene.job.sources, '.pipeline'), { recursive: true });
    const relative = { trustPolicy: `${folder}/trustpolicy/trustpolicy.json`, trustStore: `${folder}/truststore` };
    const absolute = {
      trustPolicy: join(scene.job.sources, relative.trustPolicy),
      trustStore: join(scene.job.sources, relative.trustStore),
    };
    for (const inputs of [relative, absolute]) {
      expect(await scene.verify({ artifactRefs: app, ...inputs })).toMatchObject({ result: 'Succeeded', errors: [] });
    }
  });

  it('[ADO-95] of a container job are those that the agent gives', async () => {
    const inContainer = join(scene.job.temp, '__w', '1', 's');
    cpSync(join(scene.job.sources, '.pipeline'), join(inContainer, '.pipeline'), { recursive: true });
    const variables = { 'System.DefaultWorkingDirectory': inContainer };
    const container = new AzureScene({ authority, signer, variables });
    try {
      rmSync(join(container.job.sources, '.pipeline'), { recursive: true });
      expect((await container.verify({ artifactRefs: app })).result).toBe('Succeeded');
    } finally {
      container.dispose();
    }
  });
});

describe('two agents of one user', () => {
  it('[ADO-83] verify at the same time, each by its own policy, and leave nothing behind', async () => {
    const variables = { HOME: scene.job.home, USERPROFILE: scene.job.home };
    const agents = [authority, stranger, authority, stranger].map(
      (trusted) => new AzureScene({ authority: trusted, signer, variables }),
    );
    try {
      const results = await Promise.all(agents.map((agent) => agent.verify({ artifactRefs: app })));
      expect(results.map(({ result }) => result)).toEqual(['Succeeded', 'Failed', 'Succeeded', 'Failed']);
      expect(readdirSync(scene.job.home)).toEqual([]);
    } finally {
      for (const agent of agents) agent.dispose();
    }
  });
});
