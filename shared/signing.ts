// SPDX-License-Identifier: Apache-2.0
import type { EnvelopeMediaType, VerifiedEnvelope } from './envelope/content.ts';
import { isEnvelopeMediaType } from './envelope/envelope.ts';
import { NotaryError } from './errors.ts';
import type { SignatureRecord } from './ports.ts';
import { formatRfc3339 } from './primitives/go-time.ts';
import { quote } from './primitives/quote.ts';
import type { MadeEnvelope } from './sign-envelope.ts';

/** How to sign, whatever is signed. */
export interface Signing {
  /** `application/jose+json` or `application/cose`. */
  readonly envelopeMediaType: string;
  /** Whole seconds that the signature shall be valid; absent or zero: it does not expire. */
  readonly expirySeconds?: number;
  readonly userMetadata: ReadonlyMap<string, string>;
  /** `name/version` of the software that signs; unsigned in the envelope. */
  readonly signingAgent: string;
  /** `skip`: nothing is made where a signature like it is there already. The default is `add`. */
  readonly onExisting?: 'add' | 'skip';
}

/**
 * The checks of the reference before signing, in its order (notation-go `validateSignArguments`). Throws
 * `sign-request-invalid`.
 */
export function checkSigning({ expirySeconds = 0, envelopeMediaType }: Signing): EnvelopeMediaType {
  if (expirySeconds < 0) throw invalidRequest('expiry duration cannot be a negative value');
  if (!Number.isSafeInteger(expirySeconds)) {
    throw invalidRequest('expiry duration supports minimum granularity of seconds');
  }
  if (envelopeMediaType === '') throw invalidRequest('signature media-type cannot be empty');
  if (isEnvelopeMediaType(envelopeMediaType)) return envelopeMediaType;
  throw invalidRequest(`invalid signature media-type ${quote(envelopeMediaType)}`);
}

function invalidRequest(text: string): NotaryError {
  return new NotaryError('sign-request-invalid', text, {
    hint: 'Check {input:expiry} and {input:signatureFormat}.',
  });
}

/** Times of a signature. */
export interface SigningTimes {
  readonly signingTime: Date;
  readonly expiry: Date | undefined;
}

/** Both in whole seconds, so that their difference is exactly the duration asked for. */
export function timesOf(now: Date, expirySeconds = 0): SigningTimes {
  const seconds = Math.floor(now.getTime() / 1000);
  const expiry = expirySeconds === 0 ? undefined : new Date((seconds + expirySeconds) * 1000);
  if (expiry === undefined || expiry.getTime() <= latestTime) return { signingTime: new Date(seconds * 1000), expiry };
  throw invalidRequest('expiry duration ends after the year 9999');
}

/** What the envelope says: with a signer of whole envelopes it need not be what was asked for. */
export function timesIn({ signedAttributes }: VerifiedEnvelope): SigningTimes {
  const { date: signingTime } =
    signedAttributes.signingScheme === 'notary.x509'
      ? signedAttributes.signingTime
      : signedAttributes.authenticSigningTime;
  return { signingTime, expiry: signedAttributes.expiry?.date };
}

/** RFC 3339 has four digits for the year. */
const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59);

/** What a record says of the envelope. */
export function envelopeRecord(
  mediaType: EnvelopeMediaType,
  { verified }: Pick<MadeEnvelope, 'verified'>,
): Pick<SignatureRecord, 'envelopeMediaType' | 'signingTime' | 'expiry' | 'timestamped' | 'signer'> {
  const { signingTime, expiry } = timesIn(verified);
  return {
    envelopeMediaType: mediaType,
    signingTime: formatRfc3339(signingTime),
    ...(expiry === undefined ? {} : { expiry: formatRfc3339(expiry) }),
    timestamped: verified.unsignedAttributes.timestampSignature !== undefined,
    signer: verified.certificateChain[0].subject,
  };
}
