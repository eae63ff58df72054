// SPDX-License-Identifier: Apache-2.0
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from '../../shared/adapters/registry/client.ts';
import { NotaryError } from '../../shared/errors.ts';
import { emptyConfig, encodeSignatureManifest, signatureArtifactType } from '../../shared/oci/signature-manifest.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import type { ArtifactTarget, ReferrerManifest } from '../../shared/ports.ts';
import { virtualTiming, type VirtualTiming } from '../fakes/timing.ts';

export interface TestClient extends RegistryClient {
  readonly warnings: string[];
  readonly debug: string[];
  readonly masked: string[];
  readonly timing: VirtualTiming;
}

/** The real client without an environment and with time that does not pass. */
export function testClient(options: Partial<RegistryClientOptions> = {}): TestClient {
  const warnings: string[] = [];
  const debug: string[] = [];
  const masked: string[] = [];
  const timing = virtualTiming();
  const client = createRegistryClient({
    insecureRegistries: [],
    environment: {},
    userAgent: 'notation-pipelines/test',
    log: {
      debug: (text) => void debug.push(text),
      info: () => undefined,
      warning: (text) => void warnings.push(text),
    },
    mask: (secret) => void masked.push(secret),
    timing,
    ...options,
  });
  return { ...client, warnings, debug, masked, timing };
}

/** Pushes an envelope and gives the signature manifest for it. */
export async function prepareSignature(
  target: ArtifactTarget,
  subject: Descriptor,
  text: string,
): Promise<ReferrerManifest> {
  const envelope = await target.pushBlob('application/jose+json', Buffer.from(text));
  await target.pushBlob(signatureArtifactType, emptyConfig);
  const annotations = { 'io.cncf.notary.x509chain.thumbprint#S256': `["${text}"]` };
  return {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    bytes: encodeSignatureManifest({ form: 'config-media-type', envelope, subject, annotations }),
    artifactType: signatureArtifactType,
    annotations,
    subject,
  };
}

/** Everything of a listing. */
export async function listAll(target: ArtifactTarget, subject: Descriptor): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  for await (const descriptor of target.listReferrers(subject, signatureArtifactType)) found.push(descriptor);
  return found;
}

/** The error that a promise is rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<NotaryError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof NotaryError) return error;
    throw error;
  }
  throw new Error('expected an error');
}
