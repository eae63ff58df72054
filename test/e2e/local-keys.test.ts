// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { AgentJob, packagedTask } from '../support/azure-agent.ts';
import { startJob } from '../support/github-runner.ts';
import { pushImage } from '../support/push-image.ts';

const keys = join(import.meta.dirname, '../fixtures/keys');
const password = 'pässword';

let registry: EmbeddedRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());

interface Ended {
  readonly succeeded: boolean;
  /** What a reader sees. */
  readonly log: string;
  output(name: 'signatures' | 'signatureDigest'): string;
}

/** A job of either product, with the names of its inputs in camelCase. */
interface Product {
  readonly workspace: string;
  readonly home: string;
  sign(inputs: Readonly<Record<string, string>>): Promise<Ended>;
  dispose(): Promise<void> | void;
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

async function startGitHub(): Promise<Product> {
  const job = await startJob();
  return {
    workspace: job.workspace,
    home: job.home,
    sign: async ({ artifactRefs = '', ...inputs }) => {
      const named = Object.entries(inputs).map(([name, value]) => [snake(name), value] as const);
      const result = await job.step({
        action: 'actions/sign',
        with: {
          target_artifact_reference: artifactRefs,
          force_referrers_tag: 'false',
          ...Object.fromEntries<string>(named),
        },
      });
      return {
        succeeded: result.succeeded,
        log: result.log,
        output: (name) => result.outputs[snake(name)] ?? '',
      };
    },
    dispose: () => job.dispose(),
  };
}

function startAzure(): Promise<Product> {
  const job = new AgentJob();
  let steps = 0;
  return Promise.resolve({
    workspace: job.sources,
    home: job.home,
    sign: async (inputs) => {
      const all = { command: 'sign', signatureFormat: 'jws', allowReferrersAPI: 'true', ...inputs };
      const step = `sign${++steps}`;
      const result = await job.run({ name: step, task: packagedTask, inputs: all });
      return {
        succeeded: result.result === 'Succeeded',
        log: result.log.join('\n'),
        output: (name) => job.variable(`${step}.${name}`) ?? '',
      };
    },
    dispose: () => {
      job.dispose();
    },
  });
}

describe.each([
  ['GitHub', startGitHub],
  ['Azure Pipelines', startAzure],
])('the packaged sign step on %s', (product, start) => {
  let job: Product;
  beforeEach(async () => {
    job = await start();
  });
  afterEach(async () => {
    await job.dispose();
  });

  async function artifact(name: string): Promise<string> {
    const repository = `${product.toLowerCase().replaceAll(' ', '-')}/${name}`;
    return (await pushImage(registry.host, repository)).reference;
  }

  it('[KEY-95] [KEY-101] [KEY-110] signs with a PKCS#12 file whose path has spaces and accents', async () => {
    const path = 'clés de signature/ключ 1.p12';
    mkdirSync(dirname(join(job.workspace, path)));
    copyFileSync(join(keys, 'default.p12'), join(job.workspace, path));
    const before = readdirSync(job.workspace, { recursive: true });
    const artifactRefs = await artifact('pkcs12');
    const wrong = await job.sign({ artifactRefs, privateKey: path, privateKeyPassword: 'other' });
    expect(wrong.succeeded).toBe(false);
    expect(wrong.log).toContain('cannot be decrypted: the password is wrong, or the key is damaged');

    const signed = await job.sign({ artifactRefs, privateKey: path, privateKeyPassword: password });
    expect(signed.succeeded).toBe(true);
    expect(signed.output('signatures')).toContain('CN=Fixture Signer,O=Test,C=US');
    expect(readdirSync(job.workspace, { recursive: true })).toEqual(before);
  });

  it("signs with the default key of the user's key list, and leaves the list as it is", async () => {
    const folder = join(job.home, '.config/notation');
    mkdirSync(folder, { recursive: true });
    const list = join(folder, 'signingkeys.json');
    const named = { name: 'release', keyPath: join(keys, 'leaf.sec1'), certPath: join(keys, 'leaf-chain.crt') };
    writeFileSync(list, JSON.stringify({ default: 'release', keys: [named] }));
    const text = readFileSync(list, 'utf8');
    const artifactRefs = await artifact('named');
    expect((await job.sign({ artifactRefs, keyName: 'default' })).succeeded).toBe(true);
    expect(readFileSync(list, 'utf8')).toBe(text);

    const unknown = await job.sign({ artifactRefs, keyName: 'nightly' });
    expect(unknown.succeeded).toBe(false);
    expect(unknown.log).toContain(`signing key "nightly" not found in ${list}: it has "release"`);
  });

  it('[KEY-108] skips what it has signed, also after another step, and reads everything anew', async () => {
    const artifactRefs = await artifact('skip');
    copyFileSync(join(keys, 'default.p12'), join(job.workspace, 'key.p12'));
    const inputs = { artifactRefs, privateKey: 'key.p12', privateKeyPassword: password, onExisting: 'skip' };
    const first = await job.sign(inputs);
    const second = await job.sign(inputs);
    expect(second.output('signatureDigest')).toBe(first.output('signatureDigest'));
    expect(JSON.parse(second.output('signatures'))).toMatchObject([{ skipped: true, referrers: 'existing' }]);
    expect(second.log).toContain(`Skipped, signed already: ${artifactRefs}`);

    // another key under the same path: nothing of the step before may be used
    const pem = ['rsa.pkcs8', 'rsa-chain.crt'].map((name) => readFileSync(join(keys, name), 'utf8')).join('');
    writeFileSync(join(job.workspace, 'key.p12'), pem);
    const third = await job.sign(inputs);
    expect(JSON.parse(third.output('signatures'))).not.toMatchObject([{ skipped: true }]);
    expect(third.output('signatureDigest')).not.toBe(first.output('signatureDigest'));
  });
});

it.each(['action', 'ado-task'])('[KEY-109] the chunks that Azure needs stay small in dist/%s', (bundle) => {
  const folder = join(import.meta.dirname, '../../dist', bundle, 'chunks');
  const azure = readdirSync(folder).filter((name) => /^(?:azure|credential|artifact-signing|bearer)/.test(name));
  expect(azure.some((name) => name.startsWith('azure-key-vault'))).toBe(true);
  for (const name of azure) expect(statSync(join(folder, name)).size, name).toBeLessThan(600 * 1024);
});
