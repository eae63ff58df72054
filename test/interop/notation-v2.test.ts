// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchManifest, pushImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { describeWithPeer } from './support/named-peer.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { inspectWithUs, reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { registryKinds, startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('p256');
const forms = ['config-media-type', 'artifact-type'] as const;

// go-containerregistry lists every referrer under its config media type, so that the newer form is not seen there.
const listsArtifactTypes = registryKinds.filter(({ name }) => name !== 'ggcr');

describeWithPeer('NOTATION_V2_BINARY', 'artifacts and Notation 2', (program) => {
  let notation: Notation;

  beforeAll(() => {
    notation = createNotation({ program });
  });
  afterAll(() => {
    notation.remove();
  });

  describe.each(listsArtifactTypes)('$name', ({ name, modes }) => {
    let registry: RunningRegistry;

    beforeAll(async () => {
      registry = await startRegistry(name);
    });
    afterAll(() => registry.stop());

    describe.each(['jws', 'cose'] as const)('%s', (format) => {
      it.each(forms)('it lists and verifies what we sign in the form %s', async (manifestForm) => {
        for (const mode of modes) {
          const image = await pushImage(registry.host, `ours/${format}/${manifestForm}/${mode}`);
          const { signature } = await signWithUs(image, { key, format, mode, manifestForm });
          expect((await notation.succeed('ls', image.reference)).stdout).toContain(signature.digest);
          const { stdout } = await notation.succeed('verify', image.reference);
          expect(stdout).toContain(`Successfully verified signature for ${image.reference}`);
        }
      });

      it('we verify what it signs, whose manifest has the members of our newer form', async () => {
        const image = await pushImage(registry.host, `theirs/${format}`);
        await notation.succeed('sign', image.reference, '--key', key.name, '--signature-format', format);
        expect(reasons(await verifyWithUs(image, notation))).toBe('');
        const mode = modes.at(-1) ?? 'tag-schema';
        const ours = await signWithUs(image, { key, format, mode, manifestForm: 'artifact-type' });
        const digests = (await inspectWithUs(image)).signatures.map(({ digest }) => digest as string);
        const theirs = digests.find((digest) => digest !== ours.signature.digest) ?? '';
        expect(digests).toHaveLength(2);
        const members = async (digest: string) =>
          Object.keys(JSON.parse((await fetchManifest(image, digest))?.toString() ?? '{}') as object);
        expect(await members(ours.signature.digest)).toEqual(await members(theirs));
      });
    });
  });
});
