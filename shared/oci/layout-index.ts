// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import type { Descriptor } from './descriptor.ts';
import { parseDocument, textMember } from './document.ts';
import {
  addReferrers,
  descriptorsOf,
  emptyReferrersIndex,
  encodeReferrersIndex,
  parseReferrersIndex,
  removeReferrers,
} from './referrers.ts';

/** Annotation of an entry of index.json with its tag (image-spec image-layout.md). */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';

/** The only version of the layout there is. */
export const layoutVersion = '1.0.0';

/** Checks the `oci-layout` file of a layout. Throws `malformed`, and for another version. */
export function checkLayoutFile(bytes: Uint8Array): void {
  const version = textMember(parseDocument(bytes), 'imageLayoutVersion') ?? '';
  if (version === layoutVersion) return;
  throw new NotaryError('malformed', `unsupported version ${quote(version.slice(0, 100))} of the OCI image layout`);
}

/** The entries of index.json in their order. Throws `malformed`. */
export function parseLayoutIndex(bytes: Uint8Array): readonly Descriptor[] {
  return descriptorsOf(parseReferrersIndex(bytes));
}

/** The entry with a tag. Throws `artifact-not-found`, and `malformed` when several artifacts have it. */
export function findTagged(entries: readonly Descriptor[], tag: string): Descriptor {
  const tagged = entries.filter(({ annotations }) => annotations?.[refNameAnnotation] === tag);
  const [first, ...others] = tagged;
  if (first === undefined) throw notFound(entries, `no entry of index.json has the tag ${quote(tag)}`);
  if (others.every(({ digest }) => digest === first.digest)) return first;
  const digests = tagged.map(({ digest }) => digest).join(', ');
  throw new NotaryError('malformed', `several entries of index.json have the tag ${quote(tag)}: ${digests}`, {
    hint: 'Name the one that is meant by its digest.',
  });
}

/** The error for an artifact that is not there, with what is. */
export function notFound(entries: readonly Descriptor[], text: string): NotaryError {
  const shown = entries.slice(0, shownEntries).map(({ digest, annotations }) => {
    const tag = annotations?.[refNameAnnotation];
    return tag === undefined ? digest : `${digest} (${quote(tag)})`;
  });
  const hint = shown.length === 0 ? 'The layout is empty.' : `The layout has ${shown.join(', ')}.`;
  return new NotaryError('artifact-not-found', text, { hint });
}

/** Enough to see what is meant, few enough for a message. */
const shownEntries = 20;

/**
 * index.json with one more entry, everything that others wrote kept as it was; undefined when the entry is there already.
 * Throws `malformed`.
 */
export function addLayoutEntry(index: Uint8Array, entry: Descriptor): Uint8Array | undefined {
  const parsed = parseReferrersIndex(index);
  const changed = addReferrers(parsed, [entry]);
  return changed === parsed ? undefined : encodeReferrersIndex(changed);
}

/**
 * index.json with an artifact under tags that lose whatever had them before; without tags the artifact is listed as it is.
 * Undefined when all is so already. Throws `malformed`.
 */
export function tagLayoutEntry(
  index: Uint8Array,
  artifact: Descriptor,
  tags: readonly string[],
): Uint8Array | undefined {
  const parsed = parseReferrersIndex(index);
  const tagOf = ({ annotations }: Descriptor): string | undefined => annotations?.[refNameAnnotation];
  const has = (tag: string): boolean =>
    descriptorsOf(parsed).some((entry) => entry.digest === artifact.digest && tagOf(entry) === tag);
  if (tags.length === 0) return addLayoutEntry(index, artifact);
  const added = tags.filter((tag) => !has(tag));
  const taken = (entry: Descriptor): boolean => entry.digest !== artifact.digest && tags.includes(tagOf(entry) ?? '');
  const displaced = descriptorsOf(parsed).filter(taken);
  if (added.length === 0 && displaced.length === 0) return undefined;
  const bare = (entry: Descriptor): boolean => entry.digest === artifact.digest && entry.annotations === undefined;
  const kept = removeReferrers(parsed, (entry) => taken(entry) || bare(entry));
  // What loses its tag stays in the layout.
  const untagged = addReferrers(
    kept,
    displaced.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  );
  const entries = added.map((tag) => ({
    object: undefined,
    descriptor: { ...artifact, annotations: { [refNameAnnotation]: tag } },
  }));
  return encodeReferrersIndex({ entries: [...untagged.entries, ...entries], members: untagged.members });
}

/** The index.json of a layout that holds nothing. */
export function emptyLayoutIndex(): Uint8Array {
  return encodeReferrersIndex(emptyReferrersIndex);
}
