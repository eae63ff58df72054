// SPDX-License-Identifier: Apache-2.0
import { bodyOf, startHttps } from './https-server.ts';

/** Microsoft Entra ID on loopback: it gives a token to whoever asks properly, and keeps what was asked. */
export interface FakeEntra {
  readonly url: string;
  readonly ca: string;
  /** Forms of the token requests, in order. */
  readonly requests: readonly URLSearchParams[];
  /** Answers of the job's or pipeline's token endpoint, with what was asked. */
  readonly tokenRequests: readonly {
    readonly url: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  }[];
  /** Refuses with this text: from now on, or so many times. */
  refuse(text: string | undefined, times?: number): void;
  /** What the identity token endpoint answers with. */
  tokenStatus: number;
  /** Seconds that access tokens live. */
  lifetime: number;
  close(): Promise<void>;
}

/** A token with claims; nobody checks its signature. */
export function unsignedToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.c2lnbmF0dXJl`;
}

export async function startEntra(): Promise<FakeEntra> {
  const requests: URLSearchParams[] = [];
  const tokenRequests: { url: string; method: string; headers: Record<string, string | string[] | undefined> }[] = [];
  let refusal: string | undefined;
  let refusals = 0;
  const server = await startHttps((request, response) => {
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    const { pathname } = new URL(request.url ?? '', 'https://entra');
    if (pathname.endsWith('/openid-configuration')) {
      const tenant = `${entra.url}/${pathname.split('/')[1] ?? ''}`;
      answer(200, {
        token_endpoint: `${tenant}/oauth2/v2.0/token`,
        authorization_endpoint: `${tenant}/oauth2/v2.0/authorize`,
        issuer: `${tenant}/v2.0`,
        jwks_uri: `${tenant}/keys`,
      });
    } else if (pathname === '/identity-token') {
      tokenRequests.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers });
      const token = unsignedToken({ iss: 'https://issuer', sub: 'subject', aud: 'audience', n: tokenRequests.length });
      answer(entra.tokenStatus, { value: token, oidcToken: token });
    } else {
      void bodyOf(request).then((body) => {
        requests.push(new URLSearchParams(body));
        if (refusal !== undefined && refusals-- > 0)
          answer(401, { error: 'invalid_client', error_description: refusal, error_codes: [] });
        else {
          const token = unsignedToken({ appid: 'app', oid: 'object', tid: 'tenant', n: requests.length });
          answer(200, { token_type: 'Bearer', expires_in: entra.lifetime, access_token: token });
        }
      });
    }
  });
  const entra: FakeEntra = {
    url: `https://localhost:${server.port}`,
    ca: server.ca,
    requests,
    tokenRequests,
    refuse: (text, times = Infinity) => {
      refusals = times;
      refusal = text;
    },
    tokenStatus: 200,
    lifetime: 3600,
    close: () => server.close(),
  };
  return entra;
}
