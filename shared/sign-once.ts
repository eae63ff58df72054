// SPDX-License-Identifier: Apache-2.0
import type { Descriptor } from './oci/descriptor.ts';
import type { MadeEnvelope } from './sign-envelope.ts';

/**
 * The envelopes of one run. A signature says what was signed, not where it is: the same artifact in several repositories
 * needs the key, and the timestamp authority, once. For one signer and one way of signing only.
 */
export class SignedOnce {
  readonly #made = new Map<string, Promise<MadeEnvelope>>();

  /** The envelope of an artifact, made by `sign` unless it is made or being made; one that failed is made anew. */
  envelopeOf({ mediaType, digest, size }: Descriptor, sign: () => Promise<MadeEnvelope>): Promise<MadeEnvelope> {
    const key = `${mediaType} ${digest} ${size}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const made = sign();
    this.#made.set(key, made);
    made.catch(() => this.#made.delete(key));
    return made;
  }
}
