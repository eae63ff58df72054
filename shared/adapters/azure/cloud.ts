// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';

/** An Azure cloud, as far as signing in and key vaults need it. */
export interface AzureCloud {
  readonly name: 'AzureCloud' | 'AzureUSGovernment' | 'AzureChinaCloud';
  /** Host of Microsoft Entra ID. */
  readonly authority: string;
  /** What the host names of its vaults end with. */
  readonly vaultSuffix: string;
  /** What a federated credential of this cloud has as its audience. */
  readonly federationAudience: string;
}

/** The clouds with public names (KEY 3.5); of any other one the service connection or `AZURE_AUTHORITY_HOST` tells. */
export const azureClouds: readonly [AzureCloud, ...AzureCloud[]] = [
  {
    name: 'AzureCloud',
    authority: 'login.microsoftonline.com',
    vaultSuffix: 'vault.azure.net',
    federationAudience: 'api://AzureADTokenExchange',
  },
  {
    name: 'AzureUSGovernment',
    authority: 'login.microsoftonline.us',
    vaultSuffix: 'vault.usgovcloudapi.net',
    federationAudience: 'api://AzureADTokenExchangeUSGov',
  },
  {
    name: 'AzureChinaCloud',
    authority: 'login.chinacloudapi.cn',
    vaultSuffix: 'vault.azure.cn',
    federationAudience: 'api://AzureADTokenExchangeChina',
  },
];

/** The cloud of a vault's host name, when its suffix is a public one. */
export function cloudOfVault(hostName: string): AzureCloud | undefined {
  return azureClouds.find(({ vaultSuffix }) => hostName.toLowerCase().endsWith(`.${vaultSuffix}`));
}

/** The cloud of an authority URL, when it is a public one. */
export function cloudOfAuthority(authority: string): AzureCloud | undefined {
  if (!URL.canParse(authority)) return undefined;
  const { hostname } = new URL(authority);
  return azureClouds.find((cloud) => cloud.authority === hostname);
}

/**
 * The authority to sign in at for a vault: the one that is set, else that of the vault's cloud. Throws `azure-sign-in` when
 * the two belong to different clouds: the vault would refuse every token.
 */
export function authorityOfVault(hostName: string, set: string | undefined): string {
  const vault = cloudOfVault(hostName);
  if (set === undefined || set === '') return `https://${(vault ?? azureClouds[0]).authority}`;
  const authority = /^https?:\/\//i.test(set) ? set : `https://${set}`;
  if (!URL.canParse(authority) || !authority.toLowerCase().startsWith('https://')) {
    throw new NotaryError('azure-sign-in', `the authority ${JSON.stringify(set)} is not an https URL`, {
      hint: 'Correct AZURE_AUTHORITY_HOST, or the environment of the service connection.',
    });
  }
  const cloud = cloudOfAuthority(authority);
  if (cloud === undefined || vault === undefined || cloud === vault) return authority;
  throw new NotaryError(
    'azure-sign-in',
    `the vault ${hostName} is in ${vault.name}, but the sign-in is for ${cloud.name} (${cloud.authority})`,
    { hint: 'Use a service connection or AZURE_AUTHORITY_HOST of the same cloud as the vault in {input:keyId}.' },
  );
}
