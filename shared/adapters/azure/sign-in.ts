// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { Secret } from '../../primitives/secret.ts';

/** One way of signing in to Azure, with everything it takes. */
export type AzureSignIn = AzureIdentity & {
  /** Who signs in, for log and errors: `service connection 'x' (workload identity federation), client …`. */
  readonly description: string;
  /** `https://` URL of Microsoft Entra ID, where something other than the vault's own cloud says so. */
  readonly authority?: string;
  /** Where the owner of a service connection corrects it, for hints. */
  readonly settings?: string;
};

/** The identities, by what proves them. */
export type AzureIdentity =
  /** A GitHub job's identity token, exchanged by federation. */
  | ({ readonly kind: 'github-federation' } & Client & TokenRequest)
  /** A service connection's identity token, exchanged by federation. */
  | ({ readonly kind: 'pipelines-federation'; readonly connection: PipelinesConnection } & Client)
  /** A token that something else keeps fresh in a file (AKS, runner controllers). */
  | ({ readonly kind: 'workload-identity'; readonly tokenFile: string } & Client)
  | ({ readonly kind: 'client-secret'; readonly secret: Secret } & Client)
  /** PEM text with certificate and private key. */
  | ({ readonly kind: 'client-certificate'; readonly certificate: Secret } & Client)
  | ({ readonly kind: 'client-certificate-file'; readonly path: string; readonly password?: Secret } & Client)
  | { readonly kind: 'managed-identity'; readonly clientId?: string }
  /** What `az login` or azure/login left behind. */
  | { readonly kind: 'azure-cli'; readonly notUsed: readonly string[] };

interface Client {
  readonly tenantId: string;
  readonly clientId: string;
}

/** Where a job asks for its identity token (`ACTIONS_ID_TOKEN_REQUEST_*`). */
export interface TokenRequest {
  readonly requestUrl: string;
  readonly requestToken: Secret;
}

/** Where a task asks for the identity token of a service connection. */
export interface PipelinesConnection {
  readonly name: string;
  readonly id: string;
  /** `System.OidcRequestUri`, or the plan's own endpoint on servers that do not have it. */
  readonly requestUrl: string;
  readonly accessToken: Secret;
}

/** The values of `credential_type`, as the plugin azure-kv has them. */
export const credentialTypes = ['environment', 'workloadid', 'managedid', 'azurecli'] as const;
export type CredentialType = (typeof credentialTypes)[number];

/** Ways that are tried without being asked for, and that a step can exclude. */
export type ExcludableCredential = Exclude<CredentialType, 'managedid'>;

export interface SignInOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly product: 'github' | 'azure';
  /** Absent: the first of the usual ones that there is. */
  readonly credentialType?: CredentialType;
  /** A service connection; it wins over everything but a credential type. */
  readonly connection?: AzureSignIn;
  /** Not used, unless the credential type asks for it. */
  readonly excluded?: readonly ExcludableCredential[];
}

/**
 * Chooses how to sign in (KEY 3.2): what is asked for, then the service connection, the job's identity token, environment
 * secrets, a federated token file, and the Azure CLI's session. A managed identity is only used when it is named: a hosted
 * runner's own would answer as well. Throws `azure-sign-in` when what is asked for is not there.
 */
export function chooseSignIn(options: SignInOptions): AzureSignIn {
  const { credentialType, connection } = options;
  const environment = readEnvironment(options.environment);
  const withAuthority = (identity: AzureIdentity, description: string): AzureSignIn => ({
    ...identity,
    description,
    ...(environment.authority === undefined ? {} : { authority: environment.authority }),
  });
  switch (credentialType) {
    case 'environment': {
      const found = environmentSecret(environment);
      if (typeof found === 'string') throw notThere('environment', found);
      return withAuthority(...found);
    }
    case 'workloadid': {
      const found = tokenFile(environment);
      if (typeof found === 'string') throw notThere('workloadid', found);
      return withAuthority(...found);
    }
    case 'managedid':
      return withAuthority(...managedIdentity(environment.clientId));
    case 'azurecli':
      return withAuthority(...azureCli([]));
    default:
      if (connection !== undefined) return connection;
      return withAuthority(...firstThatIsThere(environment, options));
  }
}

type Found = readonly [AzureIdentity, string];

function firstThatIsThere(environment: Environment, { product, excluded = [] }: SignInOptions): Found {
  const notUsed = excluded.map((type) => `${type}: excluded by excludeCredentials`);
  const ways = [
    ...(product === 'github' ? [jobToken] : []),
    ...(excluded.includes('environment') ? [] : [environmentSecret]),
    ...(excluded.includes('workloadid') ? [] : [tokenFile]),
  ];
  for (const way of ways) {
    const found = way(environment);
    if (typeof found !== 'string') return found;
    notUsed.push(found);
  }
  if (excluded.includes('azurecli')) {
    throw new NotaryError('azure-sign-in', `no way to sign in to Azure was found:\n  ${notUsed.join('\n  ')}`, {
      hint: 'Set the variables of one of them in the environment of the step, or exclude less.',
    });
  }
  return azureCli(notUsed);
}

interface Environment {
  readonly clientId: string | undefined;
  readonly tenantId: string | undefined;
  readonly authority: string | undefined;
  text(name: string): string | undefined;
}

function readEnvironment(variables: SignInOptions['environment']): Environment {
  const text = (name: string): string | undefined => {
    const value = variables[name]?.trim();
    return value === '' ? undefined : value;
  };
  return {
    clientId: text('AZURE_CLIENT_ID'),
    tenantId: text('AZURE_TENANT_ID'),
    authority: text('AZURE_AUTHORITY_HOST'),
    text,
  };
}

/** Client and tenant, or what is missing of them. */
function clientOf({ clientId, tenantId }: Environment): Client | string {
  if (clientId !== undefined && tenantId !== undefined) return { clientId, tenantId };
  const missing = [clientId ?? 'AZURE_CLIENT_ID', tenantId ?? 'AZURE_TENANT_ID'].filter((name) => /^AZURE_/.test(name));
  return `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set`;
}

function jobToken(environment: Environment): Found | string {
  const way = "the job's identity token";
  const client = clientOf(environment);
  if (typeof client === 'string') return `${way}: ${client}`;
  const requestUrl = environment.text('ACTIONS_ID_TOKEN_REQUEST_URL');
  const requestToken = environment.text('ACTIONS_ID_TOKEN_REQUEST_TOKEN');
  if (requestUrl === undefined || requestToken === undefined) return `${way}: ${noPermission(environment)}`;
  return [
    { kind: 'github-federation', ...client, requestUrl, requestToken: new Secret(requestToken) },
    `${way}, client ${client.clientId} in tenant ${client.tenantId}`,
  ];
}

/** The two lines that a workflow needs; on a pull request from a fork they change nothing (GH 3.11). */
function noPermission(environment: Environment): string {
  const lines = 'the job has no permission to ask for one; add to the job: "permissions:" with "id-token: write"';
  const fork = environment.text('GITHUB_EVENT_NAME') === 'pull_request';
  return fork ? `${lines} (pull requests from forks never get it)` : lines;
}

function environmentSecret(environment: Environment): Found | string {
  const secret = environment.text('AZURE_CLIENT_SECRET');
  const path = environment.text('AZURE_CLIENT_CERTIFICATE_PATH');
  if (secret === undefined && path === undefined) {
    return 'environment: neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set';
  }
  const client = clientOf(environment);
  if (typeof client === 'string') return `environment: ${client}`;
  const who = `client ${client.clientId} in tenant ${client.tenantId}`;
  if (secret !== undefined) {
    return [
      { kind: 'client-secret', ...client, secret: new Secret(secret) },
      `the secret in AZURE_CLIENT_SECRET, ${who}`,
    ];
  }
  const password = environment.text('AZURE_CLIENT_CERTIFICATE_PASSWORD');
  const identity = { kind: 'client-certificate-file', ...client, path: path ?? '' } as const;
  return [
    password === undefined ? identity : { ...identity, password: new Secret(password) },
    `the certificate in AZURE_CLIENT_CERTIFICATE_PATH, ${who}`,
  ];
}

function tokenFile(environment: Environment): Found | string {
  const path = environment.text('AZURE_FEDERATED_TOKEN_FILE');
  if (path === undefined) return 'workload identity: AZURE_FEDERATED_TOKEN_FILE is not set';
  const client = clientOf(environment);
  if (typeof client === 'string') return `workload identity: ${client}`;
  return [
    { kind: 'workload-identity', ...client, tokenFile: path },
    `the token in AZURE_FEDERATED_TOKEN_FILE, client ${client.clientId} in tenant ${client.tenantId}`,
  ];
}

function managedIdentity(clientId: string | undefined): Found {
  if (clientId === undefined) return [{ kind: 'managed-identity' }, 'the managed identity of this machine'];
  return [{ kind: 'managed-identity', clientId }, `the managed identity with client id ${clientId}`];
}

function azureCli(notUsed: readonly string[]): Found {
  return [{ kind: 'azure-cli', notUsed }, "the Azure CLI's session (az login, azure/login)"];
}

function notThere(type: CredentialType, reason: string): NotaryError {
  return new NotaryError('azure-sign-in', `credential_type=${type} cannot be used: ${reason}`, {
    hint: 'Set the variables in the environment of the step, or leave credential_type out.',
  });
}
