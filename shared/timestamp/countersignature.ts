// SPDX-License-Identifier: Apache-2.0
import { compareInstants, dateOfInstant, instantOfDate, type Instant } from '../primitives/instant.ts';
import { formatRfc1123 } from '../primitives/go-time.ts';
import { quote } from '../primitives/quote.ts';
import type { Certificate, CertificateChain } from '../x509/certificate.ts';
import { validateTimestampingChain } from '../x509/timestamping-chain.ts';
import { invalidTimestamp, timestampStep } from './timestamp-error.ts';
import { parseToken, verifyToken, type TimestampToken } from './token.ts';
import { parseTstInfo, timestampRange, type TimestampRange } from './tst-info.ts';

/** A timestamp that is about the right signature; who made it is not known yet. */
export interface Countersignature {
  readonly token: TimestampToken;
  /** The time it claims. */
  readonly genTime: Instant;
  readonly range: TimestampRange;
}

/**
 * Reads the timestamp countersignature of an envelope, which must be about the envelope's signature (reference 9.3, step 4 b-d).
 * Throws `timestamp-invalid` in the reference's words.
 */
export function readCountersignature(encoded: Uint8Array, signature: Uint8Array): Countersignature {
  const token = timestampStep('failed to parse timestamp countersignature with error: ', () => parseToken(encoded));
  const info = timestampStep('failed to get the timestamp TSTInfo with error: ', () => parseTstInfo(token.content));
  const range = timestampStep('failed to get timestamp from timestamp countersignature with error: ', () =>
    timestampRange(info, signature),
  );
  return { token, genTime: info.genTime, range };
}

/**
 * Verifies that a trusted authority made a countersignature while the signing certificates were valid (reference 9.3, step 4
 * f-h), and returns the chain of the authority, whose revocation is still to be checked. Throws `timestamp-invalid` in the
 * reference's words.
 */
export function verifyCountersignature(
  { token, genTime, range }: Countersignature,
  roots: readonly Certificate[],
  signingChain: CertificateChain,
): CertificateChain {
  const chain = timestampStep('failed to verify the timestamp countersignature with error: ', () =>
    verifyToken(token, { roots, at: genTime }),
  );
  timestampStep('failed to validate the timestamping certificate chain with error: ', () => {
    validateTimestampingChain(chain);
  });
  for (const certificate of signingChain) checkWithinValidity(range, certificate);
  return chain;
}

function checkWithinValidity({ earliest, latest }: TimestampRange, certificate: Certificate): void {
  const { subject, notBefore, notAfter } = certificate;
  const validity = `certificate ${quote(subject)} validity period`;
  if (compareInstants(earliest, instantOfDate(notBefore)) < 0) {
    const from = quote(formatRfc1123(notBefore));
    throw invalidTimestamp(`timestamp can be before ${validity}, it will be valid from ${from}`);
  }
  if (compareInstants(latest, instantOfDate(notAfter)) > 0) {
    const until = quote(formatRfc1123(notAfter));
    throw invalidTimestamp(`timestamp can be after ${validity}, it was expired at ${until}`);
  }
}

/** A range for people: both ends, or one instant. */
export function describeRange(range: TimestampRange): string {
  const { earliest, latest } = rangeTimes(range);
  return earliest === latest ? `at ${earliest}` : `between ${earliest} and ${latest}`;
}

/** Both ends of a range, RFC 3339, UTC. */
export function rangeTimes({ earliest, latest }: TimestampRange): { earliest: string; latest: string } {
  const text = (instant: Instant): string => dateOfInstant(instant).toISOString().replace('.000Z', 'Z');
  return { earliest: text(earliest), latest: text(latest) };
}
