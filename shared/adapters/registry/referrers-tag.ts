// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import { manifestTypes, maxManifestSize } from '../../oci/manifest.ts';
import { encodeReferrersIndex, parseReferrersIndex, referrersTag, type ReferrersIndex } from '../../oci/referrers.ts';
import type { Digest } from '../../primitives/digest.ts';
import type { HttpResponse } from '../http.ts';
import { isTransientStatus } from '../retry.ts';
import { assertedDigest } from './content.ts';
import { answerError, serverErrors, type Operation } from './failure.ts';
import { acceptManifests, type Manifests } from './manifests.ts';
import { absentTag, type ReferrersTagStore, type TagState, type WriteOutcome } from './referrers-index.ts';
import type { Transport } from './transport.ts';

/** The referrers tag of a subject in a registry. */
export function openReferrersTag(transport: Transport, manifests: Manifests, subject: Digest): ReferrersTagStore {
  const tag = referrersTag(subject);
  let conditional = true;
  return {
    read: () => readReferrersTag(transport, manifests, subject),
    digest: () => headTag(transport, manifests, tag),
    exists: ({ digest }) => manifests.exists(digest),
    write: async (index, replaced, timeout) => {
      const condition = conditional ? conditionOf(replaced) : {};
      const result = await putTag(transport, tag, index, condition, timeout);
      if (result !== 'condition-refused') return result;
      conditional = false;
      return await putTag(transport, tag, index, {}, timeout).then((again) =>
        again === 'condition-refused' ? 'unknown' : again,
      );
    },
  };
}

/** The index under a referrers tag. Throws `registry-response` when the tag holds something else (REG-64). */
export async function readReferrersTag(transport: Transport, manifests: Manifests, subject: Digest): Promise<TagState> {
  const tag = referrersTag(subject);
  const purpose = `reading the referrers tag ${tag}`;
  const found = await manifests.readTag(tag, purpose);
  if (found === undefined) return absentTag;
  const operation = transport.operation(purpose);
  if (found.mediaType !== manifestTypes.index) throw notAnIndex(operation, found.mediaType);
  try {
    return { index: parseReferrersIndex(found.bytes), digest: found.digest, etag: found.etag };
  } catch (error) {
    throw notAnIndex(operation, messageOf(error));
  }
}

function notAnIndex({ text }: Operation, found: string): NotaryError {
  return new NotaryError(
    'registry-response',
    `${text}: it does not hold an index of referrers: ${found.slice(0, 200)}`,
    {
      hint: 'Tags of this form belong to the referrers of an artifact. Delete the tag if it was set by mistake.',
    },
  );
}

/** A strong ETag, or the absence of the tag, as a condition; registries that ignore it are the rule. */
function conditionOf({ digest, etag }: TagState): Record<string, string> {
  if (digest === undefined) return { 'if-none-match': '*' };
  return etag === undefined || !etag.startsWith('"') ? {} : { 'if-match': etag };
}

async function headTag(transport: Transport, manifests: Manifests, tag: string): Promise<Digest | undefined> {
  const purpose = `reading the referrers tag ${tag}`;
  const response = await transport.send({
    method: 'HEAD',
    target: `manifests/${tag}`,
    purpose,
    headers: { accept: acceptManifests, 'cache-control': 'no-cache' },
    actions: 'pull,push',
    expect: [200, 404, 405],
    repeatable: true,
    // Between this look and the write others must not come: it is as short as can be.
    urgent: true,
    limit: 0,
    redirects: 'any',
  });
  if (response.status === 404) return undefined;
  const asserted = response.status === 200 ? assertedDigest(transport.operation(purpose), response) : undefined;
  return asserted ?? (await manifests.readTag(tag, purpose))?.digest;
}

async function putTag(
  transport: Transport,
  tag: string,
  index: ReferrersIndex,
  condition: Record<string, string>,
  timeout: number,
): Promise<WriteOutcome | 'condition-refused'> {
  const body = encodeReferrersIndex(index);
  const purpose = `writing the referrers tag ${tag}`;
  if (body.length > maxManifestSize) {
    throw new NotaryError(
      'registry-limit',
      `${transport.operation(purpose).text}: the index would have ${body.length} bytes`,
    );
  }
  try {
    const response = await transport.send({
      method: 'PUT',
      target: `manifests/${tag}`,
      purpose,
      headers: { 'content-type': manifestTypes.index, ...condition },
      body,
      actions: 'pull,push',
      expect: [200, 201, 400, 404, 405, 408, 409, 412, 425, 429, 500, 501, 502, 503, 504],
      // A blind repetition could replace what someone wrote in between.
      repeatable: false,
      urgent: true,
      limit: maxManifestSize,
      redirects: 'same-origin',
      timeout,
    });
    return judge(transport.operation(purpose), response, Object.keys(condition).length > 0);
  } catch (error) {
    if (error instanceof NotaryError && error.code === 'registry-unreachable') return 'unknown';
    throw error;
  }
}

function judge(operation: Operation, response: HttpResponse, conditional: boolean): WriteOutcome | 'condition-refused' {
  const { status } = response;
  if (status === 200 || status === 201) return 'written';
  if (status === 412) return 'conflict';
  if (isTransientStatus(status)) return 'unknown';
  const errors = serverErrors(response);
  const missing = errors.some(({ code }) => code === 'MANIFEST_BLOB_UNKNOWN' || code === 'MANIFEST_UNKNOWN');
  if (missing) return 'missing-child';
  const immutable = errors.some(({ code, message }) => /immutab|already exists|overwrit/i.test(`${code} ${message}`));
  if ((status === 400 || status === 501) && conditional && !immutable) return 'condition-refused';
  throw refusedTag(operation, response);
}

function refusedTag(operation: Operation, response: HttpResponse): NotaryError {
  const cause = answerError(operation, 'PUT', response);
  return new NotaryError('push-failed', `${cause.message}: the signature is stored but cannot be listed`, {
    cause,
    hint: `If tags of ${operation.repository} are immutable, exclude sha256-* from that rule, or set {input:forceReferrersTag} to false where ${operation.registry} has the Referrers API.`,
  });
}
