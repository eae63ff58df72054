// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/** Hashes of timestamps, the only ones (reference section 9.5). */
export type TimestampHash = 'sha256' | 'sha384' | 'sha512';

const identifiers: Readonly<Record<TimestampHash, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/** The hash with a dotted identifier; undefined for any other, SHA-1 among them. */
export function hashOfIdentifier(identifier: string): TimestampHash | undefined {
  return (['sha256', 'sha384', 'sha512'] as const).find((hash) => identifiers[hash] === identifier);
}

/** The dotted identifier of a hash. */
export function identifierOfHash(hash: TimestampHash): string {
  return identifiers[hash];
}

/** The hash of bytes. */
export function hashBytes(hash: TimestampHash, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(hash).update(bytes).digest());
}
