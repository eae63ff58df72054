// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { maxEnvelopeSize } from '../../oci/signature-manifest.ts';
import { digestOf, type Digest } from '../../primitives/digest.ts';
import type { HttpResponse } from '../http.ts';
import type { Timing } from '../timing.ts';
import type { Actions } from './authorization.ts';
import { checkContent, twiceIfAltered } from './content.ts';
import { answerError } from './failure.ts';
import { registryRetries } from './retries.ts';
import type { Transport } from './transport.ts';

/** Blobs of one repository. */
export interface Blobs {
  fetch(descriptor: Descriptor): Promise<Uint8Array>;
  /** Uploads a blob unless it is there. */
  push(mediaType: string, bytes: Uint8Array): Promise<Descriptor>;
}

/** Milliseconds of the first wait between two uploads of a blob; each further one is twice as long. */
const uploadDelay = 300;
/** Milliseconds of the longest wait. */
const maxUploadDelay = 10_000;
/** Milliseconds that a cancelled step still takes to tell the registry that it gives an upload up. */
const cancelTimeout = 1_000;
/** Milliseconds for an upload: envelopes are small, registries that store them may be slow. */
const uploadTimeout = 300_000;

export function createBlobs(transport: Transport, timing: Timing, reading: Actions): Blobs {
  const pushing = new Map<Digest, Promise<void>>();
  return {
    fetch: (descriptor) => twiceIfAltered(() => fetchBlob(transport, reading, descriptor)),
    push: async (mediaType, bytes) => {
      const digest = digestOf(bytes);
      // Every signature has the same configuration blob: it is pushed once per repository and run.
      let push = pushing.get(digest);
      if (push === undefined) {
        push = pushBlob(transport, timing, digest, bytes);
        pushing.set(digest, push);
        push.catch(() => pushing.delete(digest));
      }
      await push;
      return { mediaType, digest, size: bytes.length };
    },
  };
}

async function fetchBlob(transport: Transport, actions: Actions, descriptor: Descriptor): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  const purpose = `fetching the blob ${digest}`;
  const operation = transport.operation(purpose);
  if (size > maxEnvelopeSize) {
    throw new NotaryError('registry-limit', `${operation.text}: ${size} bytes, at most ${maxEnvelopeSize} are read`);
  }
  const response = await transport.send({
    method: 'GET',
    target: `blobs/${digest}`,
    purpose,
    actions,
    expect: [200, 404],
    repeatable: true,
    limit: size,
    redirects: 'any',
  });
  if (response.status === 404) throw new NotaryError('artifact-not-found', `${operation.text}: not found`);
  checkContent(operation, response.body, descriptor);
  return response.body;
}

async function pushBlob(transport: Transport, timing: Timing, digest: Digest, bytes: Uint8Array): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    if (await blobExists(transport, digest)) return;
    const location = await openUpload(transport, digest);
    const outcome = await sendBlob(transport, location, digest, bytes);
    if (outcome === 'stored') return;
    // Registries behind several machines forget an upload now and then (REG 2.1).
    if (attempt === registryRetries) throw outcome;
    const wait = timing.random() * Math.min(maxUploadDelay, uploadDelay * 2 ** attempt);
    if (timing.now() + wait > (timing.deadline ?? Number.POSITIVE_INFINITY)) throw outcome;
    await timing.sleep(wait);
  }
}

/** Some registries do not answer HEAD: then the blob is simply uploaded. */
async function blobExists(transport: Transport, digest: Digest): Promise<boolean> {
  const { status } = await transport.send({
    method: 'HEAD',
    target: `blobs/${digest}`,
    purpose: `looking for the blob ${digest}`,
    actions: 'pull,push',
    expect: [200, 404, 405],
    repeatable: true,
    limit: 0,
    redirects: 'any',
  });
  return status === 200;
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
function uploadLocation(transport: Transport, purpose: string, response: HttpResponse, digest: Digest): URL {
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
  digest: Digest,
  bytes: Uint8Array,
): Promise<'stored' | NotaryError> {
  const purpose = `uploading the blob ${digest} of ${bytes.length} bytes`;
  const lost = [404, 408, 416, 429, 500, 502, 503, 504];
  try {
    const response = await transport.send({
      method: 'PUT',
      target: location,
      purpose,
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
      actions: 'pull,push',
      expect: [200, 201, 204, ...lost],
      repeatable: false,
      limit: 8 * 1024,
      redirects: 'same-origin',
      timeout: uploadTimeout,
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
