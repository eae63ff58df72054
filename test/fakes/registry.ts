// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AccessControl } from './registry/access.ts';
import { answerBlob, answerUpload, openUpload } from './registry/blobs.ts';
import { failure, json, type Answer, type Exchange } from './registry/exchange.ts';
import { FaultPlan, pause } from './registry/faults.ts';
import { answerManifest, answerTags } from './registry/manifests.ts';
import { defaultOptions, type Fault, type RegistryOptions } from './registry/options.ts';
import { answerReferrers } from './registry/referrers.ts';
import { RegistryStorage } from './registry/storage.ts';

/** A request that the registry received, with the status it answered. */
export interface LoggedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** 0 when the connection was broken instead. */
  status: number;
}

/** An OCI registry (distribution-spec 1.1) on loopback that keeps everything in memory. */
export interface EmbeddedRegistry {
  /** `localhost:<port>`: the registry of a reference. */
  readonly host: string;
  readonly port: number;
  readonly storage: RegistryStorage;
  /** May be changed while the registry runs. */
  readonly options: RegistryOptions;
  /** Every request so far, in order of arrival. */
  readonly requests: LoggedRequest[];
  /** Requests as `METHOD path`, for comparing. */
  lines(): string[];
  /** Makes every token given so far invalid. */
  expireTokens(): void;
  close(): Promise<void>;
}

/** Bytes of a request: more than any test sends. */
const maxBody = 256 * 1024 * 1024;

/** Starts a registry; the default options make a conforming one with the Referrers API and without login. */
export async function startRegistry(chosen: Partial<RegistryOptions> = {}): Promise<EmbeddedRegistry> {
  const options: RegistryOptions = { ...defaultOptions, faults: [], ...chosen };
  const storage = new RegistryStorage();
  const access = new AccessControl();
  const faults = new FaultPlan();
  const requests: LoggedRequest[] = [];
  const server = createServer((request, response) => {
    void serve(request, response, { options, storage, access, faults, requests }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    host: `localhost:${port}`,
    port,
    storage,
    options,
    requests,
    lines: () => requests.map(({ method, path }) => `${method} ${path}`),
    expireTokens: () => {
      access.expireTokens();
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Running {
  readonly options: RegistryOptions;
  readonly storage: RegistryStorage;
  readonly access: AccessControl;
  readonly faults: FaultPlan;
  readonly requests: LoggedRequest[];
}

async function serve(request: IncomingMessage, response: ServerResponse, running: Running): Promise<void> {
  const { options, storage, access, faults, requests } = running;
  const body = await readAll(request);
  const method = request.method ?? 'GET';
  const path = request.url ?? '/';
  const logged: LoggedRequest = { method, path, headers: request.headers, body, status: 0 };
  requests.push(logged);
  const struck = faults.strike(options.faults, method, path);
  for (const fault of struck) if (fault.kind === 'delay') await pause(fault.before);
  if (struck.some((fault) => fault.kind === 'reset' && fault.when === 'before')) return void request.socket.destroy();
  const url = new URL(path, `http://${request.headers.host ?? 'localhost'}`);
  const exchange: Exchange = { method, url, headers: request.headers, body, storage, options };
  const instead = struck.find((fault) => fault.kind === 'status');
  const answer: Answer =
    instead === undefined
      ? route(exchange, access)
      : { status: instead.status, headers: instead.headers ?? {}, body: instead.body ?? '' };
  for (const fault of struck) if (fault.kind === 'delay') await pause(fault.after);
  if (struck.some((fault) => fault.kind === 'reset')) return void request.socket.destroy();
  logged.status = answer.status;
  await write(request, response, answer, options, struck);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) throw new Error('request too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function write(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  options: RegistryOptions,
  struck: readonly Fault[],
): Promise<void> {
  let body = Buffer.from(answer.body ?? '');
  for (const fault of struck) if (fault.kind === 'change') body = Buffer.from(fault.change(body));
  const headers: Record<string, string | readonly string[] | undefined> = {
    'docker-distribution-api-version': 'registry/2.0',
    ...answer.headers,
    ...(options.chunked || answer.status === 204 ? {} : { 'content-length': String(body.length) }),
    ...(options.warnings.length === 0 ? {} : { warning: options.warnings }),
  };
  for (const fault of struck) if (fault.kind === 'headers') Object.assign(headers, fault.headers);
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
  response.writeHead(answer.status);
  if (request.method === 'HEAD' || answer.status === 204) return void response.end();
  const drip = struck.find((fault) => fault.kind === 'drip');
  if (drip !== undefined) {
    await dripBody(response, body, drip.pause);
    return;
  }
  if (!struck.some((fault) => fault.kind === 'truncate')) return void response.end(body);
  response.write(body.subarray(0, Math.floor(body.length / 2)));
  await pause(5);
  request.socket.destroy();
}

async function dripBody(response: ServerResponse, body: Buffer, time: number): Promise<void> {
  for (let at = 0; at < body.length && !response.destroyed; at++) {
    response.write(body.subarray(at, at + 1));
    await pause(time);
  }
  response.end();
}

const componentsPattern = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*)*';
const routes: readonly (readonly [RegExp, (exchange: Exchange, name: string, rest: string) => Answer])[] = [
  [
    pathPattern('blobs/uploads/?()'),
    (exchange, name) =>
      exchange.method === 'POST' ? openUpload(exchange, name) : failure(405, 'UNSUPPORTED', 'method not allowed'),
  ],
  [pathPattern('blobs/uploads/([^/]+)'), answerUpload],
  [pathPattern('blobs/([^/]+)'), answerBlob],
  [pathPattern('manifests/([^/]+)'), answerManifest],
  [pathPattern('referrers/([^/]+)'), answerReferrers],
  [pathPattern('tags/list()'), answerTags],
];

function pathPattern(rest: string): RegExp {
  return new RegExp(`^/v2/(${componentsPattern})/${rest}$`);
}

function route(exchange: Exchange, access: AccessControl): Answer {
  const { url, method, options, storage } = exchange;
  const path = decodeURIComponent(url.pathname);
  if (path === '/token') return access.token(exchange);
  if (path === '/v2/' || path === '/v2') return access.check(exchange, undefined) ?? json(200, {});
  if (path === '/v2/_catalog') return access.check(exchange, undefined) ?? json(200, { repositories: storage.names() });
  for (const [pattern, handler] of routes) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const [, name = '', rest = ''] = match;
    const refused = access.check(exchange, name);
    if (refused !== undefined) return refused;
    if (options.readOnly && method !== 'GET' && method !== 'HEAD')
      return { status: 405, headers: { allow: 'GET, HEAD' } };
    return handler(exchange, name, rest);
  }
  if (/^\/v2\/.+\/(?:manifests|blobs|tags|referrers)\//.test(path))
    return failure(404, 'NAME_INVALID', 'invalid repository name');
  return { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '404 page not found\n' };
}
