// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';

/** A manifest in a registry, as a reference by digest needs it. */
export interface PushedImage {
  readonly registry: string;
  readonly repository: string;
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  /** `registry/repository@digest`. */
  readonly reference: string;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/**
 * Pushes a small image of its own digest with plain requests, so that nothing under test has a part in it.
 * `authorization` is the value of that header, for a registry that wants one.
 */
export async function pushImage(registry: string, repository: string, authorization?: string): Promise<PushedImage> {
  const base = `http://${registry}/v2/${repository}`;
  const headers = authorization === undefined ? {} : { authorization };
  const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' } }));
  const layer = Buffer.from(randomUUID());
  for (const blob of [config, layer]) await pushBlob(base, blob, headers);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length }],
    }),
  );
  const digest = await pushManifest(base, digestOf(manifest), manifestType, manifest, headers);
  return {
    registry,
    repository,
    mediaType: manifestType,
    digest,
    size: manifest.length,
    reference: `${registry}/${repository}@${digest}`,
  };
}

/** Puts a blob into the repository at `base` (`http://host/v2/name`). */
export async function pushBlob(base: string, blob: Buffer, headers: Record<string, string> = {}): Promise<void> {
  const opened = await request(`${base}/blobs/uploads/`, { method: 'POST', headers });
  const location = new URL(opened.headers.get('location') ?? '', base);
  location.searchParams.set('digest', digestOf(blob));
  const typed = { ...headers, 'content-type': 'application/octet-stream' };
  await request(location.href, { method: 'PUT', headers: typed, body: new Uint8Array(blob) });
}

/** Puts a manifest under a tag or its digest, and returns its digest. */
export async function pushManifest(
  base: string,
  tagOrDigest: string,
  mediaType: string,
  manifest: Buffer,
  headers: Record<string, string> = {},
): Promise<string> {
  const typed = { ...headers, 'content-type': mediaType };
  const body = new Uint8Array(manifest);
  await request(`${base}/manifests/${tagOrDigest}`, { method: 'PUT', headers: typed, body });
  return digestOf(manifest);
}

/** The bytes of a manifest, or undefined when the registry has none of that name. */
export async function fetchManifest(
  { registry, repository }: Pick<PushedImage, 'registry' | 'repository'>,
  tagOrDigest: string,
): Promise<Buffer | undefined> {
  const accept = `${manifestType}, application/vnd.oci.image.index.v1+json`;
  const url = `http://${registry}/v2/${repository}/manifests/${tagOrDigest}`;
  const response = await fetch(url, { headers: { accept } });
  if (response.status === 404) return undefined;
  const answer = await checked(url, response);
  return Buffer.from(await answer.arrayBuffer());
}

/** The bytes of a blob. */
export async function fetchBlob(
  { registry, repository }: Pick<PushedImage, 'registry' | 'repository'>,
  digest: string,
): Promise<Buffer> {
  const response = await request(`http://${registry}/v2/${repository}/blobs/${digest}`, {});
  return Buffer.from(await response.arrayBuffer());
}

/** The name of the tag that lists the referrers of a digest where there is no Referrers API. */
export function referrersTag(digest: string): string {
  return digest.replace(':', '-');
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function request(url: string, init: RequestInit): Promise<Response> {
  return checked(url, await fetch(url, init));
}

async function checked(url: string, response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Error(`${url}: ${response.status} ${await response.text()}`);
}
