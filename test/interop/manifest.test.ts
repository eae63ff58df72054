// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  encodeSignatureManifest,
  parseSignatureManifest,
  signatureArtifactType,
  type SignatureManifestForm,
} from '../../shared/oci/signature-manifest.ts';
import { parseDigest } from '../../shared/primitives/digest.ts';
import { fetchEnvelope, taggedSignatures } from './support/attach.ts';
import {
  digestOf,
  fetchBlob,
  fetchManifest,
  pushBlob,
  pushManifest,
  pushImage,
  referrersTag,
  type PushedImage,
} from './support/image.ts';
import { signingKey, signingKeys } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { inspectWithUs, signWithUs, verifyWithUs, withTarget } from './support/ours.ts';
import { registryKinds, startRegistry, type RunningRegistry } from './support/registries.ts';

const key = signingKey('p256');
let notation: Notation;

beforeAll(() => {
  notation = createNotation();
});
afterAll(() => {
  notation.remove();
});

describe('on docker-registry', () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startRegistry('docker-registry');
  });
  afterAll(() => registry.stop());

  it.each(['jws', 'cose'])(
    '[NP-338] the manifest Notation stored for a %s envelope is what we encode',
    async (format) => {
      const image = await pushImage(registry.host, `manifest/${format}`);
      for (const { name } of signingKeys) {
        await notation.succeed('sign', image.reference, '--key', name, '--signature-format', format);
      }
      const digests = await taggedSignatures(image);
      expect(digests).toHaveLength(signingKeys.length);
      for (const digest of digests) {
        const stored = await storedManifest(image, digest);
        expect(reencoded(stored).toString()).toBe(stored.toString());
      }
    },
  );

  it('[NP-347] the index Notation maintains under the tag is what we maintain, entry by entry', async () => {
    const theirs = await pushImage(registry.host, 'index/theirs');
    const ours = await copied(theirs, 'index/ours');
    for (const { name } of signingKeys.slice(0, 3)) {
      await notation.succeed('sign', theirs.reference, '--key', name);
      const added = (await taggedSignatures(theirs)).at(-1) ?? '';
      await pushAsOurReferrer(theirs, ours, added);
      const tag = referrersTag(theirs.digest);
      expect((await fetchManifest(ours, tag))?.toString()).toBe((await fetchManifest(theirs, tag))?.toString());
    }
  });

  it('[NP-339] [NP-340] the annotations of our manifest are those that Notation would have written', async () => {
    const image = await pushImage(registry.host, 'manifest/annotations');
    const now = new Date(Math.floor(Date.now() / 1000) * 1000 + 999);
    await notation.succeed('sign', image.reference, '--key', key.name);
    await signWithUs(image, { key, format: 'jws', now });
    const [theirs, ours] = await Promise.all(
      (await taggedSignatures(image)).map(async (digest) => {
        const { annotations } = JSON.parse((await storedManifest(image, digest)).toString()) as ManifestJson;
        return annotations;
      }),
    );
    expect(ours).toEqual({ ...theirs, 'org.opencontainers.image.created': now.toISOString().replace('.999', '') });
  });

  function reencoded(stored: Buffer): Buffer {
    const descriptor = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: parseDigest(digestOf(stored)),
      size: stored.length,
    };
    const { envelope, subject, annotations } = parseSignatureManifest(stored, descriptor);
    if (subject === undefined) throw new Error('no subject');
    return Buffer.from(encodeSignatureManifest({ form: 'config-media-type', envelope, subject, annotations }));
  }

  /** The same image in another repository. */
  async function copied(image: PushedImage, repository: string): Promise<PushedImage> {
    const manifest = await storedManifest(image, image.digest);
    const base = `http://${image.registry}/v2/${repository}`;
    const { config, layers } = JSON.parse(manifest.toString()) as ImageJson;
    for (const { digest } of [config, ...layers]) await pushBlob(base, await fetchBlob(image, digest));
    await pushManifest(base, image.digest, image.mediaType, manifest);
    return { ...image, repository, reference: `${image.registry}/${repository}@${image.digest}` };
  }

  /** A signature of one repository, pushed into another by our registry client. */
  async function pushAsOurReferrer(from: PushedImage, to: PushedImage, digest: string): Promise<void> {
    const bytes = await storedManifest(from, digest);
    const envelope = await fetchEnvelope(from, digest);
    const { annotations } = JSON.parse(bytes.toString()) as ManifestJson;
    const subject = { mediaType: to.mediaType, digest: parseDigest(to.digest), size: to.size };
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    await withTarget(to, {}, async (target) => {
      await target.pushBlob(signatureArtifactType, Buffer.from('{}'));
      await target.pushBlob(envelope.mediaType, envelope.bytes);
      const manifest = { mediaType, bytes, artifactType: signatureArtifactType, annotations, subject };
      await target.pushReferrer(manifest, 'tag-schema');
    });
  }
});

// go-containerregistry lists every referrer under its config media type, so that Notation does not see the newer form there.
const listsArtifactTypes = registryKinds.filter(({ name }) => name !== 'ggcr');

describe.each(listsArtifactTypes)('[REG-76] both forms of the signature manifest on $name', ({ name, modes }) => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startRegistry(name);
  });
  afterAll(() => registry.stop());

  const forms: SignatureManifestForm[] = ['config-media-type', 'artifact-type'];
  it.each(forms)('Notation lists, inspects and verifies the form %s, and so do we', async (manifestForm) => {
    for (const mode of modes) {
      const image = await pushImage(registry.host, `forms/${manifestForm}/${mode}`);
      const record = await signWithUs(image, { key, format: 'cose', mode, manifestForm });
      for (const command of ['ls', 'inspect']) {
        expect((await notation.succeed(command, image.reference)).stdout).toContain(record.signature.digest);
      }
      await notation.succeed('verify', image.reference);
      expect((await verifyWithUs(image, notation)).outcome).toBe('verified');
      expect((await inspectWithUs(image)).signatures).toMatchObject([{ digest: record.signature.digest }]);
    }
  });
});

it('[REG-75] we find the newer form even where the registry lists it under another type', async () => {
  const registry = await startRegistry('ggcr');
  onTestFinished(() => registry.stop());
  const image = await pushImage(registry.host, 'forms/artifact-type');
  await signWithUs(image, { key, format: 'jws', mode: 'api-first', manifestForm: 'artifact-type' });
  expect((await notation.run('verify', image.reference)).stderr).toContain('no signature is associated');
  expect((await verifyWithUs(image, notation)).outcome).toBe('verified');
});

interface ManifestJson {
  readonly annotations: Readonly<Record<string, string>>;
}

interface ImageJson {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

async function storedManifest(image: PushedImage, digest: string): Promise<Buffer> {
  const manifest = await fetchManifest(image, digest);
  if (manifest === undefined) throw new Error(`no manifest ${digest}`);
  return manifest;
}
