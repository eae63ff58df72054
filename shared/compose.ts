// SPDX-License-Identifier: Apache-2.0
import { createHttpClient } from './adapters/http.ts';
import { createRegistryClient } from './adapters/registry/client.ts';
import type { RegistryClient } from './adapters/registry/client.ts';
import { noRevocationSource } from './adapters/revocation-unavailable.ts';
import { openLocalKey } from './adapters/signers/local-key.ts';
import { openTimestampAuthority } from './adapters/timestamp-authority.ts';
import { readTrustPolicy } from './adapters/trust-policy-file.ts';
import { openTrustStore } from './adapters/trust-store-directory.ts';
import { noVerificationPlugins } from './adapters/verification-plugins-unavailable.ts';
import type { Clock, RawSigner, Timestamper, VerifyPorts } from './ports.ts';
import type { LocalKeyInputs } from './sign-inputs.ts';
import type { Step } from './step.ts';
import type { TimestampSettings } from './timestamp-inputs.ts';
import type { TrustPolicy } from './trust/policy.ts';
import { agent } from './version.ts';

/** The only place that knows every adapter: a new signer, registry feature or source of revocation is chosen here. */
export function composeRegistries(
  step: Step,
  insecureRegistries: readonly string[],
  access: 'pull' | 'push',
): RegistryClient {
  return createRegistryClient({
    insecureRegistries,
    environment: step.host.environment,
    log: step.log,
    userAgent: agent,
    access,
    mask: (secret) => {
      step.host.mask(secret);
    },
  });
}

export function composeSigner(key: LocalKeyInputs): RawSigner {
  return openLocalKey(key);
}

/** Timestamp authorities of a sign step, with the connections to them. */
export interface Timestamping {
  readonly timestamper: Timestamper | undefined;
  close(): Promise<void>;
}

export function composeTimestamping(step: Step, settings: TimestampSettings | undefined): Timestamping {
  if (settings === undefined) return { timestamper: undefined, close: () => Promise.resolve() };
  const http = createHttpClient({ userAgent: agent, environment: step.host.environment });
  const { log } = step;
  const timestamper = openTimestampAuthority({
    ...settings,
    revocation: noRevocationSource,
    http,
    clock: systemClock,
    log,
  });
  return { timestamper, close: () => http.close() };
}

export const systemClock: Clock = { now: () => new Date() };

/** Policy and sources of trust of a verify step. */
export interface Verification {
  readonly policy: TrustPolicy;
  readonly ports: Omit<VerifyPorts, 'source' | 'log'>;
}

/** Reads the trust policy (the first path that exists) and opens the trust store folder. */
export async function composeVerification(policyPaths: readonly string[], storeFolder: string): Promise<Verification> {
  const policy = await readTrustPolicy(policyPaths);
  return {
    policy,
    ports: {
      trustStore: openTrustStore(storeFolder),
      revocation: noRevocationSource,
      plugins: noVerificationPlugins,
      clock: systemClock,
    },
  };
}
