// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import { manifestTypes } from '../../oci/manifest.ts';
import { parseDigest } from '../../primitives/digest.ts';
import type { Digest } from '../../primitives/digest.ts';
import { parseImageName } from './image-name.ts';
import type { ImageName } from './image-name.ts';

/** What buildx writes about one build (`--metadata-file`; the `metadata` output of docker's actions). */
export interface BuildMetadata {
  /** The target of a bake file; undefined for a single build. */
  readonly target: string | undefined;
  /** `containerimage.digest`: what was exported, index or manifest; undefined when no image was. */
  readonly digest: Digest | undefined;
  /** `containerimage.config.digest`: the image id. */
  readonly configDigest: string | undefined;
  /** `containerimage.descriptor` says that `digest` is that of a manifest. */
  readonly isManifest: boolean;
  /** `image.name`, as far as they are names. */
  readonly names: readonly ImageName[];
}

type JsonObject = Readonly<Record<string, unknown>>;

/** What a registry holds under an image's digest. */
const imageTypes: ReadonlySet<unknown> = new Set([
  manifestTypes.image,
  manifestTypes.index,
  manifestTypes.dockerImage,
  manifestTypes.dockerList,
]);

/** Targets of one bake file that are looked at; far more than files have. */
const maxTargets = 500;

/**
 * Parses the metadata of a build or of a bake (target to build). Throws `malformed` when it is neither. Values that are
 * not of the expected type count as absent.
 */
export function parseBuildMetadata(text: string): readonly BuildMetadata[] {
  const json = parseObject(text);
  if (json === undefined) throw malformed('it is not a JSON object');
  if (isBuild(json)) return [buildOf(undefined, json)];
  const targets = Object.entries(json).filter(([name, value]) => !name.startsWith('buildx.') && isObject(value));
  if (targets.length > maxTargets) throw malformed(`it has more than ${maxTargets} targets`);
  return targets.map(([target, value]) => buildOf(target, value as JsonObject));
}

/**
 * Whether the digest is that of the image's configuration: some versions of the docker driver report the local image id.
 * With a descriptor that calls the digest a manifest's, it is none.
 */
export function isImageId(build: BuildMetadata, imageId?: string): boolean {
  if (build.digest === undefined) return false;
  if (build.digest === build.configDigest) return true;
  // buildx reports the digest of an index as image id too: then the descriptor tells that it is a manifest.
  return build.digest === imageId && !build.isManifest;
}

/** The JSON object in a text, a leading byte-order mark aside; undefined for anything else. */
export function parseObject(text: string): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isBuild(json: JsonObject): boolean {
  return ['containerimage.digest', 'containerimage.config.digest', 'image.name', 'buildx.build.ref'].some(
    (key) => typeof json[key] === 'string',
  );
}

function buildOf(target: string | undefined, json: JsonObject): BuildMetadata {
  const digest = text(json, 'containerimage.digest');
  const descriptor = json['containerimage.descriptor'];
  return {
    target,
    digest: digest === undefined ? undefined : digestIn(digest),
    configDigest: text(json, 'containerimage.config.digest'),
    isManifest: isObject(descriptor) && descriptor['digest'] === digest && imageTypes.has(descriptor['mediaType']),
    names: (text(json, 'image.name') ?? '').split(',').flatMap((name) => parseImageName(name) ?? []),
  };
}

function text(json: JsonObject, key: string): string | undefined {
  const value = json[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function digestIn(text: string): Digest {
  try {
    return parseDigest(text);
  } catch (error) {
    throw malformed(messageOf(error), error);
  }
}

function malformed(reason: string, cause?: unknown): NotaryError {
  return new NotaryError('malformed', `this is not the metadata of a docker build or bake: ${reason}`, { cause });
}
