// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { digestOf } from '../primitives/digest.ts';
import { encodeGoJson, type GoJsonStruct } from '../primitives/json-encode.ts';
import { quote } from '../primitives/quote.ts';
import type { Descriptor } from './descriptor.ts';
import { type Manifest, manifestTypes, maxManifestSize, parseManifest } from './manifest.ts';

/** The kind of referrer that is a signature (specs/signature-specification.md "Signature manifest"). */
export const signatureArtifactType = 'application/vnd.cncf.notary.signature';

/** Annotation with the thumbprints of the certificate chain. */
export const thumbprintAnnotation = 'io.cncf.notary.x509chain.thumbprint#S256';
const createdAnnotation = 'org.opencontainers.image.created';

/** Bytes of a signature envelope, as Notation limits them (NP 11.3). */
export const maxEnvelopeSize = 32 * 1024 * 1024;

/** The blob that stands where an image has its configuration. */
export const emptyConfig = new TextEncoder().encode('{}');

/** Media type of its descriptor where the manifest has an artifact type. */
export const emptyConfigMediaType = 'application/vnd.oci.empty.v1+json';

/** How a manifest says that it is a signature: by its config media type as Notation 1.x, or by `artifactType`. */
export type SignatureManifestForm = 'config-media-type' | 'artifact-type';

export interface SignatureManifestContent {
  readonly form: SignatureManifestForm;
  readonly envelope: Descriptor;
  readonly subject: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a signature manifest says. */
export interface SignatureManifest {
  /** How the manifest says that it is a signature; undefined when it does not. */
  readonly form: SignatureManifestForm | undefined;
  readonly envelope: Descriptor;
  /** Notation does not look at it when reading from a registry: the envelope's payload binds it to the artifact. */
  readonly subject: Descriptor | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** How a manifest says that it is a signature (specs/signature-specification.md "Signature manifest"), if it does. */
export function signatureFormOf(manifest: Manifest): SignatureManifestForm | undefined {
  if (manifest.kind === 'index') return undefined;
  const { artifactType, config } = manifest;
  if (artifactType === signatureArtifactType) {
    const isArtifactManifest = manifest.mediaType === manifestTypes.artifact;
    return isArtifactManifest || config?.mediaType === emptyConfigMediaType ? 'artifact-type' : undefined;
  }
  return artifactType === undefined && config?.mediaType === signatureArtifactType ? 'config-media-type' : undefined;
}

/** Encodes a signature manifest byte for byte as Notation does (NP 11.2). */
export function encodeSignatureManifest({
  form,
  envelope,
  subject,
  annotations,
}: SignatureManifestContent): Uint8Array {
  const config = { digest: digestOf(emptyConfig), size: emptyConfig.length };
  const kind: GoJsonStruct =
    form === 'config-media-type'
      ? { config: { mediaType: signatureArtifactType, ...config } }
      : {
          artifactType: signatureArtifactType,
          config: { mediaType: emptyConfigMediaType, ...config, data: Buffer.from(emptyConfig).toString('base64') },
        };
  return encodeGoJson({
    schemaVersion: 2,
    mediaType: manifestTypes.image,
    ...kind,
    layers: [encodeDescriptor(envelope)],
    subject: encodeDescriptor(subject),
    annotations: new Map(Object.entries(annotations)),
  });
}

/** A descriptor in the member order of image-spec's Go type (NP 11.2). */
export function encodeDescriptor({ mediaType, digest, size, annotations, artifactType }: Descriptor): GoJsonStruct {
  const entries = Object.entries(annotations ?? {});
  return {
    mediaType,
    digest,
    size,
    annotations: entries.length === 0 ? undefined : new Map(entries),
    artifactType: artifactType === '' ? undefined : artifactType,
  };
}

/** The annotations of a signature manifest: thumbprints leaf first, signing time in UTC and whole seconds. */
export function signatureAnnotations(thumbprints: readonly string[], signingTime: Date): Record<string, string> {
  return {
    [thumbprintAnnotation]: Buffer.from(encodeGoJson(thumbprints)).toString(),
    [createdAnnotation]: signingTime.toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}

/** Refuses a referrer that cannot be a signature before it is fetched, in the words of NP 11.3 (1 and 2). */
export function checkSignatureDescriptor({ mediaType, size }: Descriptor): void {
  if (mediaType !== manifestTypes.image && mediaType !== manifestTypes.artifact) {
    const required = `${quote(manifestTypes.artifact)} or ${quote(manifestTypes.image)}`;
    throw new NotaryError(
      'signature-retrieval',
      `sigManifestDesc.MediaType requires ${required}, got ${quote(mediaType.slice(0, 200))}`,
    );
  }
  if (size > maxManifestSize) throw new NotaryError('registry-limit', `signature manifest too large: ${size} bytes`);
}

/** Parses a signature manifest that was fetched by its descriptor; the checks and words are those of NP 11.3. */
export function parseSignatureManifest(bytes: Uint8Array, descriptor: Descriptor): SignatureManifest {
  checkSignatureDescriptor(descriptor);
  const manifest = parseManifest(bytes, descriptor.mediaType);
  const layers = manifest.kind === 'image' ? manifest.layers : [];
  const [envelope] = layers;
  if (envelope === undefined || layers.length !== 1) {
    throw new NotaryError(
      'signature-retrieval',
      // "requries" is how Notation spells it.
      `signature manifest requries exactly one signature envelope blob, got ${layers.length}`,
    );
  }
  if (envelope.size > maxEnvelopeSize) {
    throw new NotaryError('registry-limit', `signature blob too large: ${envelope.size} bytes`);
  }
  const { subject, annotations } = manifest;
  return { form: signatureFormOf(manifest), envelope, subject, annotations };
}
