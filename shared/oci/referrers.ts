// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { algorithmOf, hexOf, type Digest } from '../primitives/digest.ts';
import { encodeGoJson } from '../primitives/json-encode.ts';
import type { JsonMember, JsonObject } from '../primitives/json.ts';
import { sameContent, type Descriptor } from './descriptor.ts';
import { encodeJsonValue, objectsMember, parseDescriptor, parseDocument, sizeMember, textMember } from './document.ts';
import { manifestTypes } from './manifest.ts';
import { encodeDescriptor } from './signature-manifest.ts';

/** An index of referrers with everything that others wrote into it, known to us or not (REG 4.3). */
export interface ReferrersIndex {
  readonly entries: readonly ReferrerEntry[];
  /** All members of the document, `manifests` included, in their order. */
  readonly members: readonly JsonMember[];
}

/** One entry as it stands; without a descriptor when it is not a valid one. */
export interface ReferrerEntry {
  readonly object: JsonObject | undefined;
  readonly descriptor: Descriptor | undefined;
}

/** An index without entries, as it is before the first referrer. */
export const emptyReferrersIndex: ReferrersIndex = { entries: [], members: [] };

/** The tag that lists the referrers of a digest where there is no API (distribution-spec "Referrers Tag Schema"). */
export function referrersTag(digest: Digest): string {
  return `${algorithmOf(digest).slice(0, 32)}-${hexOf(digest).slice(0, 64)}`;
}

/**
 * Parses a page of the Referrers API or the index under a referrers tag. Entries that are no valid descriptors are kept
 * but have none. Throws `malformed`.
 */
export function parseReferrersIndex(bytes: Uint8Array): ReferrersIndex {
  const document = parseDocument(bytes);
  const mediaType = textMember(document, 'mediaType') ?? manifestTypes.index;
  if (mediaType !== manifestTypes.index || sizeMember(document, 'schemaVersion') !== 2) {
    throw new NotaryError(
      'malformed',
      `the referrers are not an image index but ${JSON.stringify(mediaType.slice(0, 200))}`,
    );
  }
  const entries = (objectsMember(document, 'manifests') ?? []).map((object) => ({
    object,
    descriptor: descriptorOf(object),
  }));
  return { entries, members: document.members };
}

function descriptorOf(object: JsonObject): Descriptor | undefined {
  try {
    return parseDescriptor(object);
  } catch {
    return undefined;
  }
}

/** The entries of an index that are valid descriptors. */
export function descriptorsOf(index: ReferrersIndex): readonly Descriptor[] {
  return index.entries.flatMap(({ descriptor }) => (descriptor === undefined ? [] : [descriptor]));
}

/** An index with entries appended that it does not have yet; returns the same index when it has them all. */
export function addReferrers(index: ReferrersIndex, added: Iterable<Descriptor>): ReferrersIndex {
  const entries = [...index.entries];
  for (const descriptor of added) {
    if (!entries.some((entry) => entry.descriptor !== undefined && sameContent(entry.descriptor, descriptor))) {
      entries.push({ object: undefined, descriptor });
    }
  }
  return entries.length === index.entries.length ? index : { entries, members: index.members };
}

/** An index without some of its entries. */
export function removeReferrers(index: ReferrersIndex, gone: (descriptor: Descriptor) => boolean): ReferrersIndex {
  const entries = index.entries.filter(({ descriptor }) => descriptor === undefined || !gone(descriptor));
  return { entries, members: index.members };
}

/** Encodes an index; a new one byte for byte as Notation does, an existing one with all that others wrote (REG-65). */
export function encodeReferrersIndex({ entries, members }: ReferrersIndex): Uint8Array {
  const manifests = `[${entries.map(encodeEntry).join(',')}]`;
  if (members.length === 0) {
    const head = `{"schemaVersion":2,"mediaType":"${manifestTypes.index}"`;
    return Buffer.from(`${head},"manifests":${manifests}}`);
  }
  const texts = members.map(({ key, value }) =>
    key === 'manifests' ? `"manifests":${manifests}` : encodeMember(key, encodeJsonValue(value)),
  );
  if (!members.some(({ key }) => key === 'manifests')) texts.push(`"manifests":${manifests}`);
  return Buffer.from(`{${texts.join(',')}}`);
}

function encodeMember(key: string, value: string): string {
  return `${Buffer.from(encodeGoJson(key)).toString()}:${value}`;
}

function encodeEntry({ object, descriptor }: ReferrerEntry): string {
  if (object !== undefined) return encodeJsonValue(object);
  return descriptor === undefined ? '' : Buffer.from(encodeGoJson(encodeDescriptor(descriptor))).toString();
}
