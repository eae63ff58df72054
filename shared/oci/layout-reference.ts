// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../errors.ts';
import { parseDigest, type Digest } from '../primitives/digest.ts';
import { quote } from '../primitives/quote.ts';

/** What a reference to an artifact in an OCI image layout on disk begins with. */
export const layoutPrefix = 'oci-layout:';

/**
 * An artifact in an OCI image layout: by digest, by tag (the annotation `org.opencontainers.image.ref.name` of its entry in
 * index.json), or, with neither, the only one that the layout holds.
 */
export interface LayoutReference {
  /** Folder or tar file, as the user wrote it. */
  readonly layout: string;
  readonly digest?: Digest;
  readonly tag?: string;
}

/** The longest path of Linux. */
const maxReferenceLength = 4096;

const expecting = 'Expecting oci-layout:<path>:<tag>, oci-layout:<path>@<digest> or oci-layout:<path>';

/**
 * Parses `oci-layout:<path>[:tag|@digest]`: a digest stands behind the last `@`, a tag behind the last `:` (NP 11.1), where no
 * path goes on. The colon of a Windows drive begins no tag. Throws `reference-invalid`.
 */
export function parseLayoutReference(text: string): LayoutReference {
  if (!text.startsWith(layoutPrefix)) throw invalid(text, `it does not begin with ${layoutPrefix}`);
  if (text.length > maxReferenceLength) throw invalid(text, `longer than ${maxReferenceLength} characters`);
  const rest = text.slice(layoutPrefix.length);
  if (rest.includes('\0')) throw invalid(text, 'a path cannot contain NUL');
  const at = rest.lastIndexOf('@');
  // An @ may also be part of a path: then the path goes on behind it.
  if (at !== -1 && !/[/\\]/.test(rest.slice(at + 1))) {
    return { layout: pathIn(text, rest.slice(0, at)), digest: digestIn(text, rest.slice(at + 1)) };
  }
  const colon = rest.lastIndexOf(':');
  const goesOn = /[/\\]/.test(rest.slice(colon + 1));
  if (colon === -1 || goesOn) return { layout: pathIn(text, rest) };
  const tag = rest.slice(colon + 1);
  if (tag === '' || tag.length > maxTagLength) throw invalid(text, `invalid tag ${quote(show(tag))}`);
  return { layout: pathIn(text, rest.slice(0, colon)), tag };
}

/** Tags of registries have at most 128 characters; names in a layout may be longer, but not without end. */
const maxTagLength = 512;

function pathIn(text: string, path: string): string {
  if (path === '') throw invalid(text, 'missing oci-layout file path');
  return path;
}

function digestIn(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (error) {
    throw invalid(text, messageOf(error), error instanceof NotaryError ? error.hint : undefined);
  }
}

function invalid(text: string, reason: string, hint?: string): NotaryError {
  const message = `${quote(show(text))}: invalid reference: ${reason}. ${expecting}`;
  return new NotaryError('reference-invalid', message, hint === undefined ? {} : { hint });
}

/** Outside text in messages is cut, so that a pasted file does not fill the log. */
function show(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}
