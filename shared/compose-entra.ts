// SPDX-License-Identifier: Apache-2.0
import { azureClouds } from './adapters/azure/cloud.ts';
import { chooseSignIn } from './adapters/azure/sign-in.ts';
import { createHttpClient } from './adapters/http.ts';
import type { EntraIdentity } from './adapters/registry/entra-login.ts';
import { systemTiming } from './adapters/timing.ts';
import { NotaryError } from './errors.ts';
import { Secret } from './primitives/secret.ts';
import type { Step } from './step.ts';
import { agent } from './version.ts';

/** What tokens for Azure Container Registry are for, by the end of the registry's name (Azure/acr docs/AAD-OAuth.md). */
const clouds = new Map([
  ['cn', { name: 'AzureChinaCloud', scope: 'https://management.chinacloudapi.cn/.default' }],
  ['us', { name: 'AzureUSGovernment', scope: 'https://management.usgovcloudapi.net/.default' }],
]);
const publicCloud = { name: 'AzureCloud', scope: 'https://containerregistry.azure.net/.default' };

/** The identity that the job has in Azure. It is asked for a token only when a registry of Azure asks for a login. */
export function composeEntra({ host, log }: Step): EntraIdentity {
  const { product, environment } = host;
  return {
    description: 'of this job in Azure',
    token: async (registry) => {
      const cloud = clouds.get(registry.toLowerCase().split('.').at(-1) ?? '') ?? publicCloud;
      const { authority } = azureClouds.find(({ name }) => name === cloud.name) ?? azureClouds[0];
      try {
        const connection = host.azureConnection?.();
        const signIn = chooseSignIn({ product, environment, ...(connection === undefined ? {} : { connection }) });
        // The Azure libraries are larger than everything else: they are loaded only here.
        const { openCredential } = await import('./adapters/azure/credential.ts');
        const http = createHttpClient({ userAgent: agent, environment });
        const mask = (text: string): void => {
          host.mask(text);
        };
        const options = { authority: `https://${authority}`, http, timing: systemTiming, mask };
        const credential = openCredential(signIn, options);
        const token = await credential.getToken(cloud.scope);
        const { tenantId } = credential.principal;
        return token === null ? undefined : { token: new Secret(token.token), tenantId };
      } catch (error) {
        if (!(error instanceof NotaryError)) throw error;
        // Nobody has asked for it: whoever wants to know why there is no login sees it in the debug log.
        log.debug(`no identity in Azure for ${registry}: ${error.message}`);
        return undefined;
      }
    },
  };
}
