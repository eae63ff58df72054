// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import type { InputName } from '../../shared/inputs.ts';
import { run } from '../../shared/run.ts';
import { fakeHost } from '../fakes/host.ts';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, strictPolicy, type Notation } from './support/notation.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('rsa2048');
let registry: RunningRegistry;
let notation: Notation;
let temporary: string;
let checksum: string;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  temporary = mkdtempSync(join(tmpdir(), 'named-keys-'));
  const [statement] = strictPolicy.trustPolicies;
  const trustStores = ['ca:interop', 'ca:wabbit-networks.io'];
  notation = createNotation({
    keys: [],
    trustPolicy: { ...strictPolicy, trustPolicies: [{ ...statement, trustStores }] },
  });
  const { program } = readPeers().plugin;
  const path = join(notation.environment['NOTATION_LIBEXEC'] ?? '', 'plugins/framed/notation-framed');
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(program, path);
  chmodSync(path, 0o755);
  checksum = createHash('sha256').update(readFileSync(program)).digest('hex');
  await notation.succeed('cert', 'generate-test', '--default', 'wabbit-networks.io');
  const config = [`key=${key.privateKey}`, `chain=${key.certificateChain}`].flatMap((each) => [
    '--plugin-config',
    each,
  ]);
  await notation.succeed('key', 'add', '--plugin', 'framed', '--id', '/CodeSign', ...config, 'Framed');
});
afterAll(async () => {
  await registry.stop();
  notation.remove();
  rmSync(temporary, { recursive: true });
});

async function sign(product: 'github' | 'azure', image: PushedImage, inputs: Partial<Record<InputName, string>>) {
  const { environment } = notation;
  const options = { product, environment, workspace: temporary, tempDirectory: temporary };
  const host = fakeHost({ ...options, inputs: { artifacts: image.reference, showSummary: 'true', ...inputs } });
  await run(host);
  expect(host.failures).toEqual([]);
  const [signature] = JSON.parse(host.outputs.get('signatures') ?? '') as { skipped?: true; signatureDigest: string }[];
  return { host, signature };
}

async function signaturesOf(image: PushedImage): Promise<number> {
  const { stdout } = await notation.succeed('list', image.reference);
  return stdout.split('sha256:').length - 2;
}

describe.each(['github', 'azure'] as const)("the key list of the Notation CLI, %s's words", (product) => {
  it.each(['wabbit-networks.io', 'default'])(
    'signs with %s, made by `notation cert generate-test`',
    async (keyName) => {
      const image = await pushImage(registry.host, `named/${product}/${keyName}`);
      await sign(product, image, { keyName });
      await notation.succeed('verify', image.reference);
    },
  );

  it('signs with a plugin key and its configuration, added by `notation key add`', async () => {
    const image = await pushImage(registry.host, `named/${product}/plugin`);
    await sign(product, image, { keyName: 'Framed', pluginChecksum: checksum });
    await notation.succeed('verify', image.reference);
  });

  it('skips what the Notation CLI has signed with the same key, and the CLI verifies what we add', async () => {
    const image = await pushImage(registry.host, `named/${product}/skip`);
    const inputs = { keyName: 'wabbit-networks.io', onExisting: 'skip', signatureFormat: 'jws' };
    await notation.succeed('sign', image.reference, '--signature-format', 'jws');
    const { signature } = await sign(product, image, inputs);
    expect(signature).toMatchObject({ skipped: true, referrers: 'existing' });
    expect(await signaturesOf(image)).toBe(1);

    const cose = await sign(product, image, { ...inputs, signatureFormat: 'cose' });
    expect(cose.signature?.skipped).toBeUndefined();
    expect(await signaturesOf(image)).toBe(2);
    await notation.succeed('sign', image.reference, '--signature-format', 'cose', '--user-metadata', 'a=1');
    expect((await sign(product, image, { ...inputs, userMetadata: 'a=1' })).signature?.skipped).toBeUndefined();
    const again = await sign(product, image, { ...inputs, signatureFormat: 'cose', userMetadata: 'a=1' });
    expect(again.signature?.skipped).toBe(true);
    expect(await signaturesOf(image)).toBe(4);
    await notation.succeed('verify', image.reference, '--user-metadata', 'a=1');
  });

  it('keeps apart what the same CLI has signed with another key', async () => {
    const image = await pushImage(registry.host, `named/${product}/other`);
    await notation.succeed('sign', image.reference, '--key', 'Framed');
    const { signature } = await sign(product, image, { keyName: 'default', onExisting: 'skip' });
    expect(signature?.skipped).toBeUndefined();
    const plugin = { keyName: 'Framed', trustInstalledPlugin: 'true', onExisting: 'skip', signatureFormat: 'jws' };
    expect((await sign(product, image, plugin)).signature?.skipped).toBe(true);
    expect(await signaturesOf(image)).toBe(2);
  });
});
