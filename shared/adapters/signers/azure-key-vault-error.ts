// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { AzureCredential } from '../azure/credential.ts';
import type { KeyVaultId } from './azure-key-vault-id.ts';

/** What is asked of a vault. */
export type VaultOperation = 'read-certificate' | 'read-secret' | 'sign';

/** Everything that a message about a refusal names. */
export interface VaultContext {
  readonly id: KeyVaultId;
  readonly credential: Pick<AzureCredential, 'description' | 'principal'>;
}

/** An answer of the service that is not a success. */
export interface VaultRefusal {
  readonly status: number;
  readonly body: string;
}

/** Permissions of each operation in both models of a vault (KEY 1.6). */
const permissions = {
  'read-certificate': {
    what: 'read the certificate',
    kind: 'certificates',
    permission: 'get',
    option: '--certificate-permissions get',
    role: 'Key Vault Certificate User',
  },
  'read-secret': {
    what: 'read the certificate chain from the secret',
    kind: 'secrets',
    permission: 'get',
    option: '--secret-permissions get',
    role: 'Key Vault Secrets User',
  },
  sign: {
    what: 'sign with the key',
    kind: 'keys',
    permission: 'sign',
    option: '--key-permissions sign',
    role: 'Key Vault Crypto User',
  },
} as const;

/** Characters of the service's own text that are shown. */
const maxServiceText = 300;

/** What a refusal means, with the command that grants what is missing (KEY 1.7). */
export function vaultFailure(operation: VaultOperation, refusal: VaultRefusal, context: VaultContext): NotaryError {
  const error = serviceError(refusal.body);
  const { status } = refusal;
  const { what } = permissions[operation];
  const { id } = context;
  const say = (reason: string): string => `cannot ${what} ${id.name} of ${id.host}: ${reason}`;
  const text = error.text === '' ? `HTTP status ${status}` : `${error.text} (HTTP status ${status})`;
  if (status === 403) return denied(operation, error, say, context);
  if (status === 401) return unauthorized(error.text, say, context);
  if (status === 404) return missing(operation, error, say, context);
  if (status === 429) {
    return failed(say('the vault refuses further requests for now (429, throttled)'), throttledHint);
  }
  return failed(
    say(text),
    status >= 500 ? 'Run the step again; Azure says more at https://status.azure.com.' : keyHint,
  );
}

const throttledHint =
  'Sign less at a time: a vault signs 1000 to 4000 times in ten seconds, and a subscription five times that.';
const keyHint = 'Look at the key and its permitted operations: az keyvault key show --id <key identifier>.';

function denied(
  operation: VaultOperation,
  { inner, text }: ServiceError,
  say: (reason: string) => string,
  context: VaultContext,
): NotaryError {
  const { id } = context;
  const vaultName = id.hostName.split('.')[0] ?? id.hostName;
  const who = identity(context);
  if (
    inner === 'ForbiddenByFirewall' ||
    inner === 'ForbiddenByConnection' ||
    /client address is not authorized/i.test(text)
  ) {
    return vaultDenied(
      say('the firewall of the vault does not let this machine in; no role would help'),
      `Use a self-hosted agent or runner with access to the vault's network, or allow its address: az keyvault network-rule add --name ${vaultName} --ip-address <address>`,
    );
  }
  if (inner === 'KeyDisabled' || inner === 'SecretDisabled' || /disabled/i.test(inner)) {
    return vaultDenied(
      say('it is disabled'),
      `Use another version, or enable it: az keyvault certificate set-attributes --vault-name ${vaultName} --name ${id.name} --enabled true`,
    );
  }
  if (/(?:expired|not yet valid|nbf|exp\b|validity)/i.test(text) && inner !== 'ForbiddenByRbac') {
    return vaultDenied(say(text), 'Renew the certificate, or use a version that is valid now.');
  }
  const { kind, permission, option, role } = permissions[operation];
  if (inner === 'ForbiddenByRbac' || /authorized to perform action/i.test(text)) {
    const assignee = context.credential.principal.objectId ?? '<object id>';
    const scope = /resource(?: '|: ?)?'?(\/subscriptions\/[^\s'"]{1,300})/i.exec(text)?.[1];
    return vaultDenied(
      say(`${who} has no role for it`),
      `Assign the role, and allow some minutes for it to take effect: az role assignment create --role "${role}" --assignee ${assignee} --scope ${scope ?? `$(az keyvault show --name ${vaultName} --query id --output tsv)`}${instead(operation)}`,
    );
  }
  const spn = context.credential.principal.objectId;
  return vaultDenied(
    say(`${who} lacks the permission "${permission}" on ${kind}${text === '' ? '' : `: ${text}`}`),
    `Grant it: az keyvault set-policy --name ${vaultName} ${spn === undefined ? '--spn <client id>' : `--object-id ${spn}`} ${option} (in a vault with Azure RBAC: the role "${role}")${instead(operation)}`,
  );
}

/** The chain can come from elsewhere; the signature cannot. */
function instead(operation: VaultOperation): string {
  return operation === 'read-secret'
    ? '. Or give the CA certificates in a file (ca_certs), then the secret is not read.'
    : '';
}

function identity({ credential }: VaultContext): string {
  const { clientId, objectId } = credential.principal;
  const ids = [clientId === undefined ? '' : `client ${clientId}`, objectId === undefined ? '' : `object ${objectId}`];
  const known = ids.filter((text) => text !== '').join(', ');
  return known === '' ? credential.description : `${credential.description} (${known})`;
}

function unauthorized(text: string, say: (reason: string) => string, { credential }: VaultContext): NotaryError {
  const own = credential.principal.tenantId;
  if (text.startsWith('AKV10032')) {
    const mine = own === undefined ? '' : ` The sign-in is for tenant ${own}.`;
    return new NotaryError('azure-sign-in', say(`the sign-in is for another tenant: ${text}${mine}`), {
      hint: 'Sign in to the tenant of the vault: az account show, az keyvault show --query properties.tenantId.',
    });
  }
  return new NotaryError(
    'azure-sign-in',
    say(`the access token of ${credential.description} was not accepted: ${text}`),
    {
      hint: 'Check that the sign-in is for the tenant and the cloud of the vault.',
    },
  );
}

function missing(
  operation: VaultOperation,
  { text }: ServiceError,
  say: (reason: string) => string,
  { id }: VaultContext,
): NotaryError {
  const vaultName = id.hostName.split('.')[0] ?? id.hostName;
  const kind = permissions[operation].kind.slice(0, -1);
  const alone = operation === 'read-certificate' ? '; a key without a certificate cannot be used' : '';
  const version = id.version === undefined ? '' : ` in version ${id.version}`;
  return new NotaryError(
    'vault-object-missing',
    say(
      `there is no such ${kind}${version}, or it has been deleted and can be recovered${text === '' ? '' : `: ${text}`}`,
    ),
    {
      hint: `Look for it: az keyvault certificate list --vault-name ${vaultName}; among the deleted: az keyvault certificate list-deleted --vault-name ${vaultName}, and recover it with: az keyvault certificate recover --vault-name ${vaultName} --name ${id.name}${alone}`,
    },
  );
}

/** Why there was no answer at all. */
export function vaultUnreachable(id: KeyVaultId, thrown: unknown): NotaryError {
  const code = codeOf(thrown);
  const say = (reason: string): string => `the key vault ${id.host} cannot be reached: ${reason}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return failed(
      say('its host name is not known'),
      'Check the name of the vault and its cloud (.vault.azure.net, .vault.usgovcloudapi.net, .vault.azure.cn); a vault with a private endpoint is only known inside its network.',
    );
  }
  if (/^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|CERT_|ERR_TLS|ERR_SSL)/.test(code)) {
    return failed(
      say(`its TLS certificate is not trusted (${code})`),
      'Something between here and the vault, such as a proxy, brings its own certificate authority: put its PEM file into the variable NODE_EXTRA_CA_CERTS.',
    );
  }
  const reason = code === '' ? 'the network failed' : code;
  return new NotaryError('vault-failed', say(reason), {
    hint: 'Check network and proxy (HTTPS_PROXY, NO_PROXY) of the machine.',
    cause: thrown,
  });
}

export function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return 'cause' in thrown ? codeOf(thrown.cause) : '';
}

interface ServiceError {
  readonly inner: string;
  readonly text: string;
}

/** `{"error":{"code","message","innererror":{"code"}}}`, in as far as it is there. */
function serviceError(body: string): ServiceError {
  try {
    const { error } = JSON.parse(body) as { error?: Record<string, unknown> };
    const inner = (error?.['innererror'] ?? error?.['innerError']) as { code?: unknown } | undefined;
    const text = typeof error?.['message'] === 'string' ? error['message'] : '';
    return {
      inner: typeof inner?.code === 'string' ? inner.code : '',
      text: text.replace(/\s+/g, ' ').trim().slice(0, maxServiceText),
    };
  } catch {
    return { inner: '', text: '' };
  }
}

function vaultDenied(message: string, hint: string): NotaryError {
  return new NotaryError('vault-denied', message, { hint });
}

function failed(message: string, hint: string): NotaryError {
  return new NotaryError('vault-failed', message, { hint });
}
