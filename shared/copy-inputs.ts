// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from './errors.ts';
import type { InputReader } from './input-reader.ts';
import { type CopyDestination, parseCopyDestination } from './oci/copy-destination.ts';

/** One a line, or separated by commas, as the artifacts are. */
const separator = /[\r\n,]+/;

/** Destinations of one step: every registry of a large company, and no more. */
const maxDestinations = 50;

/** Parses where the artifacts of a step are copied to; problems go to the reader. None: they are not copied. */
export async function parseCopyInputs(reader: InputReader, onlyFiles: boolean): Promise<readonly CopyDestination[]> {
  const texts = [...new Set(reader.lines('copyTo', separator))];
  if (texts.length > maxDestinations) {
    reader.report(new NotaryError('input-invalid', `{input:copyTo} names more than ${maxDestinations} destinations`));
    return [];
  }
  if (onlyFiles && texts.length > 0) {
    const text = '{input:copyTo} copies artifacts of registries and layouts, and only {input:blobs} is given';
    reader.report(new NotaryError('input-invalid', text));
  }
  const found: CopyDestination[] = [];
  for (const text of texts) {
    const destination = await reader.attempt(() => parseCopyDestination(text));
    if (destination !== undefined) found.push(destination);
  }
  return found;
}

/** The registries that copies go to. */
export function registriesOf(destinations: readonly CopyDestination[]): string[] {
  return destinations.flatMap((destination) => ('registry' in destination ? [destination.registry] : []));
}
