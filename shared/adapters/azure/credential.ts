// SPDX-License-Identifier: Apache-2.0
import {
  AzureCliCredential,
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import type { AccessToken, GetTokenOptions, TokenCredential } from '@azure/identity';
import { messageOf } from '../../errors.ts';
import type { Secret } from '../../primitives/secret.ts';
import { azureClouds, cloudOfAuthority } from './cloud.ts';
import { requestConnectionToken, requestJobToken } from './job-token.ts';
import type { TokenExchange } from './job-token.ts';
import type { AzureSignIn } from './sign-in.ts';
import { signInFailure } from './sign-in-error.ts';
import { claimOf } from './token-claims.ts';

/** Milliseconds before its end at which a token is replaced: as long as the slowest chain of retries. */
const renewBefore = 5 * 60_000;
/** Milliseconds for `az`: it starts slowly on small agents, and asks Entra. */
const cliTimeout = 30_000;

/** Access tokens of one identity, each asked for once. */
export interface AzureCredential extends TokenCredential {
  readonly description: string;
  /** Who the last token was for, as its own claims say: for hints on roles. */
  readonly principal: { readonly clientId?: string; readonly objectId?: string; readonly tenantId?: string };
}

export interface CredentialOptions extends TokenExchange {
  /** `https://` URL of Microsoft Entra ID, unless the sign-in has its own. */
  readonly authority: string;
  /** PEM certificates to trust for TLS besides the usual ones; tests have an Entra of their own. */
  readonly ca?: string;
}

/**
 * Opens a credential. Its tokens are masked before anyone else gets them; failures are `azure-sign-in` and name the identity.
 */
export function openCredential(signIn: AzureSignIn, options: CredentialOptions): AzureCredential {
  const authority = signIn.authority ?? options.authority;
  for (const secret of secretsOf(signIn)) options.mask(secret.reveal());
  const seen: { assertion?: Secret; asked?: Promise<Secret> | undefined; token?: string } = {};
  // MSAL asks twice for one access token: to look into its cache, and to send.
  const keep = async (ask: () => Promise<Secret>): Promise<string> => {
    const assertion = await (seen.asked ??= ask());
    seen.assertion = assertion;
    return assertion.reveal();
  };
  const credential = credentialOf(signIn, authority, options, keep);
  const running = new Map<string, Promise<AccessToken>>();
  const tokens = new Map<string, AccessToken>();

  const request = async (scopes: string | string[], tokenOptions: GetTokenOptions): Promise<AccessToken> => {
    const attempt = (): Promise<AccessToken> => {
      seen.asked = undefined;
      return getToken(credential, signIn, scopes, tokenOptions);
    };
    try {
      const token = await attempt().catch((thrown: unknown) => {
        // Clocks differ, and an identity token lives for minutes only: a fresh one may be within its time.
        if (seen.asked === undefined || !messageOf(thrown).includes(assertionExpired)) throw thrown;
        return attempt();
      });
      options.mask(token.token);
      seen.token = token.token;
      return token;
    } catch (thrown) {
      throw signInFailure(signIn, thrown, seen.assertion);
    }
  };
  return {
    description: signIn.description,
    get principal() {
      return principalOf(seen.token ?? '');
    },
    getToken: async (scopes, tokenOptions = {}) => {
      const key = JSON.stringify([scopes, tokenOptions.tenantId, tokenOptions.claims]);
      const known = tokens.get(key);
      if (known !== undefined && known.expiresOnTimestamp - renewBefore > Date.now()) return known;
      // whoever asks meanwhile shares one request
      const asked = running.get(key) ?? request(scopes, tokenOptions);
      running.set(key, asked);
      try {
        tokens.set(key, await asked);
      } finally {
        running.delete(key);
      }
      return asked;
    },
  };
}

/** Entra: the identity token is not, or no longer, within its time. */
const assertionExpired = 'AADSTS700024';

/**
 * A sign-in is for the tenant that it names. The Azure CLI alone can serve several, and answers for a managed identity only
 * when it is not told the tenant (KEY 3.6).
 */
async function getToken(
  credential: TokenCredential,
  { kind }: AzureSignIn,
  scopes: string | string[],
  { tenantId, ...tokenOptions }: GetTokenOptions,
): Promise<AccessToken> {
  const without = async (): Promise<AccessToken> => {
    const token = await credential.getToken(scopes, tokenOptions);
    if (token === null) throw new Error('no token was given');
    return token;
  };
  if (kind !== 'azure-cli' || tenantId === undefined) return without();
  try {
    const token = await credential.getToken(scopes, { ...tokenOptions, tenantId });
    if (token !== null) return token;
  } catch (thrown) {
    if (!/tenant shouldn't be specified/i.test(messageOf(thrown))) throw thrown;
  }
  return without();
}

/** What proves the identity; the log must not show it from the first request on. */
function secretsOf(signIn: AzureSignIn): readonly Secret[] {
  switch (signIn.kind) {
    case 'github-federation':
      return [signIn.requestToken];
    case 'pipelines-federation':
      return [signIn.connection.accessToken];
    case 'client-secret':
      return [signIn.secret];
    case 'client-certificate':
      return [signIn.certificate];
    case 'client-certificate-file':
      return signIn.password === undefined ? [] : [signIn.password];
    default:
      return [];
  }
}

function credentialOf(
  signIn: AzureSignIn,
  authority: string,
  exchange: CredentialOptions,
  keep: (ask: () => Promise<Secret>) => Promise<string>,
): TokenCredential {
  const cloud = cloudOfAuthority(authority);
  // Of an authority that is not a public one, the public one cannot tell anything.
  const common = {
    authorityHost: authority,
    disableInstanceDiscovery: cloud === undefined,
    retryOptions: { maxRetries: 3 },
    ...(exchange.ca === undefined ? {} : { tlsOptions: { ca: exchange.ca } }),
  };
  switch (signIn.kind) {
    case 'github-federation': {
      const audience = (cloud ?? azureClouds[0]).federationAudience;
      const assertion = () => keep(() => requestJobToken(signIn, audience, exchange));
      return new ClientAssertionCredential(signIn.tenantId, signIn.clientId, assertion, common);
    }
    case 'pipelines-federation': {
      const assertion = () => keep(() => requestConnectionToken(signIn.connection, exchange));
      return new ClientAssertionCredential(signIn.tenantId, signIn.clientId, assertion, common);
    }
    case 'workload-identity': {
      const { tenantId, clientId, tokenFile } = signIn;
      return new WorkloadIdentityCredential({ ...common, tenantId, clientId, tokenFilePath: tokenFile });
    }
    case 'client-secret':
      return new ClientSecretCredential(signIn.tenantId, signIn.clientId, signIn.secret.reveal(), common);
    case 'client-certificate': {
      const certificate = { certificate: signIn.certificate.reveal() };
      return new ClientCertificateCredential(signIn.tenantId, signIn.clientId, certificate, common);
    }
    case 'client-certificate-file': {
      const certificatePassword = signIn.password?.reveal();
      const file = {
        certificatePath: signIn.path,
        ...(certificatePassword === undefined ? {} : { certificatePassword }),
      };
      return new ClientCertificateCredential(signIn.tenantId, signIn.clientId, file, common);
    }
    case 'managed-identity':
      return signIn.clientId === undefined
        ? new ManagedIdentityCredential()
        : new ManagedIdentityCredential({ clientId: signIn.clientId });
    case 'azure-cli':
      return new AzureCliCredential({ processTimeoutInMs: cliTimeout });
  }
}

function principalOf(token: string): AzureCredential['principal'] {
  const clientId = claimOf(token, 'appid') ?? claimOf(token, 'azp');
  const objectId = claimOf(token, 'oid');
  const tenantId = claimOf(token, 'tid');
  return {
    ...(clientId === undefined ? {} : { clientId }),
    ...(objectId === undefined ? {} : { objectId }),
    ...(tenantId === undefined ? {} : { tenantId }),
  };
}
