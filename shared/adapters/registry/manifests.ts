// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { manifestTypes, maxManifestSize, parseManifest } from '../../oci/manifest.ts';
import { digestOf, parseDigest, type Digest } from '../../primitives/digest.ts';
import type { HttpResponse } from '../http.ts';
import type { Timing } from '../timing.ts';
import type { Actions } from './authorization.ts';
import { assertedDigest, checkContent, checkDigest, mediaTypeOf, twiceIfAltered } from './content.ts';
import { answerError, serverErrors, type Operation } from './failure.ts';
import type { Transport } from './transport.ts';

/** Sent with every request for a manifest whose type is not known: registries answer 404 without it (REG 2.2). */
export const acceptManifests = [
  manifestTypes.dockerImage,
  manifestTypes.dockerList,
  manifestTypes.image,
  manifestTypes.index,
  manifestTypes.artifact,
].join(', ');

/** Manifests of one repository. */
export interface Manifests {
  resolve(tagOrDigest: string): Promise<Descriptor>;
  fetch(descriptor: Descriptor): Promise<Uint8Array>;
  /** The bytes under a tag with their digest, or undefined when there is none; they may have any media type. */
  readTag(tag: string, purpose: string): Promise<TaggedManifest | undefined>;
  /** Whether a manifest is there. */
  exists(digest: Digest): Promise<boolean>;
  /** Puts a manifest by its digest; by its SHA-256 when none is given. */
  push(mediaType: string, bytes: Uint8Array, digest?: Digest): Promise<PushedManifest>;
  /** Puts a manifest under a tag; whoever needs to know looks at the tag afterwards. Throws `push-failed` when it is refused. */
  tag(tag: string, mediaType: string, bytes: Uint8Array): Promise<void>;
}

export interface TaggedManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly etag: string | undefined;
}

export interface PushedManifest {
  readonly descriptor: Descriptor;
  /** Whether the registry says that it has indexed the subject (distribution-spec "Pushing Manifests with Subject"). */
  readonly subjectIndexed: boolean;
}

export function createManifests(transport: Transport, timing: Timing, reading: Actions): Manifests {
  return {
    resolve: (tagOrDigest) => twiceIfAltered(() => resolve(transport, reading, tagOrDigest)),
    fetch: (descriptor) => twiceIfAltered(() => fetchManifest(transport, reading, descriptor)),
    readTag: (tag, purpose) => twiceIfAltered(() => readTag(transport, reading, tag, purpose)),
    exists: async (digest) => {
      const { status } = await transport.send({
        method: 'HEAD',
        target: `manifests/${digest}`,
        purpose: `looking for the manifest ${digest}`,
        headers: { accept: acceptManifests },
        actions: reading,
        expect: [200, 404],
        repeatable: true,
        limit: 0,
        redirects: 'any',
      });
      return status === 200;
    },
    push: (mediaType, bytes, digest = digestOf(bytes)) => pushManifest(transport, timing, mediaType, bytes, digest),
    tag: (tag, mediaType, bytes) => tagManifest(transport, tag, mediaType, bytes),
  };
}

/** The descriptor that will be signed or verified: from the body alone, never from headers (REG 2.4; CVE-2023-33959). */
async function resolve(transport: Transport, actions: Actions, tagOrDigest: string): Promise<Descriptor> {
  const purpose = `resolving ${tagOrDigest}`;
  const response = await getManifest(transport, actions, tagOrDigest, purpose, acceptManifests);
  const operation = transport.operation(purpose);
  if (response.status === 404) throw notFound(operation, tagOrDigest, response);
  const mediaType = mediaTypeOf(response);
  const requested = tagOrDigest.includes(':') ? parseDigest(tagOrDigest) : undefined;
  const asserted = assertedDigest(operation, response);
  const digest = requested ?? asserted ?? digestOf(response.body);
  checkDigest(operation, response.body, digest);
  if (asserted !== undefined && asserted !== digest) checkDigest(operation, response.body, asserted);
  checkManifest(operation, response.body, mediaType);
  return { mediaType, digest, size: response.body.length };
}

async function fetchManifest(transport: Transport, actions: Actions, descriptor: Descriptor): Promise<Uint8Array> {
  const { digest, size, mediaType } = descriptor;
  const purpose = `fetching the manifest ${digest}`;
  const operation = transport.operation(purpose);
  if (size > maxManifestSize) {
    throw new NotaryError('registry-limit', `${operation.text}: ${size} bytes, at most ${maxManifestSize} are read`);
  }
  const response = await getManifest(transport, actions, digest, purpose, mediaType);
  if (response.status === 404) throw notFound(operation, digest, response);
  const served = mediaTypeOf(response);
  if (served !== mediaType.toLowerCase()) {
    throw new NotaryError(
      'registry-response',
      `${operation.text}: served as ${JSON.stringify(served.slice(0, 100))} instead of ${JSON.stringify(mediaType.slice(0, 100))}`,
    );
  }
  checkContent(operation, response.body, descriptor);
  const asserted = assertedDigest(operation, response);
  if (asserted !== undefined && asserted !== digest) checkDigest(operation, response.body, asserted);
  return response.body;
}

async function readTag(
  transport: Transport,
  actions: Actions,
  tag: string,
  purpose: string,
): Promise<TaggedManifest | undefined> {
  const response = await getManifest(transport, actions, tag, purpose, acceptManifests, {
    'cache-control': 'no-cache',
  });
  if (response.status === 404) return undefined;
  const asserted = assertedDigest(transport.operation(purpose), response);
  const digest = asserted ?? digestOf(response.body);
  checkDigest(transport.operation(purpose), response.body, digest);
  const etag = response.headers['etag'];
  return {
    mediaType: mediaTypeOf(response),
    bytes: response.body,
    digest,
    etag: typeof etag === 'string' ? etag : undefined,
  };
}

function getManifest(
  transport: Transport,
  actions: Actions,
  reference: string,
  purpose: string,
  accept: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpResponse> {
  return transport.send({
    method: 'GET',
    target: `manifests/${reference}`,
    purpose,
    headers: { accept, ...headers },
    actions,
    expect: [200, 404],
    repeatable: true,
    limit: maxManifestSize,
    redirects: 'any',
  });
}

/** Manifests of types that we know must be what they say; others are signed as they are, like Notation does. */
function checkManifest(operation: Operation, bytes: Uint8Array, mediaType: string): void {
  if (mediaType === '') throw new NotaryError('registry-response', `${operation.text}: served without Content-Type`);
  if (!(Object.values(manifestTypes) as string[]).includes(mediaType)) return;
  try {
    parseManifest(bytes, mediaType);
  } catch (error) {
    throw new NotaryError('registry-response', `${operation.text}: ${messageOf(error)}`, {
      cause: error,
      hint: 'The artifact is not what its media type says, so that tools may see different contents in it.',
    });
  }
}

function notFound({ registry, repository, text }: Operation, reference: string, response: HttpResponse): NotaryError {
  const codes = serverErrors(response)
    .map(({ code }) => code)
    .join(', ');
  return new NotaryError('artifact-not-found', `${text}: not found${codes === '' ? '' : `: ${codes}`}`, {
    hint: `Check that ${reference} was pushed to ${repository} in ${registry}. Registries also answer this way to accounts that may not read.`,
  });
}

/** Pushes of a manifest whose blobs the registry does not know yet, and milliseconds of the first wait between them. */
const maxPushes = 6;
const pushDelay = 200;

/**
 * Puts a manifest by its digest. Registries may not know for a moment what they have just accepted: docker-registry on a
 * file system loses sight of a blob while others upload the same one.
 */
async function pushManifest(
  transport: Transport,
  timing: Timing,
  mediaType: string,
  bytes: Uint8Array,
  digest: Digest,
): Promise<PushedManifest> {
  const purpose = `pushing the manifest ${digest} of ${bytes.length} bytes`;
  const operation = transport.operation(purpose);
  for (let attempt = 0; ; attempt++) {
    const response = await putManifest(transport, mediaType, digest, bytes, purpose);
    if (response.status === 200 || response.status === 201) {
      const asserted = assertedDigest(operation, response);
      if (asserted !== undefined) checkDigest(operation, bytes, asserted);
      const descriptor = { mediaType, digest, size: bytes.length };
      return { descriptor, subjectIndexed: 'oci-subject' in response.headers };
    }
    const unknownChild = serverErrors(response).some(({ code }) => /^(?:MANIFEST_)?BLOB_UNKNOWN$/.test(code));
    if (!unknownChild || attempt + 1 === maxPushes) throw answerError(operation, 'PUT', response);
    await timing.sleep(pushDelay * 2 ** attempt * (0.5 + timing.random()));
  }
}

async function tagManifest(transport: Transport, tag: string, mediaType: string, bytes: Uint8Array): Promise<void> {
  const purpose = `setting the tag ${tag}`;
  const refusals = [400, 405, 409, 412];
  const response = await putManifest(transport, mediaType, tag, bytes, purpose, refusals);
  if (!refusals.includes(response.status)) return;
  const cause = answerError(transport.operation(purpose), 'PUT', response);
  throw new NotaryError('push-failed', cause.message, {
    hint: 'If tags cannot be changed in this repository, name another tag in {input:copyTo}; the copy itself is there by its digest.',
    cause,
  });
}

function putManifest(
  transport: Transport,
  mediaType: string,
  reference: string,
  bytes: Uint8Array,
  purpose: string,
  refusals: readonly number[] = [400, 404],
): Promise<HttpResponse> {
  return transport.send({
    method: 'PUT',
    target: `manifests/${reference}`,
    purpose,
    headers: { 'content-type': mediaType },
    body: bytes,
    actions: 'pull,push',
    expect: [200, 201, ...refusals],
    repeatable: true,
    limit: maxManifestSize,
    redirects: 'same-origin',
  });
}
