// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { node24 } from '../support/azure-agent.ts';
import { taggedSignatures } from './support/attach.ts';
import { pushImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { signWithUs } from './support/ours.ts';
import { startAction, startTask } from './support/products.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('p256');
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

it('[REG-67] of eight of our processes that sign the same image at once, none loses its signature', async () => {
  const image = await pushImage(registry.host, 'concurrency/ours');
  const actions = await Promise.all(Array.from({ length: 4 }, () => startAction(notation)));
  const products = [...actions, ...Array.from({ length: 4 }, () => startTask(notation, node24))];
  onTestFinished(async () => {
    for (const product of products) await product.dispose();
  });
  const steps = await Promise.all(products.map((product) => product.sign([image], key, 'jws')));
  expect(steps.filter(({ succeeded }) => !succeeded).map(({ log }) => log)).toEqual([]);
  expect(new Set(await taggedSignatures(image)).size).toBe(products.length);
});

it('[REG-68] of four of us and four Notation CLIs that sign the same image at once, none of us loses its signature', async () => {
  const image = await pushImage(registry.host, 'concurrency/mixed');
  const ours = Array.from({ length: 4 }, () => signWithUs(image, { key, format: 'cose' }));
  const theirs = Array.from({ length: 4 }, () => notation.run('sign', image.reference, '--key', key.name));
  const [records] = await Promise.all([Promise.all(ours), Promise.all(theirs)]);
  // Notation itself reads, adds and writes without looking again: one of its own may erase another of its own.
  const listed = await taggedSignatures(image);
  for (const { signature } of records) expect(listed).toContain(signature.digest);
});
