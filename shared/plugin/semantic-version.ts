// SPDX-License-Identifier: Apache-2.0

/** A version is a few characters; no longer text is matched. */
const maxVersionLength = 256;

const pattern = /^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

interface SemanticVersion {
  readonly core: readonly string[];
  readonly preRelease: readonly string[];
}

/** Whether a text is a version of Semantic Versioning 2.0.0, without a leading `v`. */
export function isSemanticVersion(text: string): boolean {
  return parse(text) !== undefined;
}

/**
 * Which of two versions is lower, by semver.org 11: negative when the first is. Build metadata does not count, a pre-release
 * is lower than its release. A text that is no version is lower than any.
 */
export function compareSemanticVersions(first: string, second: string): number {
  const [a, b] = [parse(first), parse(second)];
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  for (const [index, part] of a.core.entries()) {
    const order = compareNumbers(part, b.core[index] ?? '');
    if (order !== 0) return order;
  }
  return comparePreReleases(a.preRelease, b.preRelease);
}

function parse(text: string): SemanticVersion | undefined {
  const match = text.length > maxVersionLength ? null : pattern.exec(text);
  if (match === null) return undefined;
  const [, major = '', minor = '', patch = '', preRelease, build] = match;
  const identifiers = preRelease?.split('.') ?? [];
  if (!identifiers.every(isPreReleaseIdentifier) || build?.split('.').includes('') === true) return undefined;
  return { core: [major, minor, patch], preRelease: identifiers };
}

/** Not empty, and without leading zeros when it is a number. */
function isPreReleaseIdentifier(text: string): boolean {
  return text !== '' && !/^0[0-9]+$/.test(text);
}

function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0);
  for (const [index, identifier] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const order = compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [aNumeric, bNumeric] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)];
  if (aNumeric && bNumeric) return compareNumbers(a, b);
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  return compareTexts(a, b);
}

/** Digits without leading zeros: the longer number is the greater one, however long. */
function compareNumbers(a: string, b: string): number {
  return a.length === b.length ? compareTexts(a, b) : a.length - b.length;
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
