// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { ocspProblem } from '../revocation/ocsp.ts';
import type { OcspHttpRequest } from '../revocation/ocsp-request.ts';
import { deltaAddresses, type CrlBundle } from '../revocation/crl.ts';
import { parseRevocationList, type RevocationList } from '../revocation/revocation-list.ts';
import { parseServerUrl } from '../revocation/server-url.ts';
import { HttpFailure } from './http-failure.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http.ts';

/** Milliseconds for one OCSP exchange, and for one CRL, redirects included, as the Notation CLI waits (reference 10.6). */
const ocspTimeout = 2_000;
const crlTimeout = 5_000;
/** Bytes of an OCSP answer that the reference reads; usual ones have 4 KiB. */
const maxAnswerBytes = 20_480;
/** A CRL of 32 MiB is refused (reference 10.4); the largest ones in use have half of that. */
const maxCrlBytes = 32 * 1024 * 1024 - 1;
/** Requests of one exchange: Go's HTTP client stops before the eleventh (reference 0.2.5). */
const maxRequests = 10;
/** Delta CRLs that are tried for one base; the reference tries all. */
const maxDeltas = 16;

/** Asks a responder; the body of an answer of status 200. Throws a NotaryError in the reference's words. */
export async function askResponder(http: HttpClient, { url, body }: OcspHttpRequest): Promise<Uint8Array> {
  const posted = body && { headers: { 'content-type': 'application/ocsp-request' }, body };
  const request = { method: posted === undefined ? 'GET' : 'POST', url, limit: maxAnswerBytes, ...posted } as const;
  const response = await attempt(
    () => exchange(http, request, ocspTimeout),
    (failure) =>
      failure.reason === 'timeout'
        ? `exceeded timeout threshold of ${(ocspTimeout / 1000).toFixed(2)} seconds for OCSP check`
        : ocspProblem(failure.message),
  );
  if (response.status === 200) return response.body;
  throw failed(`failed to retrieve OCSP: response had status code ${response.status}`);
}

/** Downloads a CRL, and the delta that it names if any. Throws a NotaryError in the reference's words. */
export async function downloadCrl(http: HttpClient, address: string): Promise<CrlBundle> {
  try {
    const base = await downloadList(http, address);
    const delta = await downloadDelta(http, deltaAddresses(base));
    return { base, ...(delta === undefined ? {} : { delta }) };
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    throw failed(`failed to download CRL from ${address}: failed to retrieve CRL: ${error.message}`, error);
  }
}

/** The first delta that can be had; it is an error if none can. */
async function downloadDelta(http: HttpClient, addresses: readonly string[]): Promise<RevocationList | undefined> {
  let failure: NotaryError | undefined;
  for (const address of addresses.slice(0, maxDeltas)) {
    try {
      return await downloadList(http, address);
    } catch (error) {
      if (!(error instanceof NotaryError)) throw error;
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

async function downloadList(http: HttpClient, address: string): Promise<RevocationList> {
  const server = parseServerUrl(address);
  if ('unsupported' in server) {
    throw failed(`unsupported scheme: ${server.unsupported}. Only supports CRL URL in HTTP protocol`);
  }
  const response = await attempt(
    () => exchange(http, { method: 'GET', url: server.url, limit: maxCrlBytes }, crlTimeout),
    ({ reason, message }) =>
      reason === 'too-large' ? `CRL size exceeds the limit: ${maxCrlBytes + 1}` : `request failed: ${message}`,
  );
  if (response.status !== 200) throw failed(`failed to download with status code: ${response.status}`);
  return parseRevocationList(response.body);
}

type Request = Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body' | 'limit'>;

/** Follows redirects as Go does: anywhere over HTTP and HTTPS, because answers are signed and no request carries a secret. */
async function exchange(http: HttpClient, first: Request, timeout: number): Promise<HttpResponse> {
  const deadline = performance.now() + timeout;
  let request = first;
  for (let sent = 1; ; sent++) {
    const left = Math.max(1, deadline - performance.now());
    const response = await http.exchange({ ...request, redirects: 'none', timeout: left });
    const next = redirected(request, response);
    if (next === undefined) return response;
    if (sent === maxRequests) {
      throw new HttpFailure('redirect', request.method, request.url, `stopped after ${maxRequests} redirects`);
    }
    request = next;
  }
}

/** 301, 302 and 303 turn a request into a GET; 307 and 308 leave it as it is. */
function redirected(request: Request, { status, headers, url }: HttpResponse): Request | undefined {
  const location = headers['location'];
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string' || location === '') return undefined;
  const target = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (target === undefined || !/^https?:$/.test(target.protocol)) {
    throw new HttpFailure('redirect', request.method, url, 'its Location is not an HTTP URL');
  }
  target.username = '';
  target.password = '';
  return status >= 307 ? { ...request, url: target } : { method: 'GET', url: target, limit: request.limit };
}

async function attempt<T>(work: () => Promise<T>, describe: (failure: HttpFailure) => string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error;
    throw failed(describe(error), error);
  }
}

function failed(message: string, cause?: unknown): NotaryError {
  return new NotaryError('download-failed', message, { cause });
}
