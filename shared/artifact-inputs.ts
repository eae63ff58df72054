// SPDX-License-Identifier: Apache-2.0
import type { InputReader } from './input-reader.ts';
import { parseReference } from './oci/reference.ts';
import type { Reference } from './oci/reference.ts';

/** An artifact as the user named it. */
export interface RequestedArtifact {
  /** The user's words. */
  readonly requested: string;
  readonly reference: Reference;
}

/** One a line, or separated by commas as the built-in Azure Pipelines task has it; no reference contains a comma. */
const separator = /[\r\n,]+/;

/** Parses the artifacts input; problems go to the reader. An artifact named twice is taken once and told to `repeated`. */
export async function parseArtifacts(
  reader: InputReader,
  repeated: (requested: string) => void,
): Promise<RequestedArtifact[]> {
  const found = new Map<string, RequestedArtifact>();
  for (const requested of reader.lines('artifacts', separator)) {
    if (found.has(requested)) {
      repeated(requested);
      continue;
    }
    const reference = await reader.attempt(() => parseReference(requested));
    if (reference !== undefined) found.set(requested, { requested, reference });
  }
  return [...found.values()];
}

/** What the registry is asked for: the digest when there is one. */
export function tagOrDigest(reference: Reference): string {
  const asked = reference.digest ?? reference.tag;
  if (asked === undefined) throw new Error('a parsed reference has a tag or a digest');
  return asked;
}
