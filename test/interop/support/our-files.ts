// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { openBlobFile } from '../../../shared/adapters/blob-file.ts';
import { createHttpClient } from '../../../shared/adapters/http.ts';
import { createRevocationSource } from '../../../shared/adapters/revocation-http.ts';
import { openLocalKey } from '../../../shared/adapters/signers/local-key.ts';
import { readBlobTrustPolicy } from '../../../shared/adapters/trust-policy-file.ts';
import { openTrustStore } from '../../../shared/adapters/trust-store-directory.ts';
import { envelopeMediaTypes, type EnvelopeFormat } from '../../../shared/envelope/content.ts';
import type { SignatureRecord, Timestamper } from '../../../shared/ports.ts';
import { Secret } from '../../../shared/primitives/secret.ts';
import { defaultContentMediaType, signBlob } from '../../../shared/sign-blob.ts';
import type { VerificationOutcome } from '../../../shared/validation/outcome.ts';
import { verifyBlob } from '../../../shared/verify-blob.ts';
import { agent } from '../../../shared/version.ts';
import { noVerificationPlugins } from '../../fakes/verification-plugins.ts';
import { quietLog } from '../../fakes/verification.ts';
import type { SigningKey } from './keys.ts';
import type { Notation } from './notation.ts';

/** What both directions may be given. */
interface FileOptions {
  readonly mediaType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly signatureDirectory?: string;
}

export interface FileSigning extends FileOptions {
  readonly key: Pick<SigningKey, 'privateKey' | 'certificateChain'>;
  readonly format: EnvelopeFormat;
  readonly expirySeconds?: number;
  readonly timestamper?: Timestamper;
  /** The time of the run; default: now. */
  readonly now?: Date;
}

export interface FileVerification extends FileOptions {
  readonly policyName?: string;
}

/** Signs a file on disk with the core of this product, in this process. */
export function signFileWithUs(path: string, signing: FileSigning): Promise<SignatureRecord> {
  const signer = openLocalKey({
    privateKey: new Secret(readFileSync(signing.key.privateKey, 'utf8')),
    certificateChain: readFileSync(signing.key.certificateChain, 'utf8'),
  });
  const request = {
    envelopeMediaType: envelopeMediaTypes[signing.format],
    contentMediaType: signing.mediaType ?? defaultContentMediaType,
    userMetadata: new Map(Object.entries(signing.metadata ?? {})),
    signingAgent: agent,
    ...(signing.expirySeconds === undefined ? {} : { expirySeconds: signing.expirySeconds }),
  };
  const clock = { now: () => signing.now ?? new Date() };
  const ports = { signer, timestamper: signing.timestamper, clock, log: quietLog };
  return signBlob(request, { ...ports, blob: openBlobFile(path, signing) });
}

/** Verifies a file with the very trust policy and store that a Notation CLI is configured with. */
export async function verifyFileWithUs(
  path: string,
  trust: Pick<Notation, 'blobTrustPolicyFile' | 'trustStore'>,
  verification: FileVerification = {},
): Promise<VerificationOutcome> {
  const policy = await readBlobTrustPolicy([trust.blobTrustPolicyFile]);
  const request = {
    policy,
    contentMediaType: verification.mediaType,
    requiredMetadata: new Map(Object.entries(verification.metadata ?? {})),
    ...(verification.policyName === undefined ? {} : { policyName: verification.policyName }),
  };
  const clock = { now: () => new Date() };
  const http = createHttpClient({ userAgent: agent, environment: {} });
  return verifyBlob(request, {
    blob: openBlobFile(path, verification),
    trustStore: openTrustStore(trust.trustStore),
    revocation: createRevocationSource({ http, clock, log: quietLog }),
    plugins: noVerificationPlugins,
    clock,
    log: quietLog,
  }).finally(() => http.close());
}
