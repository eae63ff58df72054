// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { manifestTypes } from '../../oci/manifest.ts';
import { descriptorsOf, parseReferrersIndex, type ReferrersIndex } from '../../oci/referrers.ts';
import type { Digest } from '../../primitives/digest.ts';
import type { HttpResponse } from '../http.ts';
import type { Actions } from './authorization.ts';
import { mediaTypeOf } from './content.ts';
import { answerError, serverErrors, type Operation } from './failure.ts';
import { cleanText } from './server-text.ts';
import type { Transport } from './transport.ts';

/** Bytes of one page (what oras-go reads), pages, and descriptors in all: room for thousands of referrers, an end for endless ones. */
const maxPageSize = 4 * 1024 * 1024;
const maxPages = 50;
const maxDescriptors = 10_000;
const maxTotalSize = 32 * 1024 * 1024;

/** One page of the Referrers API. */
export interface ReferrersPage {
  readonly descriptors: readonly Descriptor[];
  /** Entries that are no valid descriptors: nothing could be fetched by them. */
  readonly unreadable: number;
  /** The next page is asked for only when the consumer wants it. */
  readonly next: (() => Promise<ReferrersPage>) | undefined;
}

/** Why a registry counts as one without the Referrers API. */
export interface Unsupported {
  readonly unsupported: string;
  /** Whether the answer was odd enough to be told. */
  readonly odd: boolean;
}

interface Progress {
  readonly subject: Digest;
  readonly visited: Set<string>;
  descriptors: number;
  bytes: number;
}

/**
 * Asks the Referrers API for the referrers of a subject. Only answers that can mean nothing else count as "no such API"
 * (REG 4.2); a refusal, a failure or a repository that is unknown throws. `subjectExists`: the subject has been resolved.
 */
export async function askReferrersApi(
  transport: Transport,
  actions: Actions,
  subject: Digest,
  artifactType: string | undefined,
  subjectExists: boolean,
): Promise<ReferrersPage | Unsupported> {
  const url = transport.urlOf(`referrers/${subject}`);
  if (artifactType !== undefined) url.searchParams.set('artifactType', artifactType);
  const response = await request(
    transport,
    actions,
    subject,
    url,
    [200, 301, 302, 303, 307, 308, 400, 404, 405, 406, 501],
  );
  const operation = transport.operation(purposeOf(subject));
  const unsupported = unsupportedBy(operation, response, subjectExists);
  if (unsupported !== undefined) return unsupported;
  const progress: Progress = { subject, visited: new Set([url.href]), descriptors: 0, bytes: 0 };
  return toPage(transport, actions, progress, response);
}

function purposeOf(subject: Digest): string {
  return `listing the referrers of ${subject}`;
}

function request(
  transport: Transport,
  actions: Actions,
  subject: Digest,
  url: URL,
  expect: readonly number[],
): Promise<HttpResponse> {
  return transport.send({
    method: 'GET',
    target: url,
    purpose: purposeOf(subject),
    headers: { accept: manifestTypes.index },
    actions,
    expect,
    repeatable: true,
    limit: maxPageSize,
    redirects: 'same-origin',
  });
}

/** Reads an answer by the table of REG 4.2; undefined when the API is there. */
function unsupportedBy(operation: Operation, response: HttpResponse, subjectExists: boolean): Unsupported | undefined {
  const { status } = response;
  if (status === 404) {
    const unknownName = serverErrors(response).some(({ code }) => code === 'NAME_UNKNOWN');
    if (unknownName && !subjectExists) throw answerError(operation, 'GET', response);
    return { unsupported: '404', odd: false };
  }
  if (status !== 200) return { unsupported: String(status), odd: true };
  const mediaType = mediaTypeOf(response);
  if (mediaType === manifestTypes.index) return undefined;
  // Harbor 2.8 to 2.10 labels its index as plain JSON.
  if (mediaType === 'application/json' && isIndex(response.body)) return undefined;
  return { unsupported: `200 with ${cleanText(mediaType) || 'no media type'}`, odd: true };
}

function isIndex(body: Uint8Array): boolean {
  try {
    return parseReferrersIndex(body).members.some(({ key, value }) => key === 'manifests' && value.kind === 'array');
  } catch {
    return false;
  }
}

function toPage(transport: Transport, actions: Actions, progress: Progress, response: HttpResponse): ReferrersPage {
  const operation = transport.operation(purposeOf(progress.subject));
  const index = readPage(operation, response);
  const descriptors = descriptorsOf(index);
  progress.descriptors += index.entries.length;
  progress.bytes += response.body.length;
  if (progress.descriptors > maxDescriptors || progress.bytes > maxTotalSize) {
    throw limit(operation, `more than ${maxDescriptors} entries or ${maxTotalSize} bytes`);
  }
  const next = nextPage(operation, response, transport.urlOf(`referrers/${progress.subject}`));
  return {
    descriptors,
    unreadable: index.entries.length - descriptors.length,
    next: next === undefined ? undefined : () => followPage(transport, actions, progress, next),
  };
}

async function followPage(
  transport: Transport,
  actions: Actions,
  progress: Progress,
  url: URL,
): Promise<ReferrersPage> {
  const operation = transport.operation(purposeOf(progress.subject));
  if (progress.visited.has(url.href)) throw limit(operation, 'the pages of the listing lead back to one another');
  if (progress.visited.size >= maxPages) throw limit(operation, `more than ${maxPages} pages`);
  progress.visited.add(url.href);
  return toPage(transport, actions, progress, await request(transport, actions, progress.subject, url, [200]));
}

function readPage(operation: Operation, response: HttpResponse): ReferrersIndex {
  try {
    return parseReferrersIndex(response.body);
  } catch (error) {
    throw new NotaryError('registry-response', `${operation.text}: ${messageOf(error)}`, { cause: error });
  }
}

/** The next page of a `Link` header; it must stay in the listing it belongs to (GHSA-h7vf-4x9w-h99v). */
function nextPage(operation: Operation, response: HttpResponse, listing: URL): URL | undefined {
  const header = response.headers['link'];
  const values = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  const link = values.map(nextLink).find((target) => target !== undefined);
  if (link === undefined) return undefined;
  const url = URL.canParse(link, response.url.href) ? new URL(link, response.url) : undefined;
  const home = listing.pathname.slice(0, listing.pathname.lastIndexOf('/') + 1);
  if (url?.origin === listing.origin && url.pathname.startsWith(home)) return url;
  throw new NotaryError(
    'registry-response',
    `${operation.text}: the next page is outside of the listing, at ${cleanText(link)}`,
  );
}

/** The target of `<target>; rel="next"`; other relations are ignored. */
export function nextLink(value: string): string | undefined {
  const open = value.indexOf('<');
  const close = value.indexOf('>', open);
  if (open === -1 || close === -1) return undefined;
  const isNext = /^\s*;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i.test(value.slice(close + 1, close + 101));
  return isNext ? value.slice(open + 1, close) : undefined;
}

function limit({ text }: Operation, reason: string): NotaryError {
  return new NotaryError('registry-limit', `${text}: ${reason}`, {
    hint: 'Delete referrers that are not needed, or look for what adds them.',
  });
}
