// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { HttpFailure, failureOf } from './http-failure.ts';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request and what its sender accepts as an answer. */
export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the origin of `url` only, never to where a redirect leads. */
  readonly authorization?: string;
  /** Bytes, or for what is too large to be held: opens as many bytes as `content-length` says, each time it is sent. */
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** The body of an answer 200 is given as it arrives, in `stream`: whoever asks for that reads it, or ends it. */
  readonly streamed?: true;
  /** Bytes of the answer's body beyond which it is refused. */
  readonly limit: number;
  /** Which redirects of GET and HEAD are followed (others are answers); other methods follow none but 307 and 308 of the same origin. */
  readonly redirects: 'none' | 'same-origin' | 'any';
  /** Milliseconds for everything, redirects included. */
  readonly timeout?: number;
  /** Milliseconds from the last byte sent to the first of the answer, where that is known to take its time. */
  readonly answerTimeout?: number;
  readonly signal?: AbortSignal;
}

/** An answer, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of an error status, the first `errorBodyLimit` bytes. */
  readonly body: Uint8Array;
  /** Instead of `body` where that was asked for. Throws `HttpFailure`. */
  readonly stream?: AsyncIterable<Uint8Array>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

/** Sends requests, with bounds on everything. Throws `HttpFailure` when there is no usable answer. */
export interface HttpClient {
  exchange(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

export interface HttpClientOptions {
  /** `name/version`. */
  readonly userAgent: string;
  /** Proxies are taken from it: `https_proxy`, `http_proxy`, `no_proxy`, in both cases. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Milliseconds to a connection: a host that answers at all does so within a few round trips. */
const connectTimeout = 10_000;
/** Milliseconds between two bytes of an answer: registries stream, they do not pause. */
const idleTimeout = 30_000;
/** Milliseconds for a whole exchange, so that a drip of bytes ends: what we read is at most some MiB. */
const totalTimeout = 60_000;
/** Blob storage adds one or two redirects, proxies another (REG 2.6). */
const maxRedirects = 5;
/** Bytes of headers: pre-signed URLs and challenges stay below. */
const maxHeaderSize = 64 * 1024;
/** Bytes of an error answer that are read: its JSON is small, an HTML page says no more (REG 2.9). */
export const errorBodyLimit = 8 * 1024;
/** Connections per origin: enough to hide latency, few enough not to look like an attack. */
const connections = 16;

/** A client whose connections are shared by all requests; idle ones do not keep the process alive. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  let dispatcher: Promise<Dispatcher> | undefined;
  return {
    exchange: async (request) => exchange(await (dispatcher ??= openDispatcher(options)), options.userAgent, request),
    close: async () => {
      await (await dispatcher)?.close();
      dispatcher = undefined;
    },
  };
}

/** undici is loaded with the first request: commands that fail before it need not wait for it. */
async function openDispatcher({ environment }: HttpClientOptions): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const settings = {
    connect: { timeout: connectTimeout },
    headersTimeout: idleTimeout,
    bodyTimeout: idleTimeout,
    maxHeaderSize,
    connections,
  };
  const httpProxy = environment['http_proxy'] ?? environment['HTTP_PROXY'] ?? '';
  const httpsProxy = environment['https_proxy'] ?? environment['HTTPS_PROXY'] ?? '';
  if (httpProxy === '' && httpsProxy === '') return new Agent(settings);
  return new EnvHttpProxyAgent({
    ...settings,
    ...(httpProxy === '' ? {} : { httpProxy }),
    ...(httpsProxy === '' ? {} : { httpsProxy }),
    noProxy: hostsWithoutProxy(environment['no_proxy'] ?? environment['NO_PROXY'] ?? ''),
  });
}

/** As Go and curl read `no_proxy`: a name also means the hosts below it, `*` all, and loopback never has a proxy. */
function hostsWithoutProxy(list: string): string {
  const entries = list.split(/[\s,]+/).filter((entry) => entry !== '');
  if (entries.includes('*')) return '*';
  const below = entries.filter((entry) => /^[a-z0-9]/i.test(entry)).map((entry) => `.${entry}`);
  return [...entries, ...below, 'localhost', '127.0.0.1', '[::1]'].join(',');
}

/** Follows redirects by hand, because credentials must not follow them (REG 2.6). */
async function exchange(dispatcher: Dispatcher, userAgent: string, request: HttpRequest): Promise<HttpResponse> {
  const deadline = AbortSignal.timeout(Math.ceil(request.timeout ?? totalTimeout));
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  let url = request.url;
  for (let hop = 0; ; hop++) {
    const sameOrigin = url.origin === request.url.origin;
    const response = await send(dispatcher, userAgent, request, url, sameOrigin, signal);
    const target = redirectTarget(request, response);
    if (target === undefined) return response;
    if (hop === maxRedirects)
      throw new HttpFailure('redirect', request.method, url, `more than ${maxRedirects} in a row`);
    url = target;
  }
}

/** Where an answer sends a request that may follow it. */
function redirectTarget(request: HttpRequest, response: HttpResponse): URL | undefined {
  const location = response.headers['location'];
  if (![301, 302, 303, 307, 308].includes(response.status) || typeof location !== 'string') return undefined;
  const reading = request.method === 'GET' || request.method === 'HEAD';
  if (request.redirects === 'none' || (!reading && response.status !== 307 && response.status !== 308))
    return undefined;
  if (!URL.canParse(location, response.url.href)) {
    throw new HttpFailure('redirect', request.method, response.url, 'its Location is not a URL');
  }
  const target = new URL(location, response.url);
  const sameOrigin = target.origin === request.url.origin;
  if (!sameOrigin && (request.redirects === 'same-origin' || !reading)) return undefined;
  if (target.username !== '' || target.password !== '' || !/^https?:$/.test(target.protocol)) {
    throw new HttpFailure('redirect', request.method, response.url, `to ${target.protocol} or with user info`);
  }
  if (response.url.protocol === 'https:' && target.protocol === 'http:') {
    throw new HttpFailure('redirect', request.method, response.url, 'from HTTPS to plain HTTP');
  }
  return target;
}

async function send(
  dispatcher: Dispatcher,
  userAgent: string,
  request: HttpRequest,
  url: URL,
  sameOrigin: boolean,
  signal: AbortSignal,
): Promise<HttpResponse> {
  try {
    const response = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method,
      headers: {
        'user-agent': userAgent,
        'accept-encoding': 'identity',
        ...request.headers,
        ...(request.body === undefined && request.method === 'POST' ? { 'content-length': '0' } : {}),
        ...(request.authorization === undefined || !sameOrigin ? {} : { authorization: request.authorization }),
      },
      body: typeof request.body === 'function' ? Readable.from(request.body()) : (request.body ?? null),
      headersTimeout: request.answerTimeout ?? idleTimeout,
      signal,
    });
    if (request.streamed === true && response.statusCode === 200) {
      refuseAnswer(request, url, response);
      const stream = streamBody(request, url, response);
      return { status: 200, headers: response.headers, body: new Uint8Array(), stream, url };
    }
    const body = await readBody(request, url, response);
    return { status: response.statusCode, headers: response.headers, body, url };
  } catch (error) {
    throw failureOf(error, request.method, url, request.signal?.aborted === true);
  }
}

async function readBody(request: HttpRequest, url: URL, response: Dispatcher.ResponseData): Promise<Uint8Array> {
  const failed = response.statusCode >= 300;
  const limit = failed ? errorBodyLimit : request.limit;
  if (!failed) refuseAnswer(request, url, response);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= limit) continue;
    if (failed) break;
    throw new HttpFailure('too-large', request.method, url, `more than ${limit} bytes`);
  }
  return Buffer.concat(chunks).subarray(0, limit);
}

/** Refuses an answer that says of itself that it is too large, or compressed. */
function refuseAnswer({ method, limit }: HttpRequest, url: URL, response: Dispatcher.ResponseData): void {
  const encoding = response.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    discard(response);
    throw new HttpFailure('encoding', method, url, `Content-Encoding ${String(encoding).slice(0, 40)}`);
  }
  const declared = Number(response.headers['content-length'] ?? 0);
  if (method !== 'HEAD' && declared > limit) {
    discard(response);
    throw new HttpFailure('too-large', method, url, `${declared} bytes, at most ${limit} are read`);
  }
}

async function* streamBody(
  request: HttpRequest,
  url: URL,
  response: Dispatcher.ResponseData,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > request.limit)
        throw new HttpFailure('too-large', request.method, url, `more than ${request.limit} bytes`);
      yield chunk;
    }
  } catch (error) {
    throw failureOf(error, request.method, url, request.signal?.aborted === true);
  } finally {
    discard(response);
  }
}

/** Gives up a body; what the broken connection then reports is of no interest. */
function discard(response: Dispatcher.ResponseData): void {
  response.body.on('error', () => undefined);
  response.body.destroy();
}
