// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { NotaryError, messageOf } from '../errors.ts';
import type { Clock, Log, RevocationSource, Timestamper } from '../ports.ts';
import { instantOfDate } from '../primitives/instant.ts';
import { quote } from '../primitives/quote.ts';
import { describeRange } from '../timestamp/countersignature.ts';
import type { TimestampHash } from '../timestamp/hash-algorithm.ts';
import { createTimestampRequest, nonceSize } from '../timestamp/request.ts';
import { parseTimestampResponse, type TimestampResponse } from '../timestamp/response.ts';
import { verifyToken } from '../timestamp/token.ts';
import { timestampRange } from '../timestamp/tst-info.ts';
import { findTsaRevocation } from '../validation/tsa-revocation.ts';
import type { Certificate, CertificateChain } from '../x509/certificate.ts';
import { validateTimestampingChain } from '../x509/timestamping-chain.ts';
import { HttpFailure, showUrl } from './http-failure.ts';
import type { HttpClient, HttpResponse } from './http.ts';

export interface TimestampAuthorityOptions {
  /** Tried in order until one gives a timestamp that stands all checks; at least one. */
  readonly urls: readonly URL[];
  /** The root that the authority's chain must end in. */
  readonly root: Certificate;
  readonly revocation: RevocationSource;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds for one authority, as the Notation CLI waits (reference 9.1). */
const timeout = 15_000;

/** Answers of 1 MiB and more are refused (reference 9.1); a token with its certificates has a few KiB. */
const maxResponseBytes = 1024 * 1024 - 1;

/** Redirects of one request, as Go's HTTP client follows them (reference 0.2.5). */
const maxRedirects = 10;

/** Gets timestamps over HTTP (RFC 3161, 3.4) and checks each at once: form, signer, chain and its revocation. */
export function openTimestampAuthority(options: TimestampAuthorityOptions): Timestamper {
  return {
    roots: [options.root],
    timestamp: async (signature, hash) => {
      const failures: string[] = [];
      for (const url of options.urls) {
        try {
          const token = await timestampAt(url, signature, hash, options);
          for (const failure of failures) options.log.warning(`${failure}; ${showUrl(url)} was used instead`);
          return token;
        } catch (error) {
          if (!(error instanceof NotaryError)) throw error;
          if (options.urls.length === 1) throw error;
          failures.push(error.message);
        }
      }
      throw failed(`no timestamp authority gave a valid timestamp:\n${failures.join('\n')}`);
    },
  };
}

async function timestampAt(
  url: URL,
  signature: Uint8Array,
  hash: TimestampHash,
  { root, revocation, http, clock, log }: TimestampAuthorityOptions,
): Promise<Uint8Array> {
  const request = await createTimestampRequest(signature, hash, randomBytes(nonceSize));
  const body = await post(http, url, request.encoded);
  const response = await told(url, () => parseTimestampResponse(body, request));
  const chain = await told(url, () => verifyResponse(response, root, clock.now()));
  await told(url, () => checkRevocation(chain, revocation));
  const range = describeRange(timestampRange(response.info, signature));
  log.debug(`timestamped ${range} by ${quote(chain[0].subject)} of ${showUrl(url)}`);
  return response.encoded;
}

/** The authority's certificates must be valid now, not at the time that the token claims. */
function verifyResponse({ token }: TimestampResponse, root: Certificate, now: Date): CertificateChain {
  const chain = verifyToken(token, { roots: [root], at: instantOfDate(now) });
  validateTimestampingChain(chain);
  return chain;
}

async function checkRevocation(chain: CertificateChain, revocation: RevocationSource): Promise<void> {
  const problem = findTsaRevocation(chain, await revocationOf(chain, revocation), 'root');
  if (problem !== undefined) throw new NotaryError('timestamp-invalid', problem);
}

async function revocationOf(chain: CertificateChain, revocation: RevocationSource) {
  try {
    return await revocation.check(chain, 'timestamping', undefined);
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    const text = `failed to validate the revocation status of timestamping certificate chain with error: ${messageOf(error)}`;
    throw new NotaryError('timestamp-invalid', text, { cause: error });
  }
}

async function post(http: HttpClient, endpoint: URL, query: Uint8Array): Promise<Uint8Array> {
  const response = await exchange(http, endpoint, query);
  const shown = `POST ${quote(showUrl(endpoint))}:`;
  if (response.status !== 200) {
    const status = `${response.status} ${STATUS_CODES[response.status] ?? ''}`.trim();
    throw failed(`${shown} https response bad status: ${status}`);
  }
  const header = response.headers['content-type'];
  const contentType = (typeof header === 'string' ? header : header?.[0]) ?? '';
  // exactly, as the reference: no parameter, no other case
  if (contentType === 'application/timestamp-reply') return response.body;
  throw failed(`${shown} unexpected response content type: ${contentType.slice(0, 100)}`);
}

/** A request that follows redirects which keep method and body (307 and 308), but never from HTTPS to plain HTTP. */
async function exchange(http: HttpClient, endpoint: URL, query: Uint8Array): Promise<HttpResponse> {
  const deadline = performance.now() + timeout;
  for (let url = endpoint, hop = 0; ; hop++) {
    const response = await send(http, url, query, deadline);
    const next = redirectTarget(response);
    if (next === undefined) return response;
    if (hop === maxRedirects) throw failed(`POST ${quote(showUrl(endpoint))}: stopped after ${maxRedirects} redirects`);
    url = next;
  }
}

async function send(http: HttpClient, url: URL, query: Uint8Array, deadline: number): Promise<HttpResponse> {
  try {
    return await http.exchange({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/timestamp-query' },
      ...authorizationOf(url),
      body: query,
      limit: maxResponseBytes,
      redirects: 'none',
      timeout: Math.max(1, deadline - performance.now()),
    });
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    const large = 'unexpected large http response, max response body size allowed is 1 MiB';
    throw failed(error.reason === 'too-large' ? `POST ${quote(showUrl(url))}: ${large}` : error.message, error);
  }
}

/** User info of a URL as Basic authentication, for the authorities that want one. */
function authorizationOf({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function redirectTarget({ status, headers, url }: HttpResponse): URL | undefined {
  const location = headers['location'];
  if ((status !== 307 && status !== 308) || typeof location !== 'string') return undefined;
  if (!URL.canParse(location, url.href)) return undefined;
  const target = new URL(location, url);
  const downgrade = url.protocol === 'https:' && target.protocol === 'http:';
  return downgrade || !/^https?:$/.test(target.protocol) ? undefined : target;
}

/** Whatever is wrong with a timestamp stops the signing, and says which authority it was. */
async function told<T>(url: URL, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    const hint = error.hint ?? defaultHint;
    throw new NotaryError('timestamp-failed', `timestamp: ${error.message} (${showUrl(url)})`, { hint, cause: error });
  }
}

const defaultHint =
  'Check that {input:timestampRootCert} is the root of the timestamp authority at {input:timestampUrl}.';

function failed(message: string, cause?: unknown): NotaryError {
  return new NotaryError('timestamp-failed', `timestamp: ${message}`, {
    hint: 'Check {input:timestampUrl}: several authorities, one a line, are tried in order.',
    cause,
  });
}
