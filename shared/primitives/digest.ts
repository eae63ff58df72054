// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { NotaryError } from '../errors.ts';

declare const digestBrand: unique symbol;

/** A content digest `algorithm:lower-case hex` of a registered algorithm (OCI image-spec, descriptor.md "Digests"). */
export type Digest = string & { readonly [digestBrand]: true };

/** Algorithms of digests, each with the number of hex digits of its value. */
const hexLength = { sha256: 64, sha384: 96, sha512: 128 } as const;

export type DigestAlgorithm = keyof typeof hexLength;

function isAlgorithm(name: string): name is DigestAlgorithm {
  return Object.hasOwn(hexLength, name);
}

/** Parses a digest; throws `reference-invalid` for an unknown algorithm, a wrong length or anything but lower-case hex. */
export function parseDigest(text: string): Digest {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, Math.max(colon, 0));
  const hex = text.slice(colon + 1);
  if (!isAlgorithm(algorithm) || hex.length !== hexLength[algorithm] || !/^[0-9a-f]+$/.test(hex)) {
    throw new NotaryError('reference-invalid', `invalid digest ${JSON.stringify(text.slice(0, 200))}`, {
      hint: 'A digest is sha256: and 64 lower-case hexadecimal digits (sha384: and 96, sha512: and 128).',
    });
  }
  return text as Digest;
}

/** The algorithm of a digest. */
export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.slice(0, digest.indexOf(':')) as DigestAlgorithm;
}

/** The hex part of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The digest of bytes. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest;
}
