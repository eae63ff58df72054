// SPDX-License-Identifier: Apache-2.0
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { computeDigest } from '../fakes/registry/storage.ts';
import { makeToken } from '../fakes/timestamp-token.ts';
import type { PushedDescriptor } from './push-image.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** Puts a JWS envelope into a registry as a signature of an artifact, in the form in which Notation stores it. */
export function attachEnvelope(
  registry: EmbeddedRegistry,
  repository: string,
  subject: PushedDescriptor,
  envelope: Uint8Array,
): void {
  const stored = registry.storage.repository(repository);
  const blob = (mediaType: string, bytes: Buffer): PushedDescriptor => {
    const digest = computeDigest(bytes);
    stored.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: blob('application/vnd.cncf.notary.signature', Buffer.from('{}')),
      layers: [blob('application/jose+json', Buffer.from(envelope))],
      subject,
      annotations: { 'io.cncf.notary.x509chain.thumbprint#S256': '[]' },
    }),
  );
  stored.manifests.set(computeDigest(manifest), { mediaType: manifestType, bytes: manifest });
}

interface JwsEnvelope {
  readonly signature: string;
  readonly header: Readonly<Record<string, unknown>>;
}

/** A JWS envelope with a timestamp of its signature, of 2026-06-01. */
export function withTimestamp(envelope: Uint8Array): Uint8Array {
  const jws = JSON.parse(Buffer.from(envelope).toString()) as JwsEnvelope;
  const token = makeToken({ message: Buffer.from(jws.signature, 'base64url') });
  const timestamp = { 'io.cncf.notary.timestampSignature': Buffer.from(token).toString('base64') };
  return Buffer.from(JSON.stringify({ ...jws, header: { ...jws.header, ...timestamp } }));
}
