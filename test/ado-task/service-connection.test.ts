// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import taskInternals from 'azure-pipelines-task-lib/internal.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readServiceConnection } from '../../ado-task/service-connection.ts';
import { openCredential } from '../../shared/adapters/azure/credential.ts';
import { createHttpClient } from '../../shared/adapters/http.ts';
import { NotaryError } from '../../shared/errors.ts';
import { createSelfSigned } from '../fakes/certificate-authority.ts';
import { startEntra, type FakeEntra } from '../fakes/entra.ts';
import { virtualTiming } from '../fakes/timing.ts';

// As it is imported, the agent's library would write its key file into the current folder.
vi.hoisted(() => Object.assign(globalThis, { _vsts_task_lib_loaded: true }));

const id = '33333333-3333-4333-8333-333333333333';
const principal = { serviceprincipalid: 'client-id', tenantid: '11111111-1111-1111-1111-111111111111' };
const { leaf } = createSelfSigned({ keyType: 'RSA-2048' });
const pem = leaf.privateKeyPem + leaf.pem;
const usual = getCACertificates('default');
const before = { ...process.env };
let entra: FakeEntra;
let temp = '';

beforeAll(async () => {
  entra = await startEntra();
  setDefaultCACertificates([...usual, entra.ca]);
});
afterAll(async () => {
  setDefaultCACertificates(usual);
  await entra.close();
});
beforeEach(() => {
  temp = mkdtempSync(join(tmpdir(), 'agent-temp-'));
  entra.refuse(undefined);
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name);
  rmSync(temp, { recursive: true, force: true });
});

interface Connection {
  readonly scheme?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
  /** Variables of the job; System.OidcRequestUri is among them unless it is empty here. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The environment that the agent gives a task that names the connection (ADO 4.2). */
function connection({ scheme, parameters = {}, data = {}, variables = {} }: Connection): void {
  const variablesOfJob = {
    'Agent.TempDirectory': temp,
    'System.CollectionUri': 'https://dev.azure.com/example/',
    'System.TeamProject': 'My project',
    'System.TeamProjectId': 'project-id',
    'System.HostType': 'build',
    'System.PlanId': 'plan-id',
    'System.JobId': 'job-id',
    'System.OidcRequestUri': `${entra.url}/identity-token`,
    ...variables,
  };
  for (const [name, value] of Object.entries(variablesOfJob)) {
    process.env[name.toUpperCase().replaceAll('.', '_')] = value;
  }
  process.env[`ENDPOINT_NAME_${id}`] = 'production';
  process.env['ENDPOINT_AUTH_PARAMETER_SystemVssConnection_ACCESSTOKEN'] = 'job-token';
  if (scheme !== undefined) process.env[`ENDPOINT_AUTH_SCHEME_${id}`] = scheme;
  for (const [key, value] of Object.entries(parameters)) {
    process.env[`ENDPOINT_AUTH_PARAMETER_${id}_${key.toUpperCase()}`] = value;
  }
  for (const [key, value] of Object.entries(data)) process.env[`ENDPOINT_DATA_${id}_${key.toUpperCase()}`] = value;
  taskInternals._loadData();
}

/** Signs in with the connection at the fake Entra ID; returns what was masked by then, request by request. */
async function signIn(): Promise<{ readonly masked: readonly string[]; readonly maskedBefore: readonly string[] }> {
  const masked: string[] = [];
  const http = createHttpClient({ userAgent: 'test/1', environment: {} });
  const options = { authority: entra.url, ca: entra.ca, http, timing: virtualTiming() };
  const credential = openCredential(readServiceConnection(id), { ...options, mask: (text) => masked.push(text) });
  const maskedBefore = [...masked];
  await credential.getToken('https://vault.azure.net/.default');
  return { masked, maskedBefore };
}

function failure(): NotaryError {
  try {
    readServiceConnection(id);
  } catch (error) {
    if (error instanceof NotaryError) return error;
    throw error;
  }
  throw new Error('it could be read');
}

/** What is in the agent's temporary folder; `.taskkey` is the agent library's own, without anything of a connection. */
function filesLeft(): string[] {
  return readdirSync(temp).filter((name) => name !== '.taskkey');
}

const schemes = {
  federation: { scheme: 'WorkloadIdentityFederation', parameters: principal },
  secret: { scheme: 'ServicePrincipal', parameters: { ...principal, serviceprincipalkey: 'the-secret' } },
  certificate: {
    scheme: 'ServicePrincipal',
    parameters: { ...principal, authenticationType: 'spnCertificate', servicePrincipalCertificate: pem },
  },
} as const;

describe('schemes', () => {
  it('[KEY-60] [ADO-53] reads workload identity federation', () => {
    connection(schemes.federation);
    expect(readServiceConnection(id)).toMatchObject({
      kind: 'pipelines-federation',
      clientId: 'client-id',
      tenantId: principal.tenantid,
      connection: { name: 'production', id, requestUrl: `${entra.url}/identity-token` },
      description: "service connection 'production' (workload identity federation, client client-id)",
    });
  });

  it('[KEY-60] [ADO-51] signs in with a secret', async () => {
    connection(schemes.secret);
    await signIn();
    const form = entra.requests.at(-1);
    expect([form?.get('client_id'), form?.get('client_secret')]).toEqual(['client-id', 'the-secret']);
  });

  it('[KEY-60] [ADO-52] signs in with a certificate, by an assertion', async () => {
    connection(schemes.certificate);
    await signIn();
    const form = entra.requests.at(-1);
    expect(form?.get('client_assertion')?.split('.')).toHaveLength(3);
    expect(form?.has('client_secret')).toBe(false);
  });

  it.each([
    [{}, { kind: 'managed-identity', description: "service connection 'production' (managed identity of the agent)" }],
    [
      { msiclientId: 'user-assigned' },
      {
        kind: 'managed-identity',
        clientId: 'user-assigned',
        description: "service connection 'production' (managed identity, client user-assigned)",
      },
    ],
  ])('[KEY-60] [ADO-57] takes a managed identity with data %j', (data, expected) => {
    connection({ scheme: 'ManagedServiceIdentity', data });
    const read = readServiceConnection(id);
    expect(read).toMatchObject(expected);
    expect('clientId' in read).toBe('clientId' in expected);
  });

  it('[ADO-58] takes a missing scheme for ServicePrincipal', () => {
    connection({ parameters: schemes.secret.parameters });
    expect(readServiceConnection(id).kind).toBe('client-secret');
  });

  it.each(['PublishProfile', 'Certificate'])('[KEY-60] [ADO-58] lists the schemes instead of %j', (scheme) => {
    connection({ scheme, parameters: principal });
    expect(failure()).toMatchObject({
      code: 'azure-sign-in',
      message: `the service connection 'production' cannot be used: its authentication scheme ${scheme} is not supported`,
      hint: 'Use one of WorkloadIdentityFederation, ServicePrincipal, ManagedServiceIdentity.',
    });
  });

  it.each([
    ['tenantid', { ...schemes.secret, parameters: { serviceprincipalid: 'x', serviceprincipalkey: 'y' } }],
    ['serviceprincipalid', { ...schemes.secret, parameters: { tenantid: 'x', serviceprincipalkey: 'y' } }],
    ['serviceprincipalkey', { ...schemes.secret, parameters: principal }],
    [
      'servicePrincipalCertificate',
      { ...schemes.certificate, parameters: { ...principal, authenticationType: 'spnCertificate' } },
    ],
  ])('names the %s that is missing', (missing, options) => {
    connection(options);
    expect(failure().message).toContain(`it has no ${missing}`);
  });
});

describe('federation', () => {
  it('[ADO-53] [ADO-63] asks with the token of the job, which no step has to map', async () => {
    connection(schemes.federation);
    expect(process.env['SYSTEM_ACCESSTOKEN']).toBeUndefined();
    await signIn();
    expect(entra.tokenRequests.at(-1)).toMatchObject({
      method: 'POST',
      url: `/identity-token?api-version=7.1&serviceConnectionId=${id}`,
      headers: { authorization: 'Bearer job-token' },
    });
  });

  it('[KEY-61] asks at the plan of the job where SYSTEM_OIDCREQUESTURI is missing', () => {
    connection({ ...schemes.federation, variables: { 'System.OidcRequestUri': '' } });
    expect(readServiceConnection(id)).toMatchObject({
      connection: {
        requestUrl:
          'https://dev.azure.com/example/project-id/_apis/distributedtask/hubs/build/plans/plan-id/jobs/job-id/oidctoken',
      },
    });
  });

  it('[KEY-61] takes the older name of the collection', () => {
    const variables = { 'System.OidcRequestUri': '', 'System.CollectionUri': '' };
    const older = { 'System.TeamFoundationServerUri': 'https://tfs.example/tfs/Default' };
    connection({ ...schemes.federation, variables: { ...variables, ...older } });
    expect(readServiceConnection(id)).toMatchObject({
      connection: {
        requestUrl: expect.stringMatching(/^https:\/\/tfs\.example\/tfs\/Default\/project-id\//) as unknown,
      },
    });
  });

  it('[KEY-61] names the variables that the agent lacks, before any request', () => {
    const variables = { 'System.OidcRequestUri': '', 'System.CollectionUri': '', 'System.PlanId': '' };
    connection({ ...schemes.federation, variables });
    expect(failure().message).toContain('(System.OidcRequestUri, System.CollectionUri, System.PlanId)');
  });

  it('[ADO-56] [KEY-49] asks for a fresh identity token for each access token', async () => {
    connection(schemes.federation);
    const asked = entra.tokenRequests.length;
    await signIn();
    await signIn();
    expect(entra.tokenRequests.length - asked).toBe(2);
    const [first, second] = entra.requests.slice(-2).map((form) => form.get('client_assertion'));
    expect(first).not.toBe(second);
  });
});

describe('clouds', () => {
  it.each(['activeDirectoryAuthority', 'environmentAuthorityUrl'])('[KEY-63] [ADO-59] takes %s', (name) => {
    connection({ ...schemes.secret, data: { [name]: 'https://login.microsoftonline.us/' } });
    expect(readServiceConnection(id).authority).toBe('https://login.microsoftonline.us/');
  });

  it('[ADO-60] links the connection whose secret has expired', async () => {
    connection(schemes.secret);
    entra.refuse('AADSTS7000222: The provided client secret keys are expired.');
    await expect(signIn()).rejects.toMatchObject({
      message: expect.stringContaining("service connection 'production' (secret, client client-id)") as unknown,
      hint: expect.stringContaining(
        `https://dev.azure.com/example/My%20project/_settings/adminservices?resourceId=${id}`,
      ) as unknown,
    });
  });
});

describe('secrets', () => {
  it.each(Object.entries(schemes))('[KEY-62] [ADO-52] [ADO-54] leaves no file after %s', async (_, scheme) => {
    connection(scheme);
    await signIn();
    expect(filesLeft()).toEqual([]);
  });

  it.each([
    ['federation', schemes.federation, 'job-token'],
    ['secret', schemes.secret, 'the-secret'],
    ['certificate', schemes.certificate, pem],
  ] as const)('[KEY-64] masks what proves the identity before any request: %s', async (_, scheme, secret) => {
    connection(scheme);
    const { masked, maskedBefore } = await signIn();
    expect(maskedBefore).toEqual([secret]);
    // and then every token that comes
    expect(masked.length).toBe(scheme === schemes.federation ? 3 : 2);
    expect(JSON.stringify(readServiceConnection(id))).not.toContain(secret.slice(0, 60));
  });
});
