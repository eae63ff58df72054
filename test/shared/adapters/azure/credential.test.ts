// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCredential, type AzureCredential } from '../../../../shared/adapters/azure/credential.ts';
import type { AzureSignIn } from '../../../../shared/adapters/azure/sign-in.ts';
import { createHttpClient } from '../../../../shared/adapters/http.ts';
import { NotaryError } from '../../../../shared/errors.ts';
import { Secret } from '../../../../shared/primitives/secret.ts';
import { startEntra, unsignedToken, type FakeEntra } from '../../../fakes/entra.ts';
import { createSelfSigned } from '../../../fakes/certificate-authority.ts';
import { virtualTiming } from '../../../fakes/timing.ts';

const scope = 'https://vault.azure.net/.default';
const client = { tenantId: '11111111-1111-1111-1111-111111111111', clientId: 'client' };
const usual = getCACertificates('default');
let entra: FakeEntra;
beforeAll(async () => {
  entra = await startEntra();
  // the token endpoints are asked by our own client, which takes what the process trusts
  setDefaultCACertificates([...usual, entra.ca]);
});
afterAll(async () => {
  setDefaultCACertificates(usual);
  await entra.close();
});
beforeEach(() => {
  entra.refuse(undefined);
  entra.tokenStatus = 200;
  entra.lifetime = 3600;
});

function open(signIn: AzureSignIn): { credential: AzureCredential; masks: string[] } {
  const masks: string[] = [];
  const http = createHttpClient({ userAgent: 'test/1', environment: {} });
  const options = { authority: entra.url, ca: entra.ca, http, timing: virtualTiming() };
  const credential = openCredential(signIn, { ...options, mask: (text) => masks.push(text) });
  return { credential, masks };
}

const github: AzureSignIn = {
  kind: 'github-federation',
  ...client,
  requestUrl: '',
  requestToken: new Secret('request-token'),
  description: "the job's identity token",
};
const fromGitHub = (): AzureSignIn => ({ ...github, requestUrl: `${entra.url}/identity-token?a=b` });
const fromPipelines = (): AzureSignIn => ({
  kind: 'pipelines-federation',
  ...client,
  connection: {
    name: 'my connection',
    id: 'connection-id',
    requestUrl: `${entra.url}/identity-token`,
    accessToken: new Secret('system-token'),
  },
  description: "service connection 'my connection'",
});

describe('federation', () => {
  it("[KEY-52] [KEY-64] exchanges the job's identity token, asked for with the cloud's audience, and masks all", async () => {
    const { credential, masks } = open(fromGitHub());
    const token = (await credential.getToken(scope))?.token;
    const [asked] = entra.tokenRequests.slice(-1);
    expect(asked?.url).toBe('/identity-token?a=b&audience=api%3A%2F%2FAzureADTokenExchange');
    expect(asked?.headers['authorization']).toBe('Bearer request-token');
    const form = entra.requests.at(-1);
    expect(form?.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(masks).toEqual(['request-token', form?.get('client_assertion'), token]);
    expect(credential.principal).toEqual({ clientId: 'app', objectId: 'object', tenantId: 'tenant' });
  });

  it('[KEY-48] asks once for all who wait, [KEY-52] [KEY-49] and with a fresh identity token when it ends', async () => {
    entra.lifetime = 200;
    const { credential } = open(fromGitHub());
    const before = entra.tokenRequests.length;
    const tokens = await Promise.all([1, 2, 3].map(() => credential.getToken(scope)));
    expect(new Set(tokens.map((each) => each?.token)).size).toBe(1);
    expect(entra.tokenRequests.length - before).toBe(1);
    await credential.getToken(scope);
    expect(entra.tokenRequests.length - before).toBe(2);
  });

  it('[ADO-53] [ADO-54] asks for the token of a service connection as Azure Pipelines wants it', async () => {
    const { credential, masks } = open(fromPipelines());
    await credential.getToken(scope);
    const [asked] = entra.tokenRequests.slice(-1);
    expect(asked).toMatchObject({
      method: 'POST',
      url: '/identity-token?api-version=7.1&serviceConnectionId=connection-id',
      headers: { authorization: 'Bearer system-token', 'x-tfs-fedauthredirect': 'Suppress' },
    });
    expect(masks[0]).toBe('system-token');
    expect(masks[1]).toBe(entra.requests.at(-1)?.get('client_assertion'));
  });

  it.each([401, 403, 404, 500])('[ADO-55] names the connection when the server answers %i', async (status) => {
    entra.tokenStatus = status;
    const { credential } = open(fromPipelines());
    const before = entra.tokenRequests.length;
    await expect(credential.getToken(scope)).rejects.toThrow(
      `the identity token of service connection 'my connection' was refused: HTTP status ${status}`,
    );
    expect(entra.tokenRequests.length - before > 1).toBe(status === 500);
  });

  it.each([
    ['of the job', fromGitHub],
    ['of a service connection', fromPipelines],
  ])('[GH-93] asks once more with a fresh identity token %s when Entra says that it has expired', async (_, signIn) => {
    const { credential } = open(signIn());
    const before = { asked: entra.tokenRequests.length, sent: entra.requests.length };
    entra.refuse('AADSTS700024: Client assertion is not within its valid time range.', 1);
    expect((await credential.getToken(scope))?.token).toBeDefined();
    expect(entra.tokenRequests.length - before.asked).toBe(2);
    const assertions = entra.requests.slice(before.sent).map((form) => form.get('client_assertion'));
    expect(new Set(assertions).size).toBe(2);
    entra.refuse('AADSTS700024: Client assertion is not within its valid time range.');
    const again = open(signIn()).credential;
    await expect(again.getToken(scope)).rejects.toThrow('AADSTS700024');
    expect(entra.tokenRequests.length - before.asked).toBe(4);
  });

  it('[KEY-54] [GH-92] shows what did not match', async () => {
    entra.refuse('AADSTS700213: No matching federated identity record found');
    const { credential } = open(fromGitHub());
    const failure = await credential.getToken(scope).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(NotaryError);
    expect(failure).toMatchObject({
      code: 'azure-sign-in',
      message: expect.stringMatching(
        /issuer: https:\/\/issuer\n {2}subject: subject\n {2}audience: audience/,
      ) as unknown,
    });
  });
});

describe('service principals', () => {
  it('[KEY-57] [KEY-60] signs in with a secret', async () => {
    const secret = new Secret('the-secret');
    const { credential } = open({ kind: 'client-secret', ...client, secret, description: 'secret' });
    await credential.getToken(scope);
    expect(entra.requests.at(-1)?.get('client_secret')).toBe('the-secret');
    expect(entra.requests.at(-1)?.get('scope')).toContain(scope);
  });

  it('[KEY-57] [KEY-60] signs in with a certificate from memory', async () => {
    const { leaf } = createSelfSigned({ keyType: 'RSA-2048' });
    const certificate = new Secret(leaf.privateKeyPem + leaf.pem);
    const { credential } = open({ kind: 'client-certificate', ...client, certificate, description: 'certificate' });
    await credential.getToken(scope);
    expect(entra.requests.at(-1)?.get('client_assertion')?.split('.')).toHaveLength(3);
  });

  it('[ADO-60] [KEY-60] names the identity in what Entra refuses', async () => {
    entra.refuse('AADSTS7000222: The provided client secret keys are expired.');
    const secret = new Secret('old');
    const { credential } = open({ kind: 'client-secret', ...client, secret, description: "service connection 'mine'" });
    await expect(credential.getToken(scope)).rejects.toMatchObject({
      code: 'azure-sign-in',
      message: expect.stringContaining("signing in to Azure with service connection 'mine' failed: ") as unknown,
      hint: expect.stringContaining('The client secret has expired') as unknown,
    });
  });
});

/** An `az` that answers as after `azure/login` of some kind, and keeps how it was called. */
class FakeCli {
  readonly folder = mkdtempSync(join(tmpdir(), 'az-'));
  readonly #path = process.env['PATH'] ?? '';

  constructor(script?: string) {
    const log = join(this.folder, 'calls');
    const text = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\n${script ?? ''}\n`;
    if (script !== undefined) writeFileSync(join(this.folder, 'az'), text, { mode: 0o755 });
    process.env['PATH'] = script === undefined ? this.folder : [this.folder, this.#path].join(delimiter);
  }

  calls(): string[] {
    const log = join(this.folder, 'calls');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  remove(): void {
    process.env['PATH'] = this.#path;
    rmSync(this.folder, { recursive: true });
  }
}

describe('the Azure CLI', () => {
  const signIn: AzureSignIn = { kind: 'azure-cli', notUsed: [], description: "the Azure CLI's session" };
  const token = unsignedToken({ appid: 'app-of-login', oid: 'object', tid: client.tenantId });
  const answer = `echo '${JSON.stringify({ accessToken: token, expires_on: 4_102_444_800, tokenType: 'Bearer' })}'`;
  // What the CLI says after `az login --identity`, when a key vault's challenge has named a tenant (KEY 3.6).
  const refuses = 'echo "ERROR: Tenant shouldn\'t be specified for managed identity account" >&2; exit 1';
  const identity = `case "$*" in *--tenant*) ${refuses};; esac; ${answer}`;
  const ask = async (script?: string) => {
    const cli = new FakeCli(script);
    try {
      const { credential, masks } = open(signIn);
      const given = await credential.getToken(scope, { tenantId: client.tenantId }).catch((error: unknown) => error);
      return { given, masks, principal: credential.principal, calls: cli.calls() };
    } finally {
      cli.remove();
    }
  };

  it('[KEY-55] [KEY-64] serves after azure/login with OIDC or a service principal', async () => {
    const { given, masks, principal, calls } = await ask(answer);
    expect(given).toMatchObject({ token });
    expect(masks).toEqual([token]);
    expect(principal).toMatchObject({ clientId: 'app-of-login', tenantId: client.tenantId });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toContain(`--resource https://vault.azure.net --tenant ${client.tenantId}`);
  });

  it('[KEY-55] serves after azure/login with auth-type IDENTITY, which takes no tenant', async () => {
    const { given, calls } = await ask(identity);
    expect(given).toMatchObject({ token });
    expect(calls.map((call) => call.includes('--tenant'))).toEqual([true, false]);
  });

  it.each([
    ['is not there', undefined, 'the Azure CLI (az) is not installed', 'azure/login'],
    ['is signed out', `echo "ERROR: Please run 'az login' to setup account." >&2; exit 1`, 'is signed out', 'az login'],
    [
      'has an identity token that has run out',
      'echo "ERROR: AADSTS700024: Client assertion is not within its valid time range." >&2; exit 1',
      'AADSTS700024',
      'id-token: write',
    ],
  ])('[KEY-55] [KEY-56] explains one that %s', async (_, script, message, hint) => {
    const { given } = await ask(script);
    expect(given).toBeInstanceOf(NotaryError);
    expect((given as NotaryError).message).toContain(message);
    expect((given as NotaryError).hint).toContain(hint);
  });
});
