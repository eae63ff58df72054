// SPDX-License-Identifier: Apache-2.0
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../shared/adapters/http.ts';
import {
  openTimestampAuthority,
  type TimestampAuthorityOptions,
} from '../../../shared/adapters/timestamp-authority.ts';
import { NotaryError } from '../../../shared/errors.ts';
import type { Log, RevocationSource } from '../../../shared/ports.ts';
import { parseToken } from '../../../shared/timestamp/token.ts';
import { parseTstInfo, timestampRange } from '../../../shared/timestamp/tst-info.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { basicConstraints, extendedKeyUsage } from '../../fakes/certificate-extensions.ts';
import { parseQuery, startTimestampAuthority, type TimestampAuthority } from '../../fakes/timestamp-authority.ts';
import { issueTimestampSigner, makeResponse, tsaAuthority } from '../../fakes/timestamp-token.ts';

const signature = Buffer.from('the signature');
const unrevoked: RevocationSource = {
  check: (chain) => Promise.resolve(chain.map(({ subject }) => ({ subject, status: 'not-revokable' }))),
};
const http = createHttpClient({ userAgent: 'test/1', environment: {} });

let tsa: TimestampAuthority;
let other: TimestampAuthority;
let warnings: string[];
const servers: Server[] = [];

beforeEach(async () => {
  tsa = await startTimestampAuthority();
  other = await startTimestampAuthority();
  warnings = [];
});
afterEach(async () => {
  await tsa.close();
  await other.close();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

type Overrides = Partial<Omit<TimestampAuthorityOptions, 'urls'>> & { readonly urls?: readonly string[] };

async function timestamp(overrides: Overrides = {}): Promise<Uint8Array> {
  const log: Log = { debug: () => undefined, info: () => undefined, warning: (text) => warnings.push(text) };
  const timestamper = openTimestampAuthority({
    root: tsaAuthority.root.certificate,
    revocation: unrevoked,
    http,
    clock: { now: () => new Date() },
    log,
    ...overrides,
    urls: (overrides.urls ?? [tsa.url]).map((url) => new URL(url)),
  });
  return timestamper.timestamp(signature, 'sha384');
}

async function failureOf(work: Promise<unknown>): Promise<NotaryError> {
  const thrown = await work.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(NotaryError);
  expect(thrown).toMatchObject({ code: 'timestamp-failed', message: expect.stringMatching(/^timestamp: /) as unknown });
  return thrown as NotaryError;
}

/** A server that sends every request elsewhere. */
async function redirecting(status: number, location: string | (() => string)): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { location: typeof location === 'string' ? location : location() }).end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('openTimestampAuthority', () => {
  it('asks as RFC 3161 says, and returns a token over the signature', async () => {
    const token = await timestamp();
    expect(tsa.exchanges).toHaveLength(1);
    const [exchange] = tsa.exchanges;
    expect(exchange).toMatchObject({ method: 'POST', path: '/tsa' });
    expect(exchange?.headers).toMatchObject({ 'content-type': 'application/timestamp-query', 'user-agent': 'test/1' });
    expect(exchange?.headers).not.toHaveProperty('accept');
    expect(exchange?.headers).not.toHaveProperty('authorization');
    const info = parseTstInfo(parseToken(token).content);
    expect(info.messageImprint.algorithm).toBe('2.16.840.1.101.3.4.2.2');
    expect(timestampRange(info, signature).latest.seconds).toBeGreaterThan(0n);
  });

  it('uses another nonce each time', async () => {
    await timestamp();
    await timestamp();
    const [first, second] = tsa.exchanges.map(({ body }) => parseQuery(body).nonce);
    expect(first).not.toBe(second);
  });

  it.each(['application/timestamp-reply; charset=utf-8', 'Application/Timestamp-Reply', 'text/html', ''])(
    '[NP-302] refuses the content type %j',
    async (contentType) => {
      tsa.behaviour = { headers: { 'content-type': contentType } };
      const { message } = await failureOf(timestamp());
      expect(message).toBe(`timestamp: POST "${tsa.url}": unexpected response content type: ${contentType}`);
    },
  );

  it('[NP-303] refuses an answer of 1 MiB, and takes one byte less', async () => {
    const padTo = (size: number) => (body: Uint8Array) => Buffer.concat([body, Buffer.alloc(size - body.length)]);
    tsa.behaviour = { editBody: padTo(1024 * 1024) };
    const { message } = await failureOf(timestamp());
    expect(message).toBe(
      `timestamp: POST "${tsa.url}": unexpected large http response, max response body size allowed is 1 MiB`,
    );
    tsa.behaviour = { editBody: padTo(1024 * 1024 - 1) };
    await timestamp();
  });

  it.each([201, 204, 302, 400, 404, 429, 500, 503])('refuses status %d', async (status) => {
    tsa.behaviour = { status };
    expect((await failureOf(timestamp())).message).toContain(
      `POST "${tsa.url}": https response bad status: ${status} `,
    );
  });

  it('[NP-304] tells why the authority refuses', async () => {
    tsa.behaviour = { editBody: () => makeResponse(undefined) };
    expect((await failureOf(timestamp())).message).toBe(
      `timestamp: invalid timestamping response: invalid response with status code 2: rejected (${tsa.url})`,
    );
  });

  it('[NP-305] refuses another nonce', async () => {
    tsa.behaviour = { token: { nonce: 1n } };
    expect((await failureOf(timestamp())).message).toMatch(/nonce in response 1 does not match nonce in request \d+/);
  });

  it('[NP-290] wants the chain to end in the given root', async () => {
    const { root } = createCertificateAuthority({ name: 'others' });
    const failure = await failureOf(timestamp({ root: root.certificate }));
    expect(failure.message).toContain(
      'failed to verify signed token: cms verification failure: x509: certificate signed by',
    );
    expect(failure.hint).toContain('{input:timestampRootCert}');
  });

  it('wants the certificates of the authority valid now, whatever time it claims', async () => {
    const signer = issueTimestampSigner({ notAfter: new Date('2026-01-01') });
    tsa.behaviour = { token: { signer, genTime: '20250601000000Z' } };
    const expired = /x509: certificate has expired or is not yet valid: current time/;
    expect((await failureOf(timestamp())).message).toMatch(expired);
    await timestamp({ clock: { now: () => new Date('2025-12-01') } });
  });

  it('holds the chain to the rules for timestamps', async () => {
    const extensions = [basicConstraints({ ca: false }), extendedKeyUsage(['timeStamping'], { critical: true })];
    tsa.behaviour = { token: { signer: issueTimestampSigner({ extensions }) } };
    expect((await failureOf(timestamp())).message).toContain('key usage extension must be present');
  });

  it('[NP-306] [SEC-14] refuses a revoked authority, and one whose status is unknown', async () => {
    for (const position of [0, 1]) {
      for (const status of ['revoked', 'unknown'] as const) {
        const revocation: RevocationSource = {
          check: (chain, purpose, time) => {
            expect([purpose, time]).toEqual(['timestamping', undefined]);
            return Promise.resolve(
              chain.map(({ subject }, i) => ({ subject, status: i === position ? status : 'not-revokable' })),
            );
          },
        };
        const name = position === 0 ? 'CN=TSA,C=US' : 'CN=TSA Intermediate 1,O=TSA,ST=WA,C=US';
        const text = status === 'revoked' ? 'is revoked' : 'revocation status is unknown';
        expect((await failureOf(timestamp({ revocation }))).message).toBe(
          `timestamp: timestamping certificate with subject "${name}" ${text} (${tsa.url})`,
        );
      }
    }
    const check = () => Promise.reject(new NotaryError('chain-invalid', 'no'));
    expect((await failureOf(timestamp({ revocation: { check } }))).message).toContain(
      'failed to validate the revocation status of timestamping certificate chain with error: no',
    );
  });

  it('fails when the connection breaks', async () => {
    tsa.behaviour = { breaks: true };
    expect((await failureOf(timestamp())).message).toMatch(/^timestamp: POST http:\/\/127\.0\.0\.1:\d+\/tsa: /);
  });

  it('tries several in order, and warns about those that failed', async () => {
    await timestamp({ urls: [tsa.url, other.url] });
    expect([tsa.exchanges.length, other.exchanges.length, warnings.length]).toEqual([1, 0, 0]);
    tsa.behaviour = { status: 503 };
    await timestamp({ urls: [tsa.url, other.url] });
    expect(other.exchanges).toHaveLength(1);
    expect(warnings).toEqual([
      `timestamp: POST "${tsa.url}": https response bad status: 503 Service Unavailable; ${other.url} was used instead`,
    ]);
  });

  it('goes on after an authority that cannot be trusted, and names all when none is left', async () => {
    const stranger = createCertificateAuthority({ name: 'strangers' });
    tsa.behaviour = { token: { signer: issueTimestampSigner({}, stranger) } };
    await timestamp({ urls: [tsa.url, other.url] });
    other.behaviour = { token: { nonce: 1n } };
    const { message } = await failureOf(timestamp({ urls: [tsa.url, other.url] }));
    expect(message.split('\n')).toEqual([
      'timestamp: no timestamp authority gave a valid timestamp:',
      expect.stringContaining('signed by unknown authority'),
      expect.stringContaining('nonce in response 1'),
    ]);
  });

  it.each([307, 308])('follows %d to another server with the whole request', async (status) => {
    await timestamp({ urls: [await redirecting(status, tsa.url)] });
    expect(tsa.exchanges[0]).toMatchObject({ method: 'POST', path: '/tsa' });
    expect(tsa.exchanges[0]?.body.length).toBeGreaterThan(0);
  });

  it.each([301, 302, 303])('does not follow %d, which would lose the request', async (status) => {
    const { message } = await failureOf(timestamp({ urls: [await redirecting(status, tsa.url)] }));
    expect(message).toContain(`bad status: ${status}`);
    expect(tsa.exchanges).toEqual([]);
  });

  it('[SEC-28] ends a circle of redirects', async () => {
    let own = '';
    own = await redirecting(308, () => own);
    expect((await failureOf(timestamp({ urls: [own] }))).message).toContain('stopped after 10 redirects');
  });

  it('follows a redirect to HTTP and HTTPS only', async () => {
    for (const location of ['ftp://127.0.0.1/', 'file:///etc/passwd', 'http://[']) {
      expect((await failureOf(timestamp({ urls: [await redirecting(307, location)] }))).message).toContain(
        'bad status: 307',
      );
    }
  });

  it('[SEC-36] sends user info as Basic authentication, to its own server only, and shows it nowhere', async () => {
    const withUser = (url: string) => url.replace('//', '//me:p%40ss@');
    await timestamp({ urls: [withUser(tsa.url)] });
    expect(tsa.exchanges[0]?.headers['authorization']).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    await timestamp({ urls: [withUser(await redirecting(307, tsa.url))] });
    expect(tsa.exchanges[1]?.headers).not.toHaveProperty('authorization');
    for (const behaviour of [{ status: 500 }, { breaks: true }, { token: { nonce: 1n } }]) {
      tsa.behaviour = behaviour;
      const { message, hint } = await failureOf(timestamp({ urls: [withUser(tsa.url)] }));
      expect(`${message}${hint ?? ''}`).not.toMatch(/p@ss|p%40ss|me:/);
    }
  });
});
