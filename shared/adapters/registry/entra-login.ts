// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { Log } from '../../ports.ts';
import { Secret } from '../../primitives/secret.ts';
import { parseDocument, textMember } from '../../oci/document.ts';
import { HttpFailure } from '../http-failure.ts';
import type { HttpClient, HttpResponse } from '../http.ts';
import { withRetry } from '../retry.ts';
import type { Timing } from '../timing.ts';
import type { Credential } from './credential.ts';

/** Gives access tokens of Microsoft Entra ID for container registries. */
export interface EntraIdentity {
  /** Who signs in, for messages. */
  readonly description: string;
  /** Undefined when there is no identity in this job; rejects when signing in fails. */
  token(registry: string): Promise<{ readonly token: Secret; readonly tenantId?: string | undefined } | undefined>;
}

/** Bytes of the answer: one token. */
const answerLimit = 128 * 1024;

/** Whether a registry is one of Azure Container Registry, of any cloud with a public name. */
export function isAzureRegistry(registry: string): boolean {
  return /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.azurecr\.(?:io|cn|us)$/i.test(registry);
}

/**
 * A refresh token of Azure Container Registry for an Entra identity, as `az acr login` gets it
 * (Azure/acr docs/AAD-OAuth.md); undefined when there is no identity, or the registry does not take it.
 */
export async function exchangeEntraToken(
  registry: string,
  identity: EntraIdentity,
  { http, timing, log }: { readonly http: HttpClient; readonly timing: Timing; readonly log: Log },
): Promise<Credential | undefined> {
  const found = await identity.token(registry);
  if (found === undefined) return undefined;
  const form = new URLSearchParams({ grant_type: 'access_token', service: registry });
  if (found.tenantId !== undefined) form.set('tenant', found.tenantId);
  form.set('access_token', found.token.reveal());
  const response = await post(http, timing, registry, form);
  if (response.status === 200) return { kind: 'refresh', token: refreshToken(registry, response) };
  if (response.status >= 500) throw failed(registry, `it answered ${response.status}`);
  log.warning(`${registry} does not take the identity ${identity.description}: it answered ${response.status}.`);
  return undefined;
}

async function post(http: HttpClient, timing: Timing, registry: string, form: URLSearchParams): Promise<HttpResponse> {
  const request = {
    method: 'POST',
    url: new URL(`https://${registry}/oauth2/exchange`),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
    limit: answerLimit,
    redirects: 'none',
  } as const;
  try {
    return await withRetry(timing, () => http.exchange(request));
  } catch (error) {
    throw error instanceof HttpFailure ? failed(registry, error.message) : error;
  }
}

function refreshToken(registry: string, response: HttpResponse): Secret {
  try {
    const token = textMember(parseDocument(response.body), 'refresh_token') ?? '';
    if (/^[\x21-\x7e]+$/.test(token)) return new Secret(token);
  } catch {
    // Without the cause: its text may quote the answer.
  }
  throw failed(registry, 'its answer holds no token');
}

function failed(registry: string, reason: string): NotaryError {
  return new NotaryError(
    'registry-unauthorized',
    `the Azure identity cannot be exchanged for a login to ${registry}: ${reason}`,
    {
      hint: `Check that the identity has AcrPush (AcrPull to verify) on ${registry}, or log in with az acr login before this step.`,
    },
  );
}
