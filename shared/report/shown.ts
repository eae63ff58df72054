// SPDX-License-Identifier: Apache-2.0

/** `registry/repository@sha256:0123456789ab`: long enough to recognise, short enough for a table. */
export function shortReference(reference: string): string {
  return reference.replace(/@(sha\d+:[0-9a-f]{12})[0-9a-f]+$/, '@$1');
}

/** `sha256:0123456789ab`. */
export function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(':') + 13);
}

/** `2 artifacts`, `1 artifact`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
