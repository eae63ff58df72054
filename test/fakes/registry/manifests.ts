// SPDX-License-Identifier: Apache-2.0
import { failure, json, located, type Answer, type Exchange } from './exchange.ts';
import { computeDigest, hasDigest, isDigest, type StoredManifest, type StoredRepository } from './storage.ts';

/** A manifest as loosely as a registry has to read it. */
export interface ManifestDocument {
  readonly mediaType?: unknown;
  readonly artifactType?: unknown;
  readonly config?: { readonly mediaType?: unknown; readonly digest?: unknown };
  readonly layers?: unknown;
  readonly manifests?: unknown;
  readonly subject?: { readonly digest?: unknown };
  readonly annotations?: Record<string, string>;
}

const maxManifestSize = 4 * 1024 * 1024;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** `/v2/<name>/manifests/<reference>` */
export function answerManifest(exchange: Exchange, name: string, reference: string): Answer {
  const digest = reference.includes(':');
  if (digest ? !isDigest(reference) : !tagPattern.test(reference)) {
    const unknown = exchange.method === 'GET' || exchange.method === 'HEAD';
    if (unknown && !digest) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    return failure(400, digest ? 'DIGEST_INVALID' : 'TAG_INVALID', `invalid reference ${reference}`);
  }
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      return readManifest(exchange, name, reference);
    case 'PUT':
      return putManifest(exchange, name, reference);
    case 'DELETE':
      return deleteManifest(exchange, name, reference);
    default:
      return failure(405, 'UNSUPPORTED', 'method not allowed');
  }
}

function readManifest({ storage, options, headers }: Exchange, name: string, reference: string): Answer {
  const repository = storage.find(name);
  if (repository === undefined) return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  const digest = reference.includes(':') ? reference : repository.tag(reference, options.staleTagReads);
  const manifest = digest === undefined ? undefined : repository.manifests.get(digest);
  if (digest === undefined || manifest === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  if (!accepts(headers.accept, manifest.mediaType)) {
    return failure(404, 'MANIFEST_UNKNOWN', 'manifest found, but accept header does not support its type');
  }
  return {
    status: 200,
    headers: {
      'content-type': manifest.mediaType,
      etag: `"${digest}"`,
      ...(options.digestHeader ? { 'docker-content-digest': digest } : {}),
    },
    body: manifest.bytes,
  };
}

/** Like docker-registry, which does not find OCI manifests for clients that do not ask for them. */
function accepts(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined) return true;
  const types = accept.split(',').map((part) => (part.split(';')[0] ?? '').trim());
  return types.includes('*/*') || types.includes(mediaType);
}

function putManifest(exchange: Exchange, name: string, reference: string): Answer {
  const { storage, options, headers, body } = exchange;
  const mediaType = (headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  if (body.length > maxManifestSize) return failure(413, 'SIZE_INVALID', 'manifest too large');
  const document = parse(body);
  if (document === undefined || (typeof document.mediaType === 'string' && document.mediaType !== mediaType)) {
    return failure(400, 'MANIFEST_INVALID', 'the manifest is not valid JSON of its media type');
  }
  const repository = storage.repository(name);
  const asked = reference.includes(':') ? reference : (exchange.url.searchParams.get('digest') ?? computeDigest(body));
  if (!hasDigest(body, asked)) return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  const missing = options.validateChildren ? missingChildren(repository, document) : [];
  if (missing.length > 0) {
    const errors = missing.map((digest) => ({
      code: 'MANIFEST_BLOB_UNKNOWN',
      message: 'blob unknown to registry',
      detail: { digest },
    }));
    return json(400, { errors });
  }
  if (!reference.includes(':')) {
    const refused = refuseTag(exchange, repository, reference);
    if (refused !== undefined) return refused;
    repository.setTag(reference, asked);
  }
  repository.manifests.set(asked, { mediaType, bytes: Buffer.from(body) });
  const subject = document.subject?.digest;
  const announce = (options.subjectHeader ?? options.referrersApi) && typeof subject === 'string';
  return {
    status: 201,
    headers: {
      location: located(exchange, `/v2/${name}/manifests/${asked}`),
      'docker-content-digest': asked,
      ...(announce ? { 'oci-subject': subject } : {}),
    },
  };
}

function refuseTag({ options, headers }: Exchange, repository: StoredRepository, tag: string): Answer | undefined {
  const current = repository.tag(tag);
  if (current !== undefined && options.immutableTags?.test(tag) === true) {
    return failure(
      400,
      'TAG_INVALID',
      `the image tag '${tag}' already exists and cannot be overwritten because the repository is immutable`,
    );
  }
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (options.conditions === 'ignored' || (match === undefined && noneMatch === undefined)) return undefined;
  if (options.conditions === 'refused') return failure(400, 'UNSUPPORTED', 'conditional requests are not supported');
  const conflict = match === undefined ? current !== undefined : match !== `"${current ?? ''}"`;
  return conflict ? failure(412, 'DENIED', 'the tag has changed') : undefined;
}

/** What a manifest names and the repository does not have. */
function missingChildren(repository: StoredRepository, document: ManifestDocument): string[] {
  const blobs = [...digestsOf(document.layers), ...digestsOf(document.config === undefined ? [] : [document.config])];
  const children = digestsOf(document.manifests);
  return [
    ...blobs.filter((digest) => !repository.blobs.has(digest)),
    ...children.filter((digest) => !repository.manifests.has(digest)),
  ];
}

function digestsOf(list: unknown): string[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (isForeign(item)) return [];
    const digest = typeof item === 'object' && item !== null && 'digest' in item ? item.digest : undefined;
    return typeof digest === 'string' ? [digest] : [];
  });
}

/** Layers that registries do not hold (image-spec "Non-Distributable Layers"). */
function isForeign(item: unknown): boolean {
  const mediaType = typeof item === 'object' && item !== null && 'mediaType' in item ? item.mediaType : undefined;
  return typeof mediaType === 'string' && /nondistributable|foreign/.test(mediaType);
}

function parse(body: Buffer): ManifestDocument | undefined {
  try {
    const document: unknown = JSON.parse(body.toString('utf8'));
    return typeof document === 'object' && document !== null && !Array.isArray(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

/** The document of a stored manifest; an empty one when it is not JSON. */
export function documentOf({ bytes }: StoredManifest): ManifestDocument {
  return parse(bytes) ?? {};
}

function deleteManifest({ storage, options }: Exchange, name: string, reference: string): Answer {
  if (!options.deletes) return failure(405, 'UNSUPPORTED', 'deleting is disabled');
  const repository = storage.find(name);
  if (repository === undefined) return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  if (reference.includes(':')) {
    return repository.deleteManifest(reference)
      ? { status: 202 }
      : failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  }
  if (repository.tag(reference) === undefined) return failure(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  repository.setTag(reference, undefined);
  return { status: 202 };
}

/** `/v2/<name>/tags/list` */
export function answerTags(exchange: Exchange, name: string): Answer {
  const repository = exchange.storage.find(name);
  if (repository === undefined) return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry');
  const query = exchange.url.searchParams;
  const last = query.get('last');
  const count = query.get('n');
  const rest = repository.tags().filter((tag) => last === null || tag > last);
  const page = count === null ? rest : rest.slice(0, Number(count));
  const more = page.length > 0 && page.length < rest.length;
  const next = `/v2/${name}/tags/list?n=${count ?? ''}&last=${encodeURIComponent(page.at(-1) ?? '')}`;
  const link = more ? { link: `<${located(exchange, next, exchange.options.linkStyle)}>; rel="next"` } : {};
  return json(200, { name, tags: page }, link);
}
