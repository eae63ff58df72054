// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import type { JsonObject } from '../primitives/json.ts';
import type { Descriptor } from './descriptor.ts';
import {
  annotationsMember,
  memberOf,
  objectMember,
  objectsMember,
  parseDescriptor,
  parseDocument,
  sizeMember,
  textMember,
} from './document.ts';
import { refuseAmbiguousNames } from './member-names.ts';

/** Media types of manifests (image-spec media-types.md; the artifact manifest is of image-spec 1.1.0-rc). */
export const manifestTypes = {
  image: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  artifact: 'application/vnd.oci.artifact.manifest.v1+json',
  dockerImage: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** Bytes of a manifest: what registries must accept at least, and Notation at most (REG 5.1). */
export const maxManifestSize = 4 * 1024 * 1024;

interface ManifestBase {
  readonly mediaType: string;
  /** The manifest's own; for the type that a listing shows see `artifactTypeOf`. */
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** An image manifest, or an artifact manifest with its blobs as layers. */
export interface ImageManifest extends ManifestBase {
  readonly kind: 'image';
  readonly config: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
}

/** An image index or Docker manifest list. */
export interface ImageIndex extends ManifestBase {
  readonly kind: 'index';
  readonly manifests: readonly IndexEntry[];
}

export interface IndexEntry extends Descriptor {
  /** `os/architecture` with `/variant`, as in the entry. */
  readonly platform?: string;
  /** Whether BuildKit marks the entry as attestations about another one. */
  readonly attestation: boolean;
}

export type Manifest = ImageManifest | ImageIndex;

/**
 * Parses a manifest of any known media type. Throws `malformed` also for a document that contradicts its media type or
 * could be read as both image and index, or as another one (CVE-2021-41190).
 */
export function parseManifest(bytes: Uint8Array, mediaType: string): Manifest {
  if (bytes.length > maxManifestSize) throw malformed(`a manifest has at most ${maxManifestSize} bytes`);
  const document = parseDocument(bytes);
  refuseAmbiguousNames(document);
  checkShape(document, mediaType);
  const base = {
    mediaType,
    artifactType: textMember(document, 'artifactType'),
    subject: descriptorMember(document, 'subject'),
    annotations: annotationsMember(document, 'annotations') ?? {},
  };
  switch (mediaType) {
    case manifestTypes.index:
    case manifestTypes.dockerList:
      return { kind: 'index', ...base, manifests: (objectsMember(document, 'manifests') ?? []).map(parseEntry) };
    case manifestTypes.artifact:
      return { kind: 'image', ...base, config: undefined, layers: descriptors(document, 'blobs') };
    case manifestTypes.image:
    case manifestTypes.dockerImage:
      return {
        kind: 'image',
        ...base,
        config: descriptorMember(document, 'config'),
        layers: descriptors(document, 'layers'),
      };
    default:
      throw malformed(`${JSON.stringify(mediaType.slice(0, 200))} is not the media type of a manifest`);
  }
}

/** The type that a listing of referrers shows: the manifest's own, or its config media type (REG 4.3). */
export function artifactTypeOf(manifest: Manifest): string | undefined {
  if (manifest.artifactType !== undefined && manifest.artifactType !== '') return manifest.artifactType;
  return manifest.kind === 'image' ? manifest.config?.mediaType : undefined;
}

function checkShape(document: JsonObject, mediaType: string): void {
  if (mediaType !== manifestTypes.artifact && sizeMember(document, 'schemaVersion') !== 2) {
    throw malformed('schemaVersion is not 2');
  }
  const inside = textMember(document, 'mediaType');
  if (inside !== undefined && inside !== mediaType) {
    const names = [inside, mediaType].map((name) => JSON.stringify(name.slice(0, 200)));
    throw malformed(`the manifest says it is ${names[0] ?? ''} but it was served as ${names[1] ?? ''}`);
  }
  const image = ['layers', 'config', 'blobs'].some((key) => memberOf(document, key) !== undefined);
  if (image && memberOf(document, 'manifests') !== undefined) {
    throw malformed('the manifest could be read as an image and as an index');
  }
}

function parseEntry(object: JsonObject): IndexEntry {
  const descriptor = parseDescriptor(object);
  const platform = objectMember(object, 'platform');
  const parts = ['os', 'architecture', 'variant'].map((key) =>
    platform === undefined ? '' : textMember(platform, key),
  );
  const attestation = descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
  const name = parts.filter((part) => part !== undefined && part !== '').join('/');
  return { ...descriptor, attestation, ...(name === '' ? {} : { platform: name }) };
}

function descriptorMember(document: JsonObject, key: string): Descriptor | undefined {
  const object = objectMember(document, key);
  return object === undefined ? undefined : parseDescriptor(object);
}

function descriptors(document: JsonObject, key: string): readonly Descriptor[] {
  return (objectsMember(document, key) ?? []).map(parseDescriptor);
}

function malformed(message: string): NotaryError {
  return new NotaryError('malformed', message);
}
