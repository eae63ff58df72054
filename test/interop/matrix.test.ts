// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registryKinds, startRegistry, type RunningRegistry } from './support/registries.ts';
import { fetchManifest, pushImage, referrersTag } from './support/image.ts';
import { signingKeys } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';

const formats = ['jws', 'cose'] as const;

describe.each(registryKinds)('$name', ({ name, modes, referrersApi, ociSubject }) => {
  let registry: RunningRegistry;
  let notation: Notation;

  beforeAll(async () => {
    registry = await startRegistry(name);
    notation = createNotation();
  });
  afterAll(async () => {
    await registry.stop();
    notation.remove();
  });

  describe.each(modes)('%s', (mode) => {
    const viaApi = mode === 'api-first' && referrersApi;
    // Where the registry lists what has a subject itself, the tag is what is added for older readers.
    const tagged = ociSubject ? 'both' : 'tag-schema';

    describe.each(formats)('%s', (format) => {
      it.each(signingKeys)(
        '[REG-59] [REG-60] [REG-90] [NP-353] Notation verifies what we sign with $name',
        async (key) => {
          const image = await pushImage(registry.host, `ours/${mode}/${format}/${key.name}`);
          const record = await signWithUs(image, { key, format, mode });
          expect(record.via).toBe(viaApi ? 'referrers-api' : tagged);
          expect((await fetchManifest(image, referrersTag(image.digest))) === undefined).toBe(viaApi);

          const { stdout, stderr } = await notation.succeed('verify', image.reference);
          expect(stdout).toBe(`Successfully verified signature for ${image.reference}\n`);
          expect(stderr).toBe('');
        },
      );

      it.each(signingKeys)('[REG-90] we verify what Notation signs with $name', async (key) => {
        const image = await pushImage(registry.host, `theirs/${mode}/${format}/${key.name}`);
        const force = `--force-referrers-tag=${String(mode === 'tag-schema')}`;
        await notation.succeed('sign', image.reference, '--key', key.name, '--signature-format', format, force);

        const outcome = await verifyWithUs(image, notation);
        expect(reasons(outcome)).toBe('');
        expect(outcome.outcome).toBe('verified');
        expect(outcome.signatures).toMatchObject([
          { verified: true, signature: { signingAgent: 'notation-go/1.3.2' } },
        ]);
      });
    });

    it('[REG-90] signatures of both stand side by side, and either one finds a good one', async () => {
      const image = await pushImage(registry.host, `both/${mode}`);
      const force = `--force-referrers-tag=${String(mode === 'tag-schema')}`;
      const [rsa, ecdsa] = [signingKeys[0], signingKeys[3]];
      if (rsa === undefined || ecdsa === undefined) throw new Error('keys are missing');
      await notation.succeed('sign', image.reference, '--key', rsa.name, force);
      const ours = await signWithUs(image, { key: ecdsa, format: 'cose', mode });
      await notation.succeed('sign', image.reference, '--key', rsa.name, '--signature-format', 'cose', force);

      const { stdout } = await notation.succeed('ls', image.reference);
      expect(stdout.match(/── sha256:[0-9a-f]{64}$/gm)).toHaveLength(3);
      expect(stdout).toContain(ours.signature.digest);
      await notation.succeed('verify', image.reference);
      expect((await verifyWithUs(image, notation)).outcome).toBe('verified');
    });
  });
});
