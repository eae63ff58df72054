// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentNodes } from '../support/azure-agent.ts';
import { attachEnvelope, fetchEnvelope, taggedSignatures } from './support/attach.ts';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey, signingKeys } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { startAction, startTask, type Product } from './support/products.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

let registry: RunningRegistry;
let notation: Notation;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  notation = createNotation();
});
afterAll(async () => {
  await registry.stop();
  notation.remove();
});

const starts: { name: string; start: () => Promise<Product> | Product }[] = [
  { name: 'the GitHub Action', start: () => startAction(notation) },
  ...agentNodes().map((node) => ({
    name: `the Azure Pipelines task on ${node.name}`,
    start: () => startTask(notation, node),
  })),
];

describe.each(starts)('$name as it is packaged', ({ name, start }) => {
  let product: Product;
  const folder = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

  beforeAll(async () => {
    product = await start();
  });
  afterAll(() => product.dispose());

  async function pushImages(use: string): Promise<readonly PushedImage[]> {
    const images: PushedImage[] = [];
    for (let i = 0; i < 3; i++) images.push(await pushImage(registry.host, `${folder}/${use}`));
    return images;
  }

  it.each(['jws', 'cose'] as const)('Notation verifies several images signed in one step as %s', async (format) => {
    const images = await pushImages(`signed/${format}`);
    expect(await product.sign(images, signingKey('rsa2048'), format)).toMatchObject({ succeeded: true });
    for (const { reference } of images) await notation.succeed('verify', reference);
  });

  it('verifies several images that Notation signed', async () => {
    const images = await pushImages('verified');
    for (const [index, { reference }] of images.entries()) {
      const key = signingKeys[index]?.name ?? '';
      await notation.succeed('sign', reference, '--key', key, '--signature-format', index === 1 ? 'cose' : 'jws');
    }
    const step = await product.verify(images);
    expect(step.log).toContain(images[0]?.digest);
    expect(step.succeeded).toBe(true);
  });

  it('fails on the signature of another image, as Notation does', async () => {
    const [good, bad] = await pushImages('rejected');
    if (good === undefined || bad === undefined) throw new Error('no images');
    await notation.succeed('sign', good.reference, '--key', 'p256');
    const [signature = ''] = await taggedSignatures(good);
    await attachEnvelope(bad, await fetchEnvelope(good, signature));
    expect((await notation.run('verify', bad.reference)).status).toBe(1);
    expect(await product.verify([bad])).toMatchObject({ succeeded: false });
    expect(await product.verify([good])).toMatchObject({ succeeded: true });
  });
});
