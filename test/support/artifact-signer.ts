// SPDX-License-Identifier: Apache-2.0
import type { AzureCredential } from '../../shared/adapters/azure/credential.ts';
import { createHttpClient } from '../../shared/adapters/http.ts';
import { openArtifactSigning } from '../../shared/adapters/signers/artifact-signing.ts';
import {
  parseSigningAccount,
  parseSigningEndpoint,
  parseSigningProfile,
} from '../../shared/adapters/signers/artifact-signing-profile.ts';
import type { ChainingSigner } from '../../shared/ports.ts';
import type { FakeArtifactSigning } from '../fakes/artifact-signing.ts';
import { virtualTiming, type VirtualTiming } from '../fakes/timing.ts';

/** A signer of the service, and what it did. */
export interface OpenedProfile {
  readonly signer: ChainingSigner;
  readonly infos: readonly string[];
  readonly timing: VirtualTiming;
  /** Scopes that tokens were asked for. */
  readonly tokens: readonly string[];
}

/** Opens the profile of the service, or another one that `named` says. */
export function openProfile(
  service: FakeArtifactSigning,
  named: { readonly endpoint?: string; readonly account?: string; readonly now?: Date } = {},
): OpenedProfile {
  const infos: string[] = [];
  const tokens: string[] = [];
  const timing = virtualTiming();
  const credential: AzureCredential = {
    description: 'a test identity',
    principal: { clientId: 'client-of-test', objectId: 'object-of-test', tenantId: 'tenant-of-test' },
    getToken: (scopes) => {
      tokens.push(String(scopes));
      return Promise.resolve({ token: 'signing-token', expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
  const signer = openArtifactSigning({
    profile: {
      ...parseSigningEndpoint(named.endpoint ?? service.url, 'baseUrl'),
      account: parseSigningAccount(named.account ?? service.account, 'accountName'),
      profile: parseSigningProfile(service.profile, 'certProfile'),
    },
    credential,
    http: createHttpClient({ userAgent: 'test/1', environment: {} }),
    timing,
    clock: { now: () => named.now ?? new Date() },
    log: { debug: () => undefined, info: (text) => infos.push(text), warning: () => undefined },
  });
  return { signer, infos, timing, tokens };
}
