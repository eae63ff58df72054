// SPDX-License-Identifier: Apache-2.0
import { sequence, integer, objectIdentifier, octetString, boolean, nullValue } from '../primitives/der-encode.ts';
import { hashBytes, identifierOfHash, type TimestampHash } from './hash-algorithm.ts';

/** Octets of a nonce: 159 random bits behind a sign bit of zero, as the reference asks with. */
export const nonceSize = 20;

/** A request for a timestamp, and what the answer must repeat of it. */
export interface TimestampRequest {
  /** DER of a TimeStampReq. */
  readonly encoded: Uint8Array;
  /** DER of its MessageImprint. */
  readonly messageImprint: Uint8Array;
  readonly nonce: bigint;
}

/**
 * A TimeStampReq (RFC 3161, 2.4.1; reference section 9.1) for the signature bytes of an envelope; certificates are asked
 * for. `random` has `nonceSize` octets.
 */
export function createTimestampRequest(
  signature: Uint8Array,
  hash: TimestampHash,
  random: Uint8Array,
): TimestampRequest {
  const nonce = BigInt.asUintN(8 * nonceSize - 1, BigInt(`0x${Buffer.from(random).toString('hex')}`));
  // the explicit NULL counts: an answer without it is refused
  const algorithm = sequence(objectIdentifier(identifierOfHash(hash)), nullValue());
  const messageImprint = sequence(algorithm, octetString(hashBytes(hash, signature)));
  const encoded = sequence(integer(1n), messageImprint, integer(nonce), boolean(true));
  return { encoded, messageImprint, nonce };
}
