// SPDX-License-Identifier: Apache-2.0
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
export async function createTimestampRequest(
  signature: Uint8Array,
  hash: TimestampHash,
  random: Uint8Array,
): Promise<TimestampRequest> {
  // Loaded only when an authority is asked.
  const [{ AlgorithmIdentifier, MessageImprint, TimeStampReq }, { Integer, Null, OctetString }] = await Promise.all([
    import('pkijs'),
    import('asn1js'),
  ]);
  const nonce = BigInt.asUintN(8 * nonceSize - 1, BigInt(`0x${Buffer.from(random).toString('hex')}`));
  const messageImprint = new MessageImprint({
    // the explicit NULL counts: an answer without it is refused
    hashAlgorithm: new AlgorithmIdentifier({ algorithmId: identifierOfHash(hash), algorithmParams: new Null() }),
    hashedMessage: new OctetString({ valueHex: hashBytes(hash, signature) }),
  });
  const request = new TimeStampReq({ version: 1, messageImprint, nonce: Integer.fromBigInt(nonce), certReq: true });
  return {
    encoded: new Uint8Array(request.toSchema().toBER()),
    messageImprint: new Uint8Array(messageImprint.toSchema().toBER()),
    nonce,
  };
}
