// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { authorityOfVault } from '../../../../shared/adapters/azure/cloud.ts';
import { chooseSignIn, type AzureSignIn, type SignInOptions } from '../../../../shared/adapters/azure/sign-in.ts';
import { signInFailure } from '../../../../shared/adapters/azure/sign-in-error.ts';
import { Secret } from '../../../../shared/primitives/secret.ts';

const ids = { AZURE_CLIENT_ID: 'client', AZURE_TENANT_ID: 'tenant' };
const oidc = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token/?a=b', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token' };

function choose(environment: SignInOptions['environment'], options: Partial<SignInOptions> = {}): AzureSignIn {
  return chooseSignIn({ environment, product: 'github', ...options });
}

describe('choosing', () => {
  it("[KEY-52] takes the job's identity token when client and tenant are known", () => {
    expect(choose({ ...ids, ...oidc, AZURE_CLIENT_SECRET: 'x' })).toMatchObject({
      kind: 'github-federation',
      clientId: 'client',
      tenantId: 'tenant',
      description: "the job's identity token, client client in tenant tenant",
    });
  });

  it('[KEY-57] takes a secret or a certificate from the environment', () => {
    expect(choose({ ...ids, AZURE_CLIENT_SECRET: 'x' }).kind).toBe('client-secret');
    const file = { ...ids, AZURE_CLIENT_CERTIFICATE_PATH: '/c.pem' };
    expect(choose(file)).toMatchObject({ kind: 'client-certificate-file', path: '/c.pem' });
    expect(choose({ ...file, AZURE_CLIENT_CERTIFICATE_PASSWORD: 'p' })).toHaveProperty('password');
  });

  it('[KEY-53] [GH-91] falls back to the CLI and remembers what the job lacks', () => {
    const chosen = choose({ ...ids });
    expect(chosen).toMatchObject({ kind: 'azure-cli' });
    const { message } = signInFailure(chosen, new Error('Azure CLI could not be found.'), undefined);
    expect(message).toContain('the Azure CLI (az) is not installed');
    expect(message).toContain('"permissions:" with "id-token: write"');
    const fork = choose({ ...ids, GITHUB_EVENT_NAME: 'pull_request' });
    expect(signInFailure(fork, new Error('az login'), undefined).message).toContain(
      'pull requests from forks never get it',
    );
  });

  it.each([
    ['environment', { ...ids, AZURE_CLIENT_SECRET: 'x' }, 'client-secret'],
    ['workloadid', { ...ids, AZURE_FEDERATED_TOKEN_FILE: '/t' }, 'workload-identity'],
    ['managedid', {}, 'managed-identity'],
    ['azurecli', { ...ids, ...oidc }, 'azure-cli'],
  ] as const)('[KEY-11] credential_type=%s picks its own way', (credentialType, environment, kind) => {
    expect(choose(environment, { credentialType }).kind).toBe(kind);
  });

  it('[KEY-73] leaves out what is excluded, unless it is asked for', () => {
    const secret = { ...ids, AZURE_CLIENT_SECRET: 'x' };
    const all = { ...secret, AZURE_FEDERATED_TOKEN_FILE: '/t' };
    expect(choose(all, { excluded: ['environment'] }).kind).toBe('workload-identity');
    expect(choose(all, { excluded: ['environment', 'workloadid'] }).kind).toBe('azure-cli');
    expect(choose(all, { excluded: ['environment'], credentialType: 'environment' }).kind).toBe('client-secret');
    expect(choose({ ...all, ...oidc }, { excluded: ['environment', 'workloadid'] }).kind).toBe('github-federation');
    expect(() => choose(secret, { excluded: ['environment', 'azurecli'] })).toThrow(
      /no way to sign in to Azure was found:\n {2}environment: excluded by excludeCredentials/,
    );
  });

  it('[KEY-58] names what a half-set environment lacks, and uses no other way when it was asked for', () => {
    const half = { AZURE_CLIENT_ID: 'client', AZURE_CLIENT_SECRET: 'x' };
    expect(() => choose(half, { credentialType: 'environment' })).toThrow('AZURE_TENANT_ID is not set');
    expect(choose(half)).toMatchObject({
      kind: 'azure-cli',
      notUsed: expect.arrayContaining([expect.stringContaining('AZURE_TENANT_ID is not set')]) as unknown,
    });
  });

  it('[KEY-59] uses a managed identity only when it is named, by client id when there is one', () => {
    expect(choose({}).kind).toBe('azure-cli');
    expect(choose({ AZURE_CLIENT_ID: 'mine' }, { credentialType: 'managedid' })).toMatchObject({ clientId: 'mine' });
    expect(choose({}, { credentialType: 'managedid' })).not.toHaveProperty('clientId');
  });

  it('[ADO-61] takes the connection, else the environment, else the signed-in CLI', () => {
    const connection: AzureSignIn = { kind: 'managed-identity', description: 'connection' };
    const product = 'azure' as const;
    expect(choose({ ...ids, AZURE_CLIENT_SECRET: 'x' }, { product, connection })).toBe(connection);
    expect(choose({ ...ids, AZURE_CLIENT_SECRET: 'x' }, { product }).kind).toBe('client-secret');
    expect(choose({}, { product }).kind).toBe('azure-cli');
  });

  it('[KEY-64] keeps secrets out of everything that is printed', () => {
    const chosen = [choose({ ...ids, ...oidc }), choose({ ...ids, AZURE_CLIENT_SECRET: 'very-secret' })];
    expect(JSON.stringify(chosen)).not.toMatch(/very-secret|request-token/);
  });
});

describe('clouds', () => {
  it.each([
    ['v.vault.azure.net', 'https://login.microsoftonline.com'],
    ['v.vault.usgovcloudapi.net', 'https://login.microsoftonline.us'],
    ['v.vault.azure.cn', 'https://login.chinacloudapi.cn'],
    ['localhost', 'https://login.microsoftonline.com'],
  ])('[KEY-63] [ADO-59] [GH-94] signs in for %s at %s', (host, authority) => {
    expect(authorityOfVault(host, undefined)).toBe(authority);
  });

  it('[KEY-63] [GH-94] explains a vault of another cloud than the sign-in', () => {
    expect(() => authorityOfVault('v.vault.azure.cn', 'https://login.microsoftonline.us/')).toThrow(
      'the vault v.vault.azure.cn is in AzureChinaCloud, but the sign-in is for AzureUSGovernment',
    );
    expect(authorityOfVault('v.vault.azure.net', 'https://login.private.example')).toBe(
      'https://login.private.example',
    );
    expect(() => authorityOfVault('v.vault.azure.net', 'http://login.example')).toThrow('is not an https URL');
  });
});

describe('failures', () => {
  const token = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
  const signIn = choose({ ...ids, ...oidc });

  it('[KEY-54] [GH-92] prints issuer, subject and audience of the identity token, not the token', () => {
    const assertion = token({
      iss: 'https://issuer',
      sub: 'repo:o/r:ref:refs/heads/main',
      aud: 'api://AzureADTokenExchange',
    });
    const thrown = new Error(
      'AADSTS700213: No matching federated identity record found. Trace ID: 1 Correlation ID: 2',
    );
    const failure = signInFailure(signIn, thrown, new Secret(assertion));
    expect(failure.message).toBe(
      [
        "signing in to Azure with the job's identity token, client client in tenant tenant failed: AADSTS700213: No matching federated identity record found.",
        '  issuer: https://issuer',
        '  subject: repo:o/r:ref:refs/heads/main',
        '  audience: api://AzureADTokenExchange',
      ].join('\n'),
    );
    expect(failure.hint).toContain('federated credential');
    expect(failure.message).not.toContain(assertion);
  });

  it('[GH-92] prints the subject of a repository with immutable ids as it is', () => {
    const sub = 'repo:octo-org@1234/app@5678:environment:release';
    const failure = signInFailure(signIn, new Error('AADSTS700213: No match.'), new Secret(token({ sub })));
    expect(failure.message).toContain(`subject: ${sub}`);
  });

  it.each([
    ['AADSTS700024: expired', 'a fresh one is asked for'],
    ['AADSTS7000222: expired', 'The client secret has expired'],
    ['AADSTS700016: no application', 'Check client id and tenant id'],
    ['AADSTS500011: no resource', 'the vault is probably in another cloud'],
  ])('[ADO-60] advises on %s', (text, advice) => {
    expect(signInFailure(signIn, new Error(text), undefined).hint).toContain(advice);
  });

  it.each([
    ['Azure CLI could not be found. Please visit', 'is not installed'],
    ["Please run 'az login' from a command prompt", 'is signed out'],
    ['Unexpected end of JSON input', 'gave no answer in time'],
  ])('[KEY-56] says of the CLI: %s', (text, reason) => {
    const cli = choose({}, { credentialType: 'azurecli' });
    expect(signInFailure(cli, new Error(text), undefined).message).toContain(reason);
  });
});
