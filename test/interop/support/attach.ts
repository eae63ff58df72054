// SPDX-License-Identifier: Apache-2.0
import { digestOf, fetchBlob, fetchManifest, pushBlob, pushManifest, referrersTag, type PushedImage } from './image.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const signatureType = 'application/vnd.cncf.notary.signature';

/** A signature envelope as it is stored. */
export interface StoredEnvelope {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface ManifestJson {
  readonly layers: readonly { readonly mediaType: string; readonly digest: string }[];
}

/** The envelope of a signature manifest of the repository. */
export async function fetchEnvelope(image: PushedImage, signatureDigest: string): Promise<StoredEnvelope> {
  const manifest = await fetchManifest(image, signatureDigest);
  if (manifest === undefined) throw new Error(`no manifest ${signatureDigest}`);
  const [layer] = (JSON.parse(manifest.toString()) as ManifestJson).layers;
  if (layer === undefined) throw new Error(`no layer in ${signatureDigest}`);
  return { mediaType: layer.mediaType, bytes: await fetchBlob(image, layer.digest) };
}

/** Digests of the signature manifests listed under the referrers tag, in order. */
export async function taggedSignatures(image: PushedImage): Promise<string[]> {
  const index = await fetchManifest(image, referrersTag(image.digest));
  if (index === undefined) return [];
  return (JSON.parse(index.toString()) as { manifests: { digest: string }[] }).manifests.map(({ digest }) => digest);
}

/** Makes an envelope the only signature of an image, whether it belongs to it or not, through the tag schema. */
export async function attachEnvelope(image: PushedImage, { mediaType, bytes }: StoredEnvelope): Promise<void> {
  const base = `http://${image.registry}/v2/${image.repository}`;
  const config = Buffer.from('{}');
  for (const blob of [config, bytes]) await pushBlob(base, blob);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: signatureType, digest: digestOf(config), size: config.length },
      layers: [{ mediaType, digest: digestOf(bytes), size: bytes.length }],
      subject: { mediaType: image.mediaType, digest: image.digest, size: image.size },
    }),
  );
  const digest = await pushManifest(base, digestOf(manifest), manifestType, manifest);
  const entry = { mediaType: manifestType, digest, size: manifest.length, artifactType: signatureType };
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [entry] }));
  await pushManifest(base, referrersTag(image.digest), indexType, index);
}
