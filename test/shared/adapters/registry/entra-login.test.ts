// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { HttpClient, HttpRequest } from '../../../../shared/adapters/http.ts';
import { createCredentials } from '../../../../shared/adapters/registry/credentials.ts';
import { exchangeEntraToken, isAzureRegistry } from '../../../../shared/adapters/registry/entra-login.ts';
import { Secret } from '../../../../shared/primitives/secret.ts';
import { virtualTiming } from '../../../fakes/timing.ts';
import { errorOf } from '../../../support/registry-client.ts';

const identity = {
  description: 'service connection "prod"',
  token: () => Promise.resolve({ token: new Secret('entra-token'), tenantId: 'my-tenant' }),
};

/** Exchanges the token with a registry that answers in one way. */
function exchange(status: number, body: string) {
  const sent: HttpRequest[] = [];
  const warnings: string[] = [];
  const http: HttpClient = {
    close: () => Promise.resolve(),
    exchange: (request) => {
      sent.push(request);
      return Promise.resolve({ status, headers: {}, body: Buffer.from(body), url: request.url });
    },
  };
  const log = { debug: () => undefined, info: () => undefined, warning: (text: string) => void warnings.push(text) };
  const login = exchangeEntraToken('team.azurecr.io', identity, { http, timing: virtualTiming(), log });
  return { login, sent, warnings };
}

describe('exchangeEntraToken', () => {
  it('[REG-53] sends the token to the registry itself, and takes a refresh token', async () => {
    const { login, sent } = exchange(200, '{"refresh_token":"acr-refresh"}');
    const credential = await login;
    expect(credential).toMatchObject({ kind: 'refresh' });
    expect(credential?.kind === 'refresh' ? credential.token.reveal() : '').toBe('acr-refresh');
    expect(sent.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
      'POST https://team.azurecr.io/oauth2/exchange',
    ]);
    expect(Buffer.from(sent[0]?.body as Uint8Array).toString()).toBe(
      'grant_type=access_token&service=team.azurecr.io&tenant=my-tenant&access_token=entra-token',
    );
  });

  it('goes on without when the registry does not take the identity, and says so', async () => {
    const { login, warnings } = exchange(401, '{"errors":[]}');
    expect(await login).toBeUndefined();
    expect(warnings).toEqual([
      'team.azurecr.io does not take the identity service connection "prod": it answered 401.',
    ]);
  });

  it('fails without showing what was answered when there is no token in it', async () => {
    const { login } = exchange(200, '{"refresh_token":"a secret\\nwith a line"}');
    const error = await errorOf(login);
    expect(error).toMatchObject({ code: 'registry-unauthorized' });
    expect(error.message).not.toContain('a secret');
  });
});

describe('isAzureRegistry', () => {
  it('[SEC-23] knows the registries of Azure, and nobody who only looks like one', () => {
    for (const name of ['team.azurecr.io', 'Team.azurecr.cn', 'a-b.azurecr.us', 'x.westeurope.data.azurecr.io']) {
      expect(isAzureRegistry(name)).toBe(true);
    }
    for (const name of [
      'azurecr.io',
      'evilazurecr.io',
      'a.azurecr.io.evil.example',
      'a.azurecr.io:444',
      'azurecr.io/a',
    ]) {
      expect(isAzureRegistry(name)).toBe(false);
    }
  });
});

describe('createCredentials, with what the job is', () => {
  const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
  const mask = () => undefined;
  const docker = JSON.stringify({ auths: { 'ghcr.io': { auth: Buffer.from('bob:pat').toString('base64') } } });

  it('takes a login of inputs before everything else', async () => {
    const login = { username: 'alice', password: new Secret('s3cret') };
    const environment = { NOTATION_USERNAME: 'other', NOTATION_PASSWORD: 'other' };
    const found = await createCredentials({ environment, log, mask, given: { login } }).find('r.example');
    expect(found).toMatchObject({ credential: { kind: 'basic', username: 'alice' } });
  });

  it('takes the token of the job for ghcr.io only, and only when there is no other login', async () => {
    const given = { jobToken: new Secret('ghs_job') };
    const environment = { GITHUB_ACTOR: 'octocat' };
    const own = createCredentials({ environment, log, mask, given });
    expect((await own.find('ghcr.io')).credential).toMatchObject({ kind: 'basic', username: 'octocat' });
    for (const other of ['docker.io', 'ghcr.io.evil.example', 'ghcr.io:444']) {
      expect((await own.find(other)).credential).toBeUndefined();
    }
    const loggedIn = createCredentials({ environment: { DOCKER_AUTH_CONFIG: docker }, log, mask, given });
    expect((await loggedIn.find('ghcr.io')).credential).toMatchObject({ username: 'bob' });
  });

  it('exchanges an identity last', async () => {
    const exchanged = () => Promise.resolve({ kind: 'refresh', token: new Secret('t') } as const);
    const credentials = createCredentials({ environment: {}, log, mask, exchange: exchanged });
    expect(await credentials.find('team.azurecr.io')).toMatchObject({ source: 'the Azure identity of the job' });
  });
});
