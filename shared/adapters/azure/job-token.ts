// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import { Secret } from '../../primitives/secret.ts';
import type { HttpClient, HttpResponse } from '../http.ts';
import { withRetry } from '../retry.ts';
import type { Timing } from '../timing.ts';
import type { PipelinesConnection, TokenRequest } from './sign-in.ts';

/** Bytes of an answer with an identity token: tokens have one to three KiB. */
const maxAnswer = 64 * 1024;

/** What asking for an identity token needs. */
export interface TokenExchange {
  readonly http: HttpClient;
  readonly timing: Timing;
  /** Hides a token before anything else is done with it. */
  readonly mask: (text: string) => void;
}

/**
 * Asks GitHub for an identity token of this job; each lives about five minutes, so a fresh one is asked for each time.
 * Throws `azure-sign-in`.
 */
export async function requestJobToken(
  { requestUrl, requestToken }: TokenRequest,
  audience: string,
  exchange: TokenExchange,
): Promise<Secret> {
  const url = parseUrl(requestUrl, 'ACTIONS_ID_TOKEN_REQUEST_URL');
  url.searchParams.append('audience', audience);
  const response = await send(exchange, "the job's identity token", () =>
    exchange.http.exchange({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      authorization: `Bearer ${requestToken.reveal()}`,
      redirects: 'none',
      limit: maxAnswer,
    }),
  );
  return tokenIn(response, 'value', "the job's identity token", exchange);
}

/**
 * Asks Azure Pipelines for an identity token of a service connection (ADO 3.4); nothing is written to disk.
 * Throws `azure-sign-in` with the connection's name.
 */
export async function requestConnectionToken(
  connection: PipelinesConnection,
  exchange: TokenExchange,
): Promise<Secret> {
  const what = `the identity token of service connection '${connection.name}'`;
  const url = parseUrl(connection.requestUrl, 'System.OidcRequestUri');
  url.searchParams.set('api-version', '7.1');
  url.searchParams.set('serviceConnectionId', connection.id);
  const response = await send(exchange, what, () =>
    exchange.http.exchange({
      method: 'POST',
      url,
      headers: {
        accept: 'application/json;api-version=7.1',
        'content-type': 'application/json',
        'x-tfs-fedauthredirect': 'Suppress',
      },
      body: new Uint8Array(Buffer.from('{}')),
      authorization: `Bearer ${connection.accessToken.reveal()}`,
      redirects: 'none',
      limit: maxAnswer,
    }),
  );
  return tokenIn(response, 'oidcToken', what, exchange);
}

async function send(exchange: TokenExchange, what: string, request: () => Promise<HttpResponse>) {
  try {
    return await withRetry(exchange.timing, request);
  } catch (cause) {
    throw failed(
      `${what} cannot be asked for: ${messageOf(cause)}`,
      'Check the network and proxy of the agent.',
      cause,
    );
  }
}

function tokenIn(response: HttpResponse, member: string, what: string, { mask }: TokenExchange): Secret {
  const { status } = response;
  if (status !== 200) throw failed(`${what} was refused: HTTP status ${status}`, hints.get(status) ?? otherHint);
  let token: unknown;
  try {
    token = (JSON.parse(Buffer.from(response.body).toString('utf8')) as Record<string, unknown>)[member];
  } catch {
    throw failed(`${what} cannot be read: the answer is not JSON`, otherHint);
  }
  if (typeof token !== 'string' || token === '') throw failed(`${what} is empty`, otherHint);
  mask(token);
  return new Secret(token);
}

const otherHint = 'Run the step again; if it goes on, look for an incident on the status page of the pipeline product.';
const hints: ReadonlyMap<number, string> = new Map([
  [302, 'The token of the job was not accepted: it ends with the job.'],
  [401, 'The token of the job was not accepted: it ends with the job.'],
  [403, 'The job may not use it: check its permissions, and that the pipeline may use the service connection.'],
  [404, 'It does not exist any more, or the server is too old for workload identity federation.'],
]);

function parseUrl(text: string, name: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw failed(`${name} is not a URL`, otherHint);
}

function failed(message: string, hint: string, cause?: unknown): NotaryError {
  return new NotaryError('azure-sign-in', message, { hint, ...(cause === undefined ? {} : { cause }) });
}
