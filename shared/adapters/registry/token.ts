// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { memberOf, parseDocument, textMember } from '../../oci/document.ts';
import { HttpFailure } from '../http-failure.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http.ts';
import { withRetry } from '../retry.ts';
import type { Timing } from '../timing.ts';
import { basicPair, type Credential } from './credential.ts';
import { RegistryAnswer, unreachableError, type Operation } from './failure.ts';
import { registryRetries } from './retries.ts';

/** What is asked of a token server (distribution token and OAuth2 specifications; REG 3.3, 3.4). */
export interface TokenRequest {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
}

export interface Token {
  readonly value: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Bytes of a token answer: tokens with many scopes have some ten KiB. */
const tokenLimit = 128 * 1024;
/** Seconds when the server does not say (distribution token specification). */
const defaultExpiry = 60;
const clientId = 'notation';
/** The user name that stands for "the password is a token" at registries that take tokens by Basic only (ACR). */
const tokenUser = '00000000-0000-0000-0000-000000000000';

/**
 * Gets an access token; 'refused' when the server does not accept the credential or the scopes. Throws
 * `registry-unreachable` or `registry-response`.
 */
export async function fetchToken(
  http: HttpClient,
  timing: Timing,
  operation: Operation,
  request: TokenRequest,
): Promise<Token | 'refused'> {
  const response = await send(http, timing, operation, request);
  if (response.status === 400 || response.status === 401 || response.status === 403) return 'refused';
  const method = request.credential?.kind === 'refresh' ? 'POST' : 'GET';
  if (response.status !== 200) throw notAToken(operation, new RegistryAnswer(method, response).message);
  return parseToken(operation, response);
}

async function send(
  http: HttpClient,
  timing: Timing,
  operation: Operation,
  request: TokenRequest,
): Promise<HttpResponse> {
  try {
    if (request.credential?.kind === 'refresh') {
      const token = request.credential.token.reveal();
      const posted = await withRetry(timing, () => http.exchange(refreshRequest(request, token)), registryRetries);
      if (posted.status !== 404 && posted.status !== 405) return posted;
      return await withRetry(
        timing,
        () => http.exchange(getRequest(request, basicPair(tokenUser, token))),
        registryRetries,
      );
    }
    const pair = request.credential?.kind === 'basic' ? basicOf(request.credential) : undefined;
    return await withRetry(timing, () => http.exchange(getRequest(request, pair)), registryRetries);
  } catch (error) {
    throw error instanceof HttpFailure ? unreachableError(operation, error) : error;
  }
}

function basicOf({ username, password }: Credential & { kind: 'basic' }): string {
  return basicPair(username, password.reveal());
}

function getRequest({ realm, service, scopes }: TokenRequest, pair: string | undefined): HttpRequest {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const request = { method: 'GET', url, limit: tokenLimit, redirects: 'none' } as const;
  return pair === undefined ? request : { ...request, authorization: `Basic ${pair}` };
}

function refreshRequest({ realm, service, scopes }: TokenRequest, token: string): HttpRequest {
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, client_id: clientId });
  if (service !== undefined) form.set('service', service);
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  return {
    method: 'POST',
    url: realm,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
    limit: tokenLimit,
    redirects: 'none',
  };
}

function parseToken(operation: Operation, response: HttpResponse): Token {
  try {
    const document = parseDocument(response.body);
    const first = textMember(document, 'token') ?? '';
    const value = first === '' ? (textMember(document, 'access_token') ?? '') : first;
    const expiry = memberOf(document, 'expires_in');
    const seconds = expiry?.kind === 'number' ? Number(expiry.literal) : defaultExpiry;
    if (/^[\x21-\x7e]+$/.test(value)) return { value, expiresIn: seconds > 0 ? seconds : defaultExpiry };
  } catch {
    // Without the cause: its text may quote the answer.
  }
  throw notAToken(operation, `${response.url.origin} did not answer with a token`);
}

function notAToken({ registry, text }: Operation, reason: string): NotaryError {
  return new NotaryError('registry-response', `${text}: the token server of ${registry} failed: ${reason}`, {
    hint: 'Run the step again later; if it stays so, the registry or its token server is broken.',
  });
}
