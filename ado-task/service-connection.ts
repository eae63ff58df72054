// SPDX-License-Identifier: Apache-2.0
import * as taskLib from 'azure-pipelines-task-lib/task.js';
import { NotaryError, Secret } from '../shared/index.ts';
import type { AzureSignIn } from '../shared/index.ts';

/** What a service connection of type Azure Resource Manager can be (ADO 3.2). */
const supportedSchemes = 'WorkloadIdentityFederation, ServicePrincipal, ManagedServiceIdentity';

/**
 * How to sign in with a service connection (its id). Everything stays in memory: no token, key or certificate is written to disk.
 * Throws `azure-sign-in`.
 */
export function readServiceConnection(id: string): AzureSignIn {
  const name = taskLib.getVariable(`ENDPOINT_NAME_${id}`) ?? id;
  const scheme = taskLib.getEndpointAuthorizationScheme(id, true) ?? 'ServicePrincipal';
  const authority = authorityOf(id);
  const settings = settingsOf(id);
  const common = (kind: string) => ({
    description: `service connection '${name}' (${kind})`,
    ...(authority === undefined ? {} : { authority }),
    ...(settings === undefined ? {} : { settings }),
  });
  switch (scheme.toLowerCase()) {
    case 'workloadidentityfederation': {
      const client = clientOf(id, name);
      const requestUrl = oidcRequestUrl(name);
      const accessToken = new Secret(parameter('SystemVssConnection', 'AccessToken', name));
      return {
        kind: 'pipelines-federation',
        ...client,
        connection: { name, id, requestUrl, accessToken },
        ...common(`workload identity federation, client ${client.clientId}`),
      };
    }
    case 'serviceprincipal': {
      const client = clientOf(id, name);
      const kind = taskLib.getEndpointAuthorizationParameter(id, 'authenticationType', true) ?? '';
      if (kind.toLowerCase() === 'spncertificate') {
        const certificate = new Secret(parameter(id, 'servicePrincipalCertificate', name));
        return {
          kind: 'client-certificate',
          ...client,
          certificate,
          ...common(`certificate, client ${client.clientId}`),
        };
      }
      const secret = new Secret(parameter(id, 'serviceprincipalkey', name));
      return { kind: 'client-secret', ...client, secret, ...common(`secret, client ${client.clientId}`) };
    }
    case 'managedserviceidentity': {
      const clientId = taskLib.getEndpointDataParameter(id, 'msiclientId', true) ?? '';
      if (clientId === '') return { kind: 'managed-identity', ...common('managed identity of the agent') };
      return { kind: 'managed-identity', clientId, ...common(`managed identity, client ${clientId}`) };
    }
    default:
      throw unusable(name, `its authentication scheme ${scheme} is not supported`, `Use one of ${supportedSchemes}.`);
  }
}

function clientOf(id: string, name: string): { readonly tenantId: string; readonly clientId: string } {
  return { tenantId: parameter(id, 'tenantid', name), clientId: parameter(id, 'serviceprincipalid', name) };
}

function parameter(id: string, key: string, name: string): string {
  const value = taskLib.getEndpointAuthorizationParameter(id, key, true) ?? '';
  if (value !== '') return value;
  throw unusable(name, `it has no ${key}`, 'Open the service connection in the project settings, verify and save it.');
}

/** Entra of the connection's cloud, where it names one. */
function authorityOf(id: string): string | undefined {
  for (const key of ['activeDirectoryAuthority', 'environmentAuthorityUrl']) {
    const value = taskLib.getEndpointDataParameter(id, key, true) ?? '';
    if (value !== '') return value;
  }
  return undefined;
}

/** The page of the connection in the project's settings. */
function settingsOf(id: string): string | undefined {
  const [collection, project] = [collectionUri(), variable('System.TeamProject')];
  if (collection === '' || project === '') return undefined;
  return `${collection}${encodeURIComponent(project)}/_settings/adminservices?resourceId=${id}`;
}

/** `System.OidcRequestUri`, or on older servers the address of the plan that it stands for (ADO 3.4). */
function oidcRequestUrl(name: string): string {
  const uri = variable('System.OidcRequestUri');
  if (uri !== '') return uri;
  const needed = ['System.TeamProjectId', 'System.HostType', 'System.PlanId', 'System.JobId'] as const;
  const collection = collectionUri();
  const missing = [...(collection === '' ? ['System.CollectionUri'] : []), ...needed.filter((each) => !variable(each))];
  if (missing.length > 0) {
    const variables = ['System.OidcRequestUri', ...missing].join(', ');
    throw unusable(name, `the agent does not say where to get an identity token (${variables})`, 'Update the agent.');
  }
  const [project, hub, plan, job] = needed.map((each) => encodeURIComponent(variable(each)));
  return `${collection}${project}/_apis/distributedtask/hubs/${hub}/plans/${plan}/jobs/${job}/oidctoken`;
}

/** The organisation's or collection's address, with a slash at its end; empty where nothing says it. */
function collectionUri(): string {
  const names = ['System.CollectionUri', 'System.TeamFoundationCollectionUri', 'System.TeamFoundationServerUri'];
  const uri = names.map(variable).find((each) => each !== '') ?? '';
  return uri === '' ? '' : uri.replace(/\/*$/, '/');
}

function variable(name: string): string {
  return taskLib.getVariable(name) ?? '';
}

function unusable(name: string, reason: string, hint: string): NotaryError {
  return new NotaryError('azure-sign-in', `the service connection '${name}' cannot be used: ${reason}`, { hint });
}
