// SPDX-License-Identifier: Apache-2.0
import { NotaryError, type ErrorCode } from '../../errors.ts';
import type { Digest } from '../../primitives/digest.ts';
import type { HttpRequest, HttpResponse } from '../http.ts';
import type { Timing } from '../timing.ts';
import { answerError } from './failure.ts';
import { registryRetries } from './retries.ts';
import { transferTime } from './transfer-time.ts';
import type { Transport } from './transport.ts';

/** A blob to upload. */
export interface BlobContent {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Makes the content ready to be sent once. */
  open(): Promise<OpenContent>;
}

/** Content that is being sent. */
export interface OpenContent {
  readonly body: NonNullable<HttpRequest['body']>;
  /** Why the content could not be given to its end, if that was so. */
  failure(): unknown;
  close(): Promise<void>;
}

/** Milliseconds of the first wait between two uploads of a blob; each further one is twice as long. */
const uploadDelay = 300;
/** Milliseconds of the longest wait. */
const maxUploadDelay = 10_000;
/** Milliseconds that a cancelled step still takes to tell the registry that it gives an upload up. */
const cancelTimeout = 1_000;
/** Milliseconds for a registry to store what it has got: some move a large blob to where it belongs before they answer. */
const storeTimeout = 300_000;
/** Times that content is sent again which its source had altered. */
const maxAltered = 1;

/** Bytes that are held. */
export function heldContent(digest: Digest, bytes: Uint8Array): BlobContent {
  const opened: OpenContent = { body: bytes, failure: () => undefined, close: () => Promise.resolve() };
  return { digest, size: bytes.length, open: () => Promise.resolve(opened) };
}

/**
 * Uploads a blob that is not there, as often as that may help. `opened`: where the registry has already said it wants it.
 * Throws what the registry answers, and what the source of the content throws.
 */
export async function uploadBlob(
  transport: Transport,
  timing: Timing,
  content: BlobContent,
  opened?: URL,
): Promise<void> {
  let altered = 0;
  for (let attempt = 0; ; attempt++) {
    const outcome = await uploadOnce(transport, content, attempt === 0 ? opened : undefined);
    if (outcome === 'stored') return;
    // Registries behind several machines forget an upload now and then (REG 2.1).
    if (attempt === registryRetries) throw outcome;
    if (outcome.code === 'digest-mismatch' && altered++ === maxAltered) throw outcome;
    const wait = timing.random() * Math.min(maxUploadDelay, uploadDelay * 2 ** attempt);
    if (timing.now() + wait > (timing.deadline ?? Number.POSITIVE_INFINITY)) throw outcome;
    await timing.sleep(wait);
    // After an unknown outcome the blob may be there.
    if ((await storedSize(transport, content.digest)) !== undefined) return;
  }
}

/** Sends a blob once. What may be cured by beginning anew is returned. */
async function uploadOnce(
  transport: Transport,
  content: BlobContent,
  opened: URL | undefined,
): Promise<'stored' | NotaryError> {
  let source: OpenContent;
  try {
    source = await content.open();
  } catch (thrown) {
    if (opened !== undefined) await cancelUpload(transport, opened);
    return curable(thrown);
  }
  try {
    const location = opened ?? (await openUpload(transport, content.digest));
    try {
      const outcome = await sendBlob(transport, location, content, source.body);
      if (outcome === 'stored' || source.failure() === undefined) return outcome;
    } catch (thrown) {
      if (source.failure() === undefined) throw thrown;
    }
    // What the registry makes of half a blob does not matter.
    await cancelUpload(transport, location);
    return curable(source.failure());
  } finally {
    await source.close();
  }
}

/** What a source threw, where that does not end an upload for good; else it is thrown on. */
function curable(thrown: unknown): NotaryError {
  if (thrown instanceof NotaryError && curableCodes.includes(thrown.code)) return thrown;
  throw thrown;
}

const curableCodes: readonly ErrorCode[] = ['digest-mismatch', 'registry-unreachable'];

/** Bytes of a blob as far as the registry tells; undefined when it is not there. Some do not answer HEAD: then it is not. */
export async function storedSize(transport: Transport, digest: Digest): Promise<number | 'untold' | undefined> {
  const { status, headers } = await transport.send({
    method: 'HEAD',
    target: `blobs/${digest}`,
    purpose: `looking for the blob ${digest}`,
    actions: 'pull,push',
    expect: [200, 404, 405],
    repeatable: true,
    limit: 0,
    redirects: 'any',
  });
  if (status !== 200) return undefined;
  const length = headers['content-length'];
  return typeof length === 'string' && /^[0-9]{1,15}$/.test(length) ? Number(length) : 'untold';
}

async function openUpload(transport: Transport, digest: Digest): Promise<URL> {
  const purpose = `uploading the blob ${digest}`;
  const response = await transport.send({
    method: 'POST',
    target: 'blobs/uploads/',
    purpose,
    actions: 'pull,push',
    expect: [202],
    repeatable: true,
    limit: 8 * 1024,
    redirects: 'same-origin',
  });
  return uploadLocation(transport, purpose, response, digest);
}

/** Where the registry wants the blob: with every parameter it gave, and never from HTTPS to plain HTTP (REG 2.5). */
export function uploadLocation(transport: Transport, purpose: string, response: HttpResponse, digest: Digest): URL {
  const location = response.headers['location'];
  const { text, registry } = transport.operation(purpose);
  if (typeof location !== 'string' || !URL.canParse(location, response.url.href)) {
    throw new NotaryError('registry-response', `${text}: the registry does not say where to upload to`);
  }
  const url = new URL(location, response.url);
  const secure = url.protocol === 'https:' || url.origin === response.url.origin;
  if (!secure || url.username !== '' || url.password !== '') {
    throw new NotaryError(
      'registry-response',
      `${text}: ${registry} sends the upload to ${url.protocol}//${url.host}, which is refused`,
      {
        hint: 'An upload goes to the registry itself or by HTTPS to another host.',
      },
    );
  }
  // By hand, because re-writing the query would change what the registry signed.
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}

/** Sends a blob. What may be cured by beginning anew is returned: after an unknown outcome the blob may even be there. */
async function sendBlob(
  transport: Transport,
  location: URL,
  { digest, size }: BlobContent,
  body: OpenContent['body'],
): Promise<'stored' | NotaryError> {
  const purpose = `uploading the blob ${digest} of ${size} bytes`;
  const lost = [404, 408, 416, 429, 500, 502, 503, 504];
  try {
    const response = await transport.send({
      method: 'PUT',
      target: location,
      purpose,
      headers: {
        'content-type': 'application/octet-stream',
        ...(typeof body === 'function' ? { 'content-length': String(size) } : {}),
      },
      body,
      actions: 'pull,push',
      expect: [200, 201, 204, ...lost],
      repeatable: false,
      limit: 8 * 1024,
      redirects: 'same-origin',
      timeout: storeTimeout + transferTime(size),
      ...(typeof body === 'function' ? { answerTimeout: storeTimeout } : {}),
    });
    return lost.includes(response.status) ? answerError(transport.operation(purpose), 'PUT', response) : 'stored';
  } catch (error) {
    if (error instanceof NotaryError && error.code === 'registry-unreachable') return error;
    if (error instanceof NotaryError && error.code === 'cancelled') await cancelUpload(transport, location);
    throw error;
  }
}

/** As well as it can be done quickly: registries clean up by themselves in the end (distribution-spec "Cancel upload"). */
async function cancelUpload(transport: Transport, location: URL): Promise<void> {
  try {
    await transport.send({
      method: 'DELETE',
      target: location,
      purpose: 'cancelling an upload',
      actions: 'pull,push',
      expect: [200, 202, 204, 404],
      repeatable: false,
      limit: 8 * 1024,
      redirects: 'none',
      // Its own, because that of the run has ended.
      signal: AbortSignal.timeout(cancelTimeout),
    });
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
  }
}
