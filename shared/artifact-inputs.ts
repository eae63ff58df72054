// SPDX-License-Identifier: Apache-2.0
import type { InputReader } from './input-reader.ts';
import { parseArtifactReference } from './oci/artifact-reference.ts';
import type { ArtifactReference } from './oci/artifact-reference.ts';

/** An artifact as the user named it. */
export interface RequestedArtifact {
  /** The user's words. */
  readonly requested: string;
  readonly reference: ArtifactReference;
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
    const reference = await reader.attempt(() => parseArtifactReference(requested));
    if (reference !== undefined) found.set(requested, { requested, reference });
  }
  return [...found.values()];
}
