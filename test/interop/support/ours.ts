// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { copyArtifact, type CopyCounts } from '../../../shared/copy.ts';
import { readCopyGraph } from '../../../shared/copy-graph.ts';
import type { CopyTarget } from '../../../shared/copy-ports.ts';
import { createRegistryClient } from '../../../shared/adapters/registry/client.ts';
import { createHttpClient } from '../../../shared/adapters/http.ts';
import { createRevocationSource } from '../../../shared/adapters/revocation-http.ts';
import { openLocalKey } from '../../../shared/adapters/signers/local-key.ts';
import { readTrustPolicy } from '../../../shared/adapters/trust-policy-file.ts';
import { openTrustStore } from '../../../shared/adapters/trust-store-directory.ts';
import { noVerificationPlugins } from '../../fakes/verification-plugins.ts';
import { envelopeMediaTypes, type EnvelopeFormat } from '../../../shared/envelope/content.ts';
import { inspectArtifact, type Inspection } from '../../../shared/inspect.ts';
import type {
  Log,
  ReferrersMode,
  SignatureRecord,
  Signer,
  VerificationPlugins,
  Timestamper,
} from '../../../shared/ports.ts';
import { Secret } from '../../../shared/primitives/secret.ts';
import { signArtifact, type SignRequest } from '../../../shared/sign.ts';
import type { VerificationOutcome } from '../../../shared/validation/outcome.ts';
import { verifyArtifact } from '../../../shared/verify.ts';
import { agent } from '../../../shared/version.ts';
import type { PushedImage } from './image.ts';
import type { SigningKey } from './keys.ts';
import type { Notation } from './notation.ts';

/** What may differ between the tests; the rest is as in a pipeline. */
export interface OurOptions {
  /** The time of our run; default: now. */
  readonly now?: Date;
  /** Where registry credentials are looked for; default: nowhere. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface OurSigning extends OurOptions {
  readonly key: Pick<SigningKey, 'privateKey' | 'certificateChain'>;
  readonly format: EnvelopeFormat;
  readonly mode?: ReferrersMode;
  readonly manifestForm?: SignRequest['manifestForm'];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly expirySeconds?: number;
  /** Signs instead of the key. */
  readonly signer?: Signer;
  readonly timestamper?: Timestamper;
}

export interface OurVerification extends OurOptions {
  /** Default: none. */
  readonly plugins?: VerificationPlugins;
  readonly metadata?: Readonly<Record<string, string>>;
}

const quiet: Log = { debug: () => undefined, info: () => undefined, warning: () => undefined };

/** Signs with the core of this product, in this process. */
export async function signWithUs(image: PushedImage, signing: OurSigning): Promise<SignatureRecord> {
  const signer =
    signing.signer ??
    openLocalKey({
      privateKey: new Secret(readFileSync(signing.key.privateKey, 'utf8')),
      certificateChain: readFileSync(signing.key.certificateChain, 'utf8'),
    });
  const request = {
    name: `${image.registry}/${image.repository}`,
    tagOrDigest: image.digest,
    envelopeMediaType: envelopeMediaTypes[signing.format],
    manifestForm: signing.manifestForm ?? 'config-media-type',
    referrersMode: signing.mode ?? 'tag-schema',
    userMetadata: new Map(Object.entries(signing.metadata ?? {})),
    signingAgent: agent,
    ...(signing.expirySeconds === undefined ? {} : { expirySeconds: signing.expirySeconds }),
  };
  return withTarget(image, signing, (target) =>
    signArtifact(request, { target, signer, timestamper: signing.timestamper, clock: clockOf(signing), log: quiet }),
  );
}

/** Verifies with the core of this product and the very trust policy and store that a Notation CLI is configured with. */
export async function verifyWithUs(
  image: PushedImage,
  trust: Pick<Notation, 'trustPolicyFile' | 'trustStore'>,
  verification: OurVerification = {},
): Promise<VerificationOutcome> {
  const policy = await readTrustPolicy([trust.trustPolicyFile]);
  const request = {
    requested: image.reference,
    name: `${image.registry}/${image.repository}`,
    tagOrDigest: image.digest,
    policy,
    requiredMetadata: new Map(Object.entries(verification.metadata ?? {})),
  };
  const clock = clockOf(verification);
  const http = createHttpClient({ userAgent: agent, environment: {} });
  return withTarget(image, verification, (source) =>
    verifyArtifact(request, {
      source,
      trustStore: openTrustStore(trust.trustStore),
      revocation: createRevocationSource({ http, clock, log: quiet }),
      plugins: verification.plugins ?? noVerificationPlugins,
      clock,
      log: quiet,
    }),
  ).finally(() => http.close());
}

/** Lists and reads the signatures of an artifact with the core of this product. */
export function inspectWithUs(image: PushedImage): Promise<Inspection> {
  const { registry, repository, digest: tagOrDigest } = image;
  return withTarget(image, {}, (source) =>
    inspectArtifact({ name: `${registry}/${repository}`, tagOrDigest }, { source }),
  );
}

/** Copies an image with all that belongs to it to a repository, with the core of this product. */
export function copyWithUs(
  image: PushedImage,
  to: Pick<PushedImage, 'registry' | 'repository'> & { readonly tags?: readonly string[] },
  options: OurOptions & { readonly mode?: ReferrersMode } = {},
): Promise<CopyCounts> {
  return withTarget(image, options, (source) =>
    withTarget(to, options, async (target) => {
      const graph = await readCopyGraph(source, await source.resolve(image.digest));
      const request = { graph, tags: to.tags ?? [], referrersMode: options.mode ?? 'api-first' } as const;
      return copyArtifact(request, { source, target, confirm: () => Promise.resolve() });
    }),
  );
}

/** Our view of the repository of an image, for as long as the work takes. */
export async function withTarget<T>(
  image: Pick<PushedImage, 'registry' | 'repository'>,
  options: OurOptions,
  work: (target: CopyTarget) => Promise<T>,
): Promise<T> {
  const client = createRegistryClient({
    insecureRegistries: [],
    environment: options.environment ?? {},
    log: quiet,
    userAgent: agent,
    access: 'push',
  });
  try {
    return await work(client.repository(image.registry, image.repository));
  } finally {
    await client.close();
  }
}

/** Why nothing was verified: the reason of the outcome and of each signature, one a line; empty when it was verified. */
export function reasons(outcome: VerificationOutcome): string {
  if (outcome.outcome !== 'failed') return '';
  const ofSignatures = outcome.signatures.flatMap(({ error, validations }) => [
    error ?? '',
    ...validations.flatMap((validation) => (validation.action === 'enforce' ? [validation.error ?? ''] : [])),
  ]);
  return [outcome.error, ...ofSignatures].filter((text) => text !== '').join('\n');
}

function clockOf({ now }: OurOptions): { now: () => Date } {
  return { now: () => now ?? new Date() };
}
