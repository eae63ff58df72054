// SPDX-License-Identifier: Apache-2.0
import { failure, located, type Answer, type Exchange } from './exchange.ts';
import { documentOf } from './manifests.ts';
import { isDigest, type StoredManifest, type StoredRepository } from './storage.ts';

interface Entry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
  readonly artifactType?: string;
}

/** `GET /v2/<name>/referrers/<digest>` */
export function answerReferrers(exchange: Exchange, name: string, subject: string): Answer {
  const { method, url, storage, options } = exchange;
  const instead = options.referrersAnswer;
  if (instead !== undefined) {
    const location = instead.location === undefined ? {} : { location: instead.location };
    return {
      status: instead.status,
      headers: { 'content-type': instead.contentType, ...location },
      body: instead.body,
    };
  }
  if (!options.referrersApi) {
    return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '404 page not found\n' };
  }
  if (method !== 'GET' && method !== 'HEAD') return failure(405, 'UNSUPPORTED', 'method not allowed');
  if (!isDigest(subject)) return failure(400, 'DIGEST_INVALID', `invalid digest ${subject}`);
  const wanted = options.filter ? url.searchParams.getAll('artifactType') : [];
  const repository = storage.find(name);
  const all = repository === undefined ? [] : referrersOf(repository, subject);
  const matching = all.filter(({ artifactType }) => wanted.length === 0 || wanted.includes(artifactType ?? ''));
  return page(exchange, name, subject, matching, wanted.length > 0);
}

function referrersOf(repository: StoredRepository, subject: string): Entry[] {
  return [...repository.manifests].flatMap(([digest, manifest]) =>
    documentOf(manifest).subject?.digest === subject ? [entryOf(digest, manifest)] : [],
  );
}

function entryOf(digest: string, manifest: StoredManifest): Entry {
  const document = documentOf(manifest);
  const own =
    typeof document.artifactType === 'string' && document.artifactType !== '' ? document.artifactType : undefined;
  const artifactType = own ?? (typeof document.config?.mediaType === 'string' ? document.config.mediaType : undefined);
  return {
    mediaType: manifest.mediaType,
    digest,
    size: manifest.bytes.length,
    ...(document.annotations === undefined ? {} : { annotations: document.annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

function page(exchange: Exchange, name: string, subject: string, entries: readonly Entry[], filtered: boolean): Answer {
  const { url, options } = exchange;
  const start = Number(url.searchParams.get('start') ?? 0);
  const end = start + options.referrersPageSize;
  const next = new URL(url);
  next.pathname = `/v2/${name}/referrers/${subject}`;
  next.searchParams.set('start', String(end));
  const link = located(exchange, `${next.pathname}${next.search}`, options.linkStyle);
  const shown = entries.slice(start, end);
  const annotated = filtered && options.filterSignal === 'annotation';
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: options.listedTypes ? shown : shown.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    ...(annotated ? { annotations: { 'org.opencontainers.referrers.filtersApplied': 'artifactType' } } : {}),
  };
  return {
    status: 200,
    headers: {
      'content-type': options.listingType,
      ...(filtered && options.filterSignal === 'header' ? { 'oci-filters-applied': 'artifactType' } : {}),
      ...(end < entries.length ? { link: `<${link}>; rel="next"` } : {}),
    },
    body: JSON.stringify(index),
  };
}
