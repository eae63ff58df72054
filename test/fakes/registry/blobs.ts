// SPDX-License-Identifier: Apache-2.0
import { failure, located, type Answer, type Exchange } from './exchange.ts';
import { computeDigest, hasDigest, isDigest, type Upload } from './storage.ts';

/** `/v2/<name>/blobs/<digest>` */
export function answerBlob(exchange: Exchange, name: string, digest: string): Answer {
  const { method, storage, options } = exchange;
  if (!isDigest(digest)) return failure(400, 'DIGEST_INVALID', `invalid digest ${digest}`);
  const repository = storage.find(name);
  const blob = repository?.blobs.get(digest);
  if (repository === undefined || blob === undefined) return failure(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  if (method === 'DELETE') {
    if (!options.deletes) return failure(405, 'UNSUPPORTED', 'deleting is disabled');
    repository.blobs.delete(digest);
    return { status: 202 };
  }
  if (method !== 'GET' && method !== 'HEAD') return failure(405, 'UNSUPPORTED', 'method not allowed');
  return ranged(exchange, blob, {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    ...(options.digestHeader ? { 'docker-content-digest': digest } : {}),
  });
}

function ranged({ headers }: Exchange, blob: Buffer, answerHeaders: Record<string, string>): Answer {
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
  if (range === null) return { status: 200, headers: answerHeaders, body: blob };
  const start = Number(range[1]);
  const end = range[2] === '' ? blob.length - 1 : Math.min(Number(range[2]), blob.length - 1);
  if (start > end)
    return failure(416, 'SIZE_INVALID', 'range not satisfiable', { 'content-range': `bytes */${blob.length}` });
  const contentRange = `bytes ${start}-${end}/${blob.length}`;
  return {
    status: 206,
    headers: { ...answerHeaders, 'content-range': contentRange },
    body: blob.subarray(start, end + 1),
  };
}

/** `POST /v2/<name>/blobs/uploads/` */
export function openUpload(exchange: Exchange, name: string): Answer {
  const { url, storage, body, headers } = exchange;
  const query = url.searchParams;
  const mount = query.get('mount');
  const digest = query.get('digest');
  const repository = storage.repository(name);
  if (mount !== null) {
    const from = query.get('from');
    const sources = from === null ? [] : [storage.find(from)];
    const blob = sources.map((source) => source?.blobs.get(mount)).find((found) => found !== undefined);
    if (blob !== undefined) {
      repository.blobs.set(mount, blob);
      return created(exchange, name, mount);
    }
  }
  if (digest !== null && headers['content-type'] !== undefined && mount === null) {
    if (!hasDigest(body, digest))
      return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
    repository.blobs.set(digest, Buffer.from(body));
    return created(exchange, name, digest);
  }
  const algorithm = query.get('digest-algorithm') ?? 'sha256';
  if (!['sha256', 'sha384', 'sha512'].includes(algorithm))
    return failure(400, 'DIGEST_INVALID', 'unknown digest algorithm');
  const id = repository.openUpload(algorithm);
  return { status: 202, headers: { ...uploadHeaders(exchange, name, id, 0), 'content-length': '0' } };
}

function created(exchange: Exchange, name: string, digest: string): Answer {
  const location = located(exchange, `/v2/${name}/blobs/${digest}`);
  return { status: 201, headers: { location, 'docker-content-digest': digest } };
}

function uploadHeaders(exchange: Exchange, name: string, id: string, size: number): Record<string, string> {
  return {
    location: located(exchange, `/v2/${name}/blobs/uploads/${id}?_state=${size}`),
    range: `0-${Math.max(size - 1, 0)}`,
    'docker-upload-uuid': id,
  };
}

/** `/v2/<name>/blobs/uploads/<id>` */
export function answerUpload(exchange: Exchange, name: string, id: string): Answer {
  const { method, storage } = exchange;
  const repository = storage.find(name);
  const upload = repository?.uploads.get(id);
  if (repository === undefined || upload === undefined)
    return failure(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  switch (method) {
    case 'GET':
      return { status: 204, headers: uploadHeaders(exchange, name, id, upload.size) };
    case 'DELETE':
      repository.uploads.delete(id);
      return { status: 204 };
    case 'PATCH':
      return append(exchange, upload) ?? { status: 202, headers: uploadHeaders(exchange, name, id, upload.size) };
    case 'PUT':
      return closeUpload(exchange, name, id, upload);
    default:
      return failure(405, 'UNSUPPORTED', 'method not allowed');
  }
}

/** Adds a chunk; answers only when it does not continue what is there. */
function append({ headers, body }: Exchange, upload: Upload): Answer | undefined {
  const range = headers['content-range'];
  if (range !== undefined) {
    const parts = /^(?:bytes )?(\d+)-(\d+)/.exec(range);
    const fits =
      parts !== null && Number(parts[1]) === upload.size && Number(parts[2]) - Number(parts[1]) + 1 === body.length;
    if (!fits)
      return failure(416, 'BLOB_UPLOAD_INVALID', 'chunk out of order', { range: `0-${Math.max(upload.size - 1, 0)}` });
  }
  upload.chunks.push(Buffer.from(body));
  upload.size += body.length;
  return undefined;
}

function closeUpload(exchange: Exchange, name: string, id: string, upload: Upload): Answer {
  const { url, storage } = exchange;
  const digest = url.searchParams.get('digest') ?? '';
  if (!isDigest(digest)) return failure(400, 'DIGEST_INVALID', 'the digest of the blob is missing or invalid');
  if (exchange.body.length > 0) {
    const refused = append(exchange, upload);
    if (refused !== undefined) return refused;
  }
  const repository = storage.repository(name);
  const blob = Buffer.concat(upload.chunks);
  repository.uploads.delete(id);
  if (computeDigest(blob, digest.split(':')[0]) !== digest) {
    return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  repository.blobs.set(digest, blob);
  return created(exchange, name, digest);
}
