// SPDX-License-Identifier: Apache-2.0
import { join, resolve } from 'node:path';
import type { AzureCredential } from './adapters/azure/credential.ts';
import { authorityOfVault } from './adapters/azure/cloud.ts';
import { chooseSignIn } from './adapters/azure/sign-in.ts';
import type { SignInOptions } from './adapters/azure/sign-in.ts';
import { createHttpClient } from './adapters/http.ts';
import type { HttpClient } from './adapters/http.ts';
import { createRegistryClient } from './adapters/registry/client.ts';
import type { RegistryClient } from './adapters/registry/client.ts';
import { openCrlCache } from './adapters/revocation-cache.ts';
import { createRevocationSource } from './adapters/revocation-http.ts';
import { openOciLayout } from './adapters/oci-layout/oci-layout.ts';
import { openLocalKey } from './adapters/signers/local-key.ts';
import { openTimestampAuthority } from './adapters/timestamp-authority.ts';
import { boundedTiming, systemTiming } from './adapters/timing.ts';
import { readBlobTrustPolicy, readTrustPolicy } from './adapters/trust-policy-file.ts';
import { openTrustStore } from './adapters/trust-store-directory.ts';
import type { VerificationPluginSettings } from './adapters/verification-plugins.ts';
import type { ArtifactSigningInputs } from './artifact-signing-inputs.ts';
import { composeEntra } from './compose-entra.ts';
import { composePluginSigner, composeVerificationPlugins } from './compose-plugins.ts';
import { type ArtifactReference, isLayoutReference } from './oci/artifact-reference.ts';
import type { CopyTarget } from './copy-ports.ts';
import type { ChainingSigner, Clock, RawSigner, RevocationSource, Signer, Timestamper, VerifyPorts } from './ports.ts';
import type { KeyVaultInputs } from './key-vault-inputs.ts';
import type { KeyInputs } from './sign-inputs.ts';
import type { RegistrySettings } from './registry-inputs.ts';
import type { Step } from './step.ts';
import type { TimestampSettings } from './timestamp-inputs.ts';
import type { BlobTrustPolicy } from './trust/blob-policy.ts';
import type { TrustPolicy } from './trust/policy.ts';
import type { Strictness } from './validation/strictness.ts';
import { agent } from './version.ts';

// The only place that knows every adapter: a new signer, registry feature or source of revocation is chosen here.

function composeRegistries(step: Step, settings: RegistrySettings, access: 'pull' | 'push'): RegistryClient {
  const { host, log } = step;
  const { insecureRegistries, referrersSettle, ...given } = settings;
  return createRegistryClient({
    ...{ insecureRegistries, referrersSettle, given },
    environment: host.environment,
    log,
    userAgent: agent,
    access,
    jobDirectory: host.tempDirectory,
    signal: host.cancelled,
    entra: composeEntra(step),
    mask: (secret) => {
      host.mask(secret);
    },
  });
}

/** Where artifacts are: registries, and OCI image layouts on disk. */
export interface ArtifactStorage {
  readonly registries: RegistryClient;
  open(reference: ArtifactReference): CopyTarget;
  /** For what is copied there: with the right to write, and as a new folder where there is no layout yet. */
  openTarget(reference: ArtifactReference): CopyTarget;
  close(): Promise<void>;
}

export function composeStorage(step: Step, settings: RegistrySettings, access: 'pull' | 'push'): ArtifactStorage {
  const registries = composeRegistries(step, settings, access);
  const layouts = new Map<string, CopyTarget>();
  const openLayout = (layout: string, create: boolean): CopyTarget => {
    const path = resolve(step.host.workspace, layout);
    const key = `${String(create)} ${path}`;
    const opened = layouts.get(key) ?? openOciLayout(path, { name: layout, create });
    layouts.set(key, opened);
    return opened;
  };
  return {
    registries,
    open: (reference) =>
      isLayoutReference(reference)
        ? openLayout(reference.layout, false)
        : registries.repository(reference.registry, reference.repository),
    openTarget: (reference) =>
      isLayoutReference(reference)
        ? openLayout(reference.layout, true)
        : registries.repository(reference.registry, reference.repository, 'push'),
    close: () => registries.close(),
  };
}

/** Opens the signer of a step. What can be wrong with a local key is found at once; a service is asked when it is needed. */
export function composeSigner(step: Step, key: KeyInputs): () => Promise<Signer> {
  if ('plugin' in key) return () => composePluginSigner(step, key);
  if ('id' in key) return composeKeyVaultKey(step, key);
  if ('signingProfile' in key) return composeArtifactSigning(step, key);
  const signer = openLocalKey(key);
  return () => Promise.resolve(signer);
}

function composeKeyVaultKey(step: Step, key: KeyVaultInputs): () => Promise<RawSigner> {
  const { log } = step;
  const openCredential = composeCredential(step, key.id.hostName, key);
  return async () => {
    const [credential, { openKeyVaultKey }] = await Promise.all([
      openCredential(),
      import('./adapters/signers/azure-key-vault.ts'),
    ]);
    return openKeyVaultKey(key, { credential, timing: systemTiming, clock: systemClock, log, userAgent: agent });
  };
}

function composeArtifactSigning(step: Step, key: ArtifactSigningInputs): () => Promise<ChainingSigner> {
  const { host, log } = step;
  const profile = key.signingProfile;
  const openCredential = composeCredential(step, profile.hostName, key);
  return async () => {
    const [credential, { openArtifactSigning }] = await Promise.all([
      openCredential(),
      import('./adapters/signers/artifact-signing.ts'),
    ]);
    const http = composeHttp(step);
    step.atEnd(() => http.close());
    const signal = host.cancelled;
    const timing = boundedTiming(systemTiming, { total: Number.POSITIVE_INFINITY, signal });
    return openArtifactSigning({ profile, credential, http, timing, signal, clock: systemClock, log });
  };
}

/** How the step signs in to Azure for a service; what is missing is found at once. */
function composeCredential(
  { host, log }: Step,
  service: string,
  { credentialType, excluded }: Pick<SignInOptions, 'credentialType' | 'excluded'>,
): () => Promise<AzureCredential> {
  const connection = host.azureConnection?.();
  const { product, environment } = host;
  const signIn = chooseSignIn({
    ...{ product, environment },
    ...(credentialType === undefined ? {} : { credentialType }),
    ...(excluded === undefined ? {} : { excluded }),
    ...(connection === undefined ? {} : { connection }),
  });
  const authority = authorityOfVault(service, signIn.authority);
  return async () => {
    // The Azure libraries are larger than everything else: they are loaded only here.
    const { openCredential } = await import('./adapters/azure/credential.ts');
    log.info(`Signing in to Azure with ${signIn.description}`);
    const http = createHttpClient({ userAgent: agent, environment });
    const mask = (text: string): void => {
      host.mask(text);
    };
    return openCredential(signIn, { authority, http, timing: systemTiming, mask });
  };
}

/** Timestamp authorities of a sign step, with the connections to them. */
export interface Timestamping {
  readonly timestamper: Timestamper | undefined;
  close(): Promise<void>;
}

export function composeTimestamping(step: Step, settings: TimestampSettings | undefined): Timestamping {
  if (settings === undefined) return { timestamper: undefined, close: () => Promise.resolve() };
  const http = composeHttp(step);
  const { log } = step;
  const timestamper = openTimestampAuthority({
    ...settings,
    revocation: composeRevocation(step, http, 'reference'),
    http,
    clock: systemClock,
    log,
  });
  return { timestamper, close: () => http.close() };
}

function composeHttp({ host }: Step): HttpClient {
  return createHttpClient({ userAgent: agent, environment: host.environment });
}

/** CRLs outlive a step, not a job: the next job on the same machine may be another's. */
function composeRevocation({ host, log }: Step, http: HttpClient, strictness: Strictness): RevocationSource {
  const cache = host.tempDirectory === '' ? {} : { cache: openCrlCache(join(host.tempDirectory, crlFolder), log) };
  return createRevocationSource({ http, clock: systemClock, log, ...cache, strictResponders: strictness === 'strict' });
}

const crlFolder = 'notation-crl-cache';

export const systemClock: Clock = { now: () => new Date() };

/** Policy and sources of trust of a verify step, with the connections to OCSP responders and CRLs. */
export interface Verification {
  /** Of artifacts and of files; undefined where the step has none of them. */
  readonly policy: TrustPolicy | undefined;
  readonly blobPolicy: BlobTrustPolicy | undefined;
  readonly ports: Omit<VerifyPorts, 'source' | 'log'>;
  close(): Promise<void>;
}

/** Where trust comes from. */
export interface TrustSettings {
  /** The first that exists is read; undefined: none is needed. */
  readonly policyPaths: readonly string[] | undefined;
  readonly blobPolicyPaths: readonly string[] | undefined;
  readonly storeFolder: string;
  readonly strictness: Strictness;
  readonly plugins: VerificationPluginSettings;
}

/** Reads the trust policies that are needed and opens the trust store folder. */
export async function composeVerification(step: Step, settings: TrustSettings): Promise<Verification> {
  const { policyPaths, blobPolicyPaths } = settings;
  const policy = policyPaths === undefined ? undefined : await readTrustPolicy(policyPaths);
  const blobPolicy = blobPolicyPaths === undefined ? undefined : await readBlobTrustPolicy(blobPolicyPaths);
  const http = composeHttp(step);
  return {
    ...{ policy, blobPolicy },
    ports: {
      trustStore: openTrustStore(settings.storeFolder),
      revocation: composeRevocation(step, http, settings.strictness),
      plugins: composeVerificationPlugins(step, settings.plugins),
      clock: systemClock,
    },
    close: () => http.close(),
  };
}
