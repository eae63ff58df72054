// SPDX-License-Identifier: Apache-2.0
import { noVerificationPlugins } from './verification-plugins.ts';
import { envelopeMediaTypes } from '../../shared/envelope/content.ts';
import { NotaryError } from '../../shared/errors.ts';
import type { Descriptor } from '../../shared/oci/descriptor.ts';
import { encodeSignatureManifest, signatureArtifactType } from '../../shared/oci/signature-manifest.ts';
import type { Log, TrustStore, VerifyPorts } from '../../shared/ports.ts';
import type { VerificationOutcome } from '../../shared/validation/outcome.ts';
import { type VerifyRequest, verifyArtifact } from '../../shared/verify.ts';
import type { Certificate } from '../../shared/x509/certificate.ts';
import { MemoryRepository } from './artifact-source.ts';
import { createCertificateAuthority } from './certificate-authority.ts';
import { unreachableServers } from './revocation-source.ts';
import { type EnvelopeSpec, signEnvelope } from './signed-envelope.ts';
import { policyOf } from './trust-policy.ts';

export const imageManifestType = 'application/vnd.oci.image.manifest.v1+json';

export const quietLog: Log = { debug: () => undefined, info: () => undefined, warning: () => undefined };

/** Named stores in memory, as `<type>:<name>`. */
export class MemoryTrustStore implements TrustStore {
  readonly stores = new Map<string, readonly Certificate[]>();
  /** What was loaded, in order. */
  readonly loaded: string[] = [];

  load(type: string, name: string): Promise<readonly Certificate[]> {
    this.loaded.push(`${type}:${name}`);
    const certificates = this.stores.get(`${type}:${name}`);
    if (certificates !== undefined) return Promise.resolve(certificates);
    const text = `the trust store "${name}" of type "${type}" does not exist`;
    return Promise.reject(new NotaryError('trust-store', text, { hint: 'Create it.' }));
  }
}

/** An authority that the policies of `policyOf` trust in `Scenario`, and a signer of it. */
export const acme = createCertificateAuthority({ name: 'acme' });
export const signer = acme.issue();

/** An image `reg.example/app:v1` with whatever signatures, and everything that verifies it. */
export class Scenario {
  readonly repository = new MemoryRepository();
  readonly trustStore = new MemoryTrustStore();
  readonly artifact: Descriptor;
  readonly reference: string;
  now = new Date('2026-06-01');

  constructor() {
    this.artifact = this.repository.putManifest(imageManifestType, '{"schemaVersion":2}', 'v1');
    this.reference = `reg.example/app@${this.artifact.digest}`;
    this.trustStore.stores.set('ca:acme', [acme.root.certificate]);
  }

  /** Signs the artifact, if nothing else is said with the trusted signer. */
  sign(spec: Partial<EnvelopeSpec> = {}): Descriptor {
    const bytes = signEnvelope({ signer, payload: this.artifact, ...spec });
    return this.attach(bytes, envelopeMediaTypes[spec.format ?? 'jws']);
  }

  /** Attaches any bytes as the envelope of a signature. */
  attach(envelope: Uint8Array, mediaType: string = envelopeMediaTypes.jws): Descriptor {
    const layer = this.repository.putBlob(mediaType, envelope);
    const annotations = { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' };
    const subject = this.artifact;
    return this.attachManifest(
      encodeSignatureManifest({ form: 'config-media-type', envelope: layer, subject, annotations }),
    );
  }

  /** Attaches any bytes as a signature manifest. */
  attachManifest(manifest: Uint8Array | string): Descriptor {
    const descriptor = this.repository.putManifest(imageManifestType, manifest);
    this.repository.addReferrer(this.artifact.digest, { ...descriptor, artifactType: signatureArtifactType });
    return descriptor;
  }

  verify(request: Partial<VerifyRequest> = {}, ports: Partial<VerifyPorts> = {}): Promise<VerificationOutcome> {
    return verifyArtifact(
      {
        requested: 'what the user wrote',
        name: 'reg.example/app',
        tagOrDigest: this.artifact.digest,
        policy: policyOf({}),
        requiredMetadata: new Map(),
        ...request,
      },
      {
        source: this.repository,
        trustStore: this.trustStore,
        revocation: unreachableServers,
        plugins: noVerificationPlugins,
        clock: { now: () => this.now },
        log: quietLog,
        ...ports,
      },
    );
  }
}
