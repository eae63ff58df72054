// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import {
  type SignatureManifest,
  checkSignatureDescriptor,
  parseSignatureManifest,
  signatureArtifactType,
} from './oci/signature-manifest.ts';
import type { ArtifactSource } from './ports.ts';

/** An artifact as a use case is asked about it. */
export interface ArtifactRequest {
  /** `registry/repository`, or `oci-layout:<path>`. */
  readonly name: string;
  readonly tagOrDigest: string;
}

/** An artifact that exists: from here on it is named by its digest only. */
export interface ResolvedArtifact {
  readonly artifact: Descriptor;
  /** `registry/repository@digest`, or `oci-layout:<path>@digest`. */
  readonly reference: string;
}

/** Resolves a tag or digest; throws what the source throws, and `digest-mismatch` when another digest is answered. */
export async function resolveArtifact(request: ArtifactRequest, source: ArtifactSource): Promise<ResolvedArtifact> {
  const { name, tagOrDigest } = request;
  const artifact = await source.resolve(tagOrDigest);
  // A tag cannot contain a colon, a digest always does.
  if (tagOrDigest.includes(':') && artifact.digest !== tagOrDigest) {
    const text = `user input digest ${tagOrDigest} does not match the resolved digest ${artifact.digest}`;
    throw new NotaryError('digest-mismatch', text);
  }
  return { artifact, reference: `${name}@${artifact.digest}` };
}

/** The signature manifests of an artifact, in the registry's order. */
export function listSignatures(source: ArtifactSource, artifact: Descriptor): AsyncIterable<Descriptor> {
  return source.listReferrers(artifact, signatureArtifactType);
}

/** A signature envelope as it is stored; nothing about it has been verified. */
export interface StoredEnvelope {
  /** What its manifest says; a file beside a blob has none. */
  readonly manifest?: SignatureManifest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Fetches the envelope of a signature manifest. Throws what the source throws, and for manifests that are no signature's. */
export async function fetchEnvelope(source: ArtifactSource, signature: Descriptor): Promise<StoredEnvelope> {
  checkSignatureDescriptor(signature);
  const manifest = parseSignatureManifest(await source.fetchManifest(signature), signature);
  const { envelope } = manifest;
  return { manifest, mediaType: envelope.mediaType, bytes: await source.fetchBlob(envelope) };
}
