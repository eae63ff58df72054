// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { request } from 'node:http';

/** What an image to push looks like. */
export interface ImageOptions {
  /** `os/architecture` each; default two of them. */
  readonly platforms?: readonly string[];
  /** Default `v1`; with '' the index is pushed by digest only. */
  readonly tag?: string;
  /** Whether each platform has an attestation manifest beside it, as BuildKit adds them. */
  readonly attestations?: boolean;
  /** Text in the layers: other contents give other digests. */
  readonly content?: string;
  /** Sent with every request. */
  readonly authorization?: string;
}

export interface PushedDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface PushedImage {
  /** `host/repository@digest` of the index. */
  readonly reference: string;
  readonly index: PushedDescriptor;
  /** The image manifest of each platform, in order. */
  readonly platforms: readonly (PushedDescriptor & { readonly platform: string })[];
  readonly attestations: readonly PushedDescriptor[];
}

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  inToto: 'application/vnd.in-toto+json',
};

/** Pushes a small multi-platform image over plain HTTP to `localhost:<port>` or any other host that takes it. */
export async function pushImage(host: string, repository: string, options: ImageOptions = {}): Promise<PushedImage> {
  const { platforms = ['linux/amd64', 'linux/arm64'], tag = 'v1', attestations = false, content = 'demo' } = options;
  const target = new Target(host, repository, options.authorization);
  const entries: Record<string, unknown>[] = [];
  const images: (PushedDescriptor & { platform: string })[] = [];
  const attested: PushedDescriptor[] = [];
  for (const platform of platforms) {
    const [os = '', architecture = ''] = platform.split('/');
    const image = await pushPlatform(target, os, architecture, content);
    images.push({ ...image, platform });
    entries.push({ ...image, platform: { architecture, os } });
    if (!attestations) continue;
    const attestation = await pushAttestation(target, image.digest);
    attested.push(attestation);
    entries.push({
      ...attestation,
      annotations: { 'vnd.docker.reference.digest': image.digest, 'vnd.docker.reference.type': 'attestation-manifest' },
      platform: { architecture: 'unknown', os: 'unknown' },
    });
  }
  const index = await target.manifest(
    types.index,
    { schemaVersion: 2, mediaType: types.index, manifests: entries },
    tag,
  );
  return { reference: `${host}/${repository}@${index.digest}`, index, platforms: images, attestations: attested };
}

async function pushPlatform(
  target: Target,
  os: string,
  architecture: string,
  content: string,
): Promise<PushedDescriptor> {
  const layer = await target.blob(types.layer, `${content} for ${os}/${architecture}\n`);
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = await target.blob(types.config, JSON.stringify({ architecture, os, rootfs }));
  return target.manifest(types.manifest, { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] });
}

async function pushAttestation(target: Target, subject: string): Promise<PushedDescriptor> {
  const layer = await target.blob(
    types.inToto,
    JSON.stringify({ _type: 'https://in-toto.io/Statement/v0.1', subject }),
  );
  const config = await target.blob(
    types.config,
    JSON.stringify({ architecture: 'unknown', os: 'unknown', rootfs: { type: 'layers' } }),
  );
  return target.manifest(types.manifest, { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] });
}

/** A client as simple as can be, so that tests do not depend on the one they test. */
class Target {
  readonly #host: string;
  readonly #repository: string;
  readonly #authorization: string | undefined;

  constructor(host: string, repository: string, authorization: string | undefined) {
    this.#host = host;
    this.#repository = repository;
    this.#authorization = authorization;
  }

  async blob(mediaType: string, text: string): Promise<PushedDescriptor> {
    const bytes = Buffer.from(text);
    const digest = digestOf(bytes);
    const opened = await this.#send('POST', `/v2/${this.#repository}/blobs/uploads/`, {}, Buffer.alloc(0), 202);
    const location = new URL(opened, `http://${this.#host}`);
    location.searchParams.set('digest', digest);
    const type = { 'content-type': 'application/octet-stream' };
    await this.#send('PUT', `${location.pathname}${location.search}`, type, bytes, 201);
    return { mediaType, digest, size: bytes.length };
  }

  async manifest(mediaType: string, document: unknown, tag = ''): Promise<PushedDescriptor> {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = digestOf(bytes);
    const path = `/v2/${this.#repository}/manifests/${tag === '' ? digest : tag}`;
    await this.#send('PUT', path, { 'content-type': mediaType }, bytes, 201);
    return { mediaType, digest, size: bytes.length };
  }

  /** Sends a request and gives the Location of the answer. */
  #send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Buffer,
    expected: number,
  ): Promise<string> {
    const { hostname, port } = new URL(`http://${this.#host}`);
    const authorization = this.#authorization === undefined ? {} : { authorization: this.#authorization };
    const all = { host: this.#host, 'content-length': body.length, ...headers, ...authorization };
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers: all }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          if (response.statusCode === expected) resolve(response.headers.location ?? '');
          else
            reject(
              new Error(
                `${method} ${path} answered ${response.statusCode ?? 0}: ${Buffer.concat(chunks).toString('utf8')}`,
              ),
            );
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
