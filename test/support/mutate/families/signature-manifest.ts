// SPDX-License-Identifier: Apache-2.0
import { parseSignatureManifest } from '../../../../shared/oci/signature-manifest.ts';
import { digestOf } from '../../../../shared/primitives/digest.ts';
import { accepted, base64, type Family, refusedAt } from '../family.ts';
import { anyValue, type Members, mutateMembers, mutateText, objectText } from '../json.ts';
import type { Random } from '../random.ts';

/** Signature manifests, and the blob that is taken for the envelope. */
export const signatureManifest: Family = {
  name: 'signature-manifest',
  oracle: 'manifest',
  generate: (random) => {
    const mediaType = random.pick([image, image, image, artifact, index]);
    const manifest = Buffer.from(document(random, mediaType));
    return {
      input: { mediaType, manifest: base64(manifest) },
      decide: () => {
        const descriptor = { mediaType, digest: digestOf(manifest), size: manifest.length };
        try {
          const { envelope } = parseSignatureManifest(manifest, descriptor);
          return accepted([envelope.mediaType, envelope.digest, envelope.size]);
        } catch (thrown) {
          return refusedAt('manifest', thrown);
        }
      },
    };
  },
};

const image = 'application/vnd.oci.image.manifest.v1+json';
const artifact = 'application/vnd.oci.artifact.manifest.v1+json';
const index = 'application/vnd.oci.image.index.v1+json';
const notation = 'application/vnd.cncf.notary.signature';

function document(random: Random, mediaType: string): string {
  const layers = `[${random.times(random.pick([1, 1, 1, 1, 0, 2]), () => descriptor(random)).join(',')}]`;
  const config = random.pick([notation, 'application/vnd.oci.empty.v1+json']);
  let members: Members = [
    ['schemaVersion', random.sometimes(0.03, () => anyValue(random), '2')],
    ['mediaType', JSON.stringify(random.sometimes(0.03, () => image, mediaType))],
    ['config', descriptor(random, config)],
    [mediaType === artifact ? 'blobs' : 'layers', layers],
    ['subject', descriptor(random, image)],
    ['annotations', random.sometimes(0.05, () => anyValue(random), '{"k":"v"}')],
  ];
  if (random.chance(0.2)) members = [...members, ['artifactType', JSON.stringify(notation)]];
  if (random.chance(0.03)) members = [...members, ['manifests', '[]']];
  if (random.chance(0.25)) members = mutateMembers(random, members);
  const text = objectText(members);
  return random.chance(0.05) ? mutateText(random, text) : text;
}

function descriptor(random: Random, mediaType = 'application/jose+json'): string {
  const members: Members = [
    ['mediaType', JSON.stringify(mediaType)],
    ['digest', JSON.stringify(digestOf(Buffer.from([random.below(256)])))],
    ['size', random.sometimes(0.05, () => random.pick(sizes), String(random.below(5000)))],
  ];
  return objectText(random.chance(0.1) ? mutateMembers(random, members) : members);
}

const sizes = ['-1', '1.0', '1e2', '33554432', '33554433', '9007199254740993', '9223372036854775807', '"1"', 'null'];
