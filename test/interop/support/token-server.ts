// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { selfSignedKey } from './keys.ts';
import type { DockerRegistryOptions } from './registries.ts';

const service = 'test-registry';
const issuer = 'test-issuer';
const lifetimeSeconds = 300;

/** Who may do what; the empty user name is whoever gives none. */
export interface TokenUser {
  readonly user: string;
  readonly password: string;
  readonly actions: readonly string[];
}

export interface TokenServer {
  /** `auth` section and files of a docker-registry that trusts it. */
  readonly registryOptions: DockerRegistryOptions;
  /** Every token request so far: method, scopes and user. */
  readonly requests: readonly { readonly method: string; readonly scopes: readonly string[]; readonly user: string }[];
  /** The header that lets a test push into a repository without asking. */
  authorization(repository: string): string;
  stop(): Promise<void>;
}

/** A token server for Debian's docker-registry (distribution token specification; REG 9.2). */
export async function startTokenServer(users: readonly TokenUser[]): Promise<TokenServer> {
  const requests: { method: string; scopes: string[]; user: string }[] = [];
  const server = createServer((request, response) => {
    void answer(request, users).then(({ status, body, seen }) => {
      requests.push(seen);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const realm = `http://localhost:${address.port}/token`;
  return {
    registryOptions: {
      files: { 'token.pem': readFileSync(selfSignedKey.certificateChain, 'utf8') },
      auth: (directory) => ({ token: { realm, service, issuer, rootcertbundle: `${directory}/token.pem` } }),
    },
    requests,
    authorization: (name) => `Bearer ${createToken('test', [`repository:${name}:pull,push`], ['pull', 'push'])}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface TokenAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly seen: { method: string; scopes: string[]; user: string };
}

async function answer(request: IncomingMessage, users: readonly TokenUser[]): Promise<TokenAnswer> {
  const url = new URL(request.url ?? '', 'http://localhost');
  const parameters = request.method === 'POST' ? new URLSearchParams(await textOf(request)) : url.searchParams;
  const { user, password } = credentials(request, parameters);
  const scopes = parameters.getAll('scope').flatMap((scope) => scope.split(' '));
  const seen = { method: request.method ?? '', scopes, user };
  const known = users.find((candidate) => candidate.user === user && candidate.password === password);
  if (known === undefined) return { status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] }, seen };
  const token = createToken(user, scopes, known.actions);
  return { status: 200, body: { token, access_token: token, expires_in: lifetimeSeconds }, seen };
}

/** Basic, or an identity token (`grant_type=refresh_token`), which here is `<user>:<password>` itself. */
function credentials(request: IncomingMessage, parameters: URLSearchParams): { user: string; password: string } {
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const text =
    basic === undefined
      ? (parameters.get('refresh_token') ?? `${parameters.get('username') ?? ''}:${parameters.get('password') ?? ''}`)
      : Buffer.from(basic, 'base64').toString();
  const colon = text.indexOf(':');
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function createToken(subject: string, scopes: readonly string[], allowed: readonly string[]): string {
  const now = Math.floor(Date.now() / 1000);
  const access = scopes.flatMap((scope) => {
    const [type, name, actions] = scope.split(':');
    if (type === undefined || name === undefined || actions === undefined) return [];
    return [{ type, name, actions: actions.split(',').filter((action) => allowed.includes(action)) }];
  });
  const times = { iat: now, nbf: now - 10, exp: now + lifetimeSeconds };
  const claims = { iss: issuer, aud: service, sub: subject, jti: randomUUID(), ...times, access };
  const certificate = new X509Certificate(readFileSync(selfSignedKey.certificateChain));
  const header = { typ: 'JWT', alg: 'ES256', x5c: [certificate.raw.toString('base64')] };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const key = createPrivateKey(readFileSync(selfSignedKey.privateKey));
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
