// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { Descriptor } from '../oci/descriptor.ts';
import type { NotaryError } from '../errors.ts';
import { algorithmOf } from '../primitives/digest.ts';

/**
 * Passes content on as it comes, but its last piece only once all of it has the size and digest of a descriptor: whoever
 * receives less than was announced stores nothing. Throws what `altered` makes of the difference.
 */
export async function* checkedContent(
  pieces: AsyncIterable<Uint8Array>,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  altered: (difference: string) => NotaryError,
): AsyncGenerator<Uint8Array> {
  const algorithm = algorithmOf(digest);
  const hash = createHash(algorithm);
  let seen = 0;
  let held: Uint8Array | undefined;
  for await (const piece of pieces) {
    seen += piece.length;
    if (seen > size) throw altered(`more than ${size} bytes`);
    hash.update(piece);
    if (held !== undefined) yield held;
    held = piece;
  }
  if (seen !== size) throw altered(`${seen} bytes instead of ${size}`);
  const actual = `${algorithm}:${hash.digest('hex')}`;
  if (actual !== digest) throw altered(`the digest ${actual} instead of ${digest}`);
  if (held !== undefined) yield held;
}
