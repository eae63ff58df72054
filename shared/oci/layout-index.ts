// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import type { Descriptor } from './descriptor.ts';
import { parseDocument, textMember } from './document.ts';
import { addReferrers, descriptorsOf, encodeReferrersIndex, parseReferrersIndex } from './referrers.ts';

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
