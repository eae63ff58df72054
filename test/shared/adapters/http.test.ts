// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpFailure } from '../../../shared/adapters/http-failure.ts';
import { createHttpClient, type HttpRequest, type HttpResponse } from '../../../shared/adapters/http.ts';

const servers: Server[] = [];
const client = createHttpClient({ userAgent: 'notation-pipelines/test', environment: {} });
afterEach(async () => {
  for (const server of servers.splice(0)) {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<URL> {
  const server = createServer(handle);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
}

function get(url: URL, options: Partial<HttpRequest> = {}): Promise<HttpResponse> {
  return client.exchange({ method: 'GET', url, limit: 1000, redirects: 'any', ...options });
}

async function failureOf(promise: Promise<unknown>): Promise<HttpFailure> {
  const thrown = await promise.catch((error: unknown) => error);
  if (thrown instanceof HttpFailure) return thrown;
  throw new Error(`expected an HttpFailure, not ${String(thrown)}`);
}

describe('exchange', () => {
  it('sends method, body, user agent, and asks for no compression', async () => {
    const seen: IncomingMessage[] = [];
    const url = await serve((request, response) => {
      seen.push(request);
      request.pipe(response);
    });
    const response = await get(url, { method: 'PUT', body: Buffer.from('body'), authorization: 'Basic x' });
    expect(Buffer.from(response.body).toString()).toBe('body');
    expect(seen[0]?.method).toBe('PUT');
    expect(seen[0]?.headers).toMatchObject({
      'user-agent': 'notation-pipelines/test',
      'accept-encoding': 'identity',
      'content-length': '4',
      authorization: 'Basic x',
    });
  });

  it('[REG-80] [SEC-26] refuses a compressed answer', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const url = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    expect((await failureOf(get(url))).reason).toBe('encoding');
  });

  it('[REG-77] [SEC-26] stops at the limit, whatever length was declared', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/declared') response.writeHead(200, { 'content-length': String(2 ** 53) });
      const more = () => {
        if (response.destroyed) return;
        response.write(Buffer.alloc(600));
        setTimeout(more, 1);
      };
      more();
    });
    expect((await failureOf(get(url))).reason).toBe('too-large');
    expect((await failureOf(get(new URL('/declared', url)))).message).toContain(
      '9007199254740992 bytes, at most 1000 are read',
    );
  });

  it('[REG-77] reads 8 KiB of an error answer', async () => {
    const url = await serve((_, response) => response.writeHead(500).end(Buffer.alloc(1_000_000)));
    const { status, body } = await get(url);
    expect([status, body.length]).toEqual([500, 8192]);
  });

  it('[REG-17] reads a chunked answer', async () => {
    const url = await serve((_, response) => {
      response.write('a');
      response.end('b');
    });
    expect(Buffer.from((await get(url)).body).toString()).toBe('ab');
  });

  it('[REG-79] fails when the body ends early', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half', () => request.socket.destroy());
    });
    const failure = await failureOf(get(url));
    expect([failure.reason, failure.transient]).toEqual(['reset', true]);
  });

  it('[REG-81] [SEC-28] ends a drip and an endless header by the total deadline', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/headers') return void request.socket.write('HTTP/1.1 200 OK\r\nx: y');
      const timer = setInterval(() => response.write('x'), 5);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    expect((await failureOf(get(url, { timeout: 100 }))).reason).toBe('timeout');
    expect((await failureOf(get(new URL('/headers', url), { timeout: 100 }))).reason).toBe('timeout');
  });

  it('ends when it is cancelled', async () => {
    const url = await serve(() => undefined);
    const failure = await failureOf(get(url, { signal: AbortSignal.timeout(20) }));
    expect([failure.reason, failure.transient]).toEqual(['cancelled', false]);
  });

  it('[REG-9] reaches ports that browsers refuse', async () => {
    // 5060 may be taken here: that the connection is tried at all is what counts.
    const failure = await get(new URL('http://localhost:5060/')).catch((error: unknown) => error);
    expect(String(failure)).not.toContain('bad port');
  });

  it('tells an unknown host from a refused connection', async () => {
    expect((await failureOf(get(new URL('http://localhost:1/')))).reason).toBe('refused');
  });

  it('[REG-6] tells plain HTTP behind HTTPS, and sends nothing in the clear', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.end();
    });
    const failure = await failureOf(get(new URL(`https://localhost:${url.port}/`)));
    expect([failure.reason, failure.transient, requests]).toEqual(['plain-http', false, 0]);
  });

  it('shows URLs without user info and query', async () => {
    const url = await serve((request) => request.socket.destroy());
    const failure = await failureOf(get(new URL('/p?token=s3cret', url)));
    expect(failure.url).toBe(`http://localhost:${url.port}/p`);
    expect(failure.message).not.toContain('s3cret');
  });
});

/** Two servers: the first sends everything on to the second. */
async function redirecting(status: number, location?: (second: URL) => string) {
  const received: IncomingMessage[] = [];
  const second = await serve((request, response) => {
    received.push(request);
    response.end('there');
  });
  const first = await serve((_, response) => {
    response.writeHead(status, { location: location?.(second) ?? new URL('/target?sig=1', second).href }).end();
  });
  return { first, second, received };
}

describe('redirects', () => {
  it.each([301, 302, 303, 307, 308])(
    '[SEC-25] [REG-24] [REG-25] %i to another port gets no credentials',
    async (status) => {
      const { first, received } = await redirecting(status);
      const response = await get(first, { authorization: 'Bearer secret' });
      expect(Buffer.from(response.body).toString()).toBe('there');
      expect(
        received.map(({ url, headers }) => [
          url,
          headers.authorization,
          headers.cookie,
          headers['proxy-authorization'],
        ]),
      ).toEqual([['/target?sig=1', undefined, undefined, undefined]]);
    },
  );

  it.each([301, 302, 303, 307, 308])('[SEC-25] %i to another host gets no credentials', async (status) => {
    const { first, received } = await redirecting(status, (second) => `http://127.0.0.1:${second.port}/x`);
    await get(first, { authorization: 'Bearer secret' });
    expect(received.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('keeps credentials on the same origin, and finds them again after a detour', async () => {
    const seen: [string | undefined, string | undefined][] = [];
    const url = await serve((request, response) => {
      seen.push([request.url, request.headers.authorization]);
      if (request.url === '/') response.writeHead(307, { location: '/next' });
      response.end();
    });
    await get(url, { authorization: 'Basic x', redirects: 'same-origin' });
    expect(seen).toEqual([
      ['/', 'Basic x'],
      ['/next', 'Basic x'],
    ]);
  });

  it('gives redirects that are not to be followed as answers', async () => {
    const { first, received } = await redirecting(303);
    expect((await get(first, { redirects: 'same-origin' })).status).toBe(303);
    expect((await get(first, { redirects: 'none' })).status).toBe(303);
    expect((await get(first, { method: 'PUT', body: Buffer.from('x') })).status).toBe(303);
    expect(received).toEqual([]);
  });

  it('follows 307 of a PUT on the same origin only', async () => {
    const { first, received } = await redirecting(307);
    expect((await get(first, { method: 'PUT', body: Buffer.from('x') })).status).toBe(307);
    expect(received).toEqual([]);
  });

  it('[REG-26] [SEC-28] stops after five hops', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.writeHead(302, { location: `/${requests}` }).end();
    });
    expect((await failureOf(get(url))).reason).toBe('redirect');
    expect(requests).toBe(6);
  });

  it.each(['http://user:pw@localhost/', 'ftp://localhost/', 'http://['])('refuses to go to %s', async (location) => {
    const { first } = await redirecting(302, () => location);
    expect((await failureOf(get(first))).reason).toBe('redirect');
  });
});
