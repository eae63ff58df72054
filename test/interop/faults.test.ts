// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createRegistryClient } from '../../shared/adapters/registry/client.ts';
import { openLocalKey } from '../../shared/adapters/signers/local-key.ts';
import type { Timing } from '../../shared/adapters/timing.ts';
import { concurrently, maxConcurrentArtifacts } from '../../shared/concurrently.ts';
import { Secret } from '../../shared/primitives/secret.ts';
import { signArtifact } from '../../shared/sign.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { Fault } from '../fakes/registry/options.ts';
import { taggedSignatures } from './support/attach.ts';
import { pushImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';

/** Time ten times as fast: waits are what most of such a run consists of. */
const fast: Timing = {
  now: () => performance.now() * 10,
  random: () => Math.random(),
  sleep: async (milliseconds) => {
    await sleep(milliseconds / 10);
  },
};

/** Of ten requests three fail, in all ways in turn. */
const faults: readonly Fault[] = [
  { kind: 'status', status: 429 },
  { kind: 'status', status: 500 },
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'truncate' },
];

it(
  '[REG-85] [REG-86] a thousand signings through a registry that fails three requests of ten are each listed once',
  { timeout: 600_000 },
  async () => {
    const registry = await startRegistry({ referrersApi: false });
    const client = createRegistryClient({
      insecureRegistries: [],
      environment: {},
      log: { debug: () => undefined, info: () => undefined, warning: () => undefined },
      userAgent: 'notation-pipelines/test',
      access: 'push',
      timing: fast,
      totalTime: 10 * 600_000,
    });
    onTestFinished(async () => {
      await client.close();
      await registry.close();
    });
    const key = signingKey('p256');
    const signer = openLocalKey({
      privateKey: new Secret(readFileSync(key.privateKey, 'utf8')),
      certificateChain: readFileSync(key.certificateChain, 'utf8'),
    });
    const images = await Promise.all(
      Array.from({ length: 100 }, (_, index) => pushImage(registry.host, `app/${index}`)),
    );
    for (const fault of faults) {
      // Independent of each other, together three of ten.
      registry.options.faults.push({ probability: 1 - 0.7 ** (1 / faults.length), fault });
    }
    const signings = images.flatMap((image) => Array.from({ length: 10 }, (_, round) => ({ image, round })));
    const pushed = new Map(images.map(({ digest }) => [digest, new Set<string>()]));
    const failures: unknown[] = [];
    await concurrently(
      signings,
      maxConcurrentArtifacts,
      ({ image, round }) =>
        signArtifact(
          {
            name: `${image.registry}/${image.repository}`,
            tagOrDigest: image.digest,
            envelopeMediaType: 'application/jose+json',
            manifestForm: 'config-media-type',
            referrersMode: 'tag-schema',
            userMetadata: new Map([['round', String(round)]]),
            signingAgent: 'test/1',
          },
          {
            target: client.repository(image.registry, image.repository),
            signer,
            timestamper: undefined,
            clock: { now: () => new Date() },
            log: { debug: () => undefined, info: () => undefined, warning: () => undefined },
          },
        ),
      ({ image }, outcome) => {
        if ('error' in outcome) failures.push(outcome.error);
        else pushed.get(image.digest)?.add(outcome.result.signature.digest);
      },
    );
    expect(failures).toEqual([]);
    const broken = registry.requests.filter(({ status }) => status === 0 || status === 429 || status === 500).length;
    expect(broken).toBeGreaterThan(registry.requests.length / 5);
    registry.options.faults.length = 0;
    for (const image of images) {
      const listed = await taggedSignatures(image);
      expect(new Set(listed)).toEqual(pushed.get(image.digest));
      expect(listed).toHaveLength(10);
    }
  },
);
