// SPDX-License-Identifier: Apache-2.0
import { type Instant, instantOfDate } from '../primitives/instant.ts';
import type { CertificateChain, KeySpec } from '../x509/certificate.ts';
import { algorithmOfKeySpec, type SignatureAlgorithm } from './algorithm.ts';
import { checkChain, presentTimes } from './attributes.ts';
import type { ExtendedAttribute, SigningScheme } from './content.ts';
import { invalidRequest } from './envelope-error.ts';

/** What goes into an envelope beside the signature. */
export interface EnvelopeRequest {
  readonly payload: { readonly contentType: string; readonly content: Uint8Array };
  /** This product signs with `notary.x509` only; the other scheme is here for vectors. */
  readonly signingScheme: SigningScheme;
  /** Truncated to the second, as is expiry. */
  readonly signingTime: Date;
  readonly expiry?: Date | undefined;
  readonly extended?: readonly ExtendedAttribute[];
  /** Unsigned; left out when empty. */
  readonly signingAgent?: string | undefined;
  readonly keySpec: KeySpec;
  /** Absent when it is known only with the signature: then completing the envelope brings it. */
  readonly certificateChain?: CertificateChain;
}

/** An envelope that lacks its signature. */
export interface PreparedEnvelope {
  readonly toBeSigned: Uint8Array;
  /** The envelope with this signature (for ECDSA r‖s). Throws `sign-request-invalid` without one. */
  complete(signature: Uint8Array, unsigned?: UnsignedAdditions): Uint8Array;
}

/** What is made from the signature and is not covered by it. */
export interface UnsignedAdditions {
  /** DER of an RFC 3161 TimeStampToken. */
  readonly timestampSignature?: Uint8Array | undefined;
  /** The chain, when the request had none; it is judged before it is used. */
  readonly certificateChain?: CertificateChain;
}

/** A request that passed the checks of both formats, with what follows from it. */
export interface CheckedRequest {
  readonly payload: EnvelopeRequest['payload'];
  readonly signingScheme: SigningScheme;
  readonly signingTime: Instant;
  readonly expiry: Instant | undefined;
  readonly extended: readonly ExtendedAttribute[];
  readonly signingAgent: string;
  readonly algorithm: SignatureAlgorithm;
  /** Undefined: it comes with the signature. */
  readonly certificateChain: CertificateChain | undefined;
}

/**
 * Checks a request in the reference's order (notation-core-go `base/envelope.go Sign`). The chain is judged before the key
 * signs, not after. Throws `sign-request-invalid`, or `envelope-invalid` where the reference does.
 */
export function checkRequest(request: EnvelopeRequest): CheckedRequest {
  if (request.payload.content.length === 0) throw invalidRequest('content not present');
  const { signingTime, expiry } = presentTimes(
    instantOfDate(request.signingTime),
    request.expiry && instantOfDate(request.expiry),
  );
  const algorithm = algorithmOfKeySpec(request.keySpec);
  if (!isKnownScheme(request.signingScheme)) {
    throw invalidRequest(`unsupported SigningScheme: \`${String(request.signingScheme)}\``);
  }
  const { certificateChain } = request;
  if (certificateChain !== undefined) checkChain(certificateChain, dateInSeconds(signingTime), algorithm);
  return {
    payload: request.payload,
    signingScheme: request.signingScheme,
    signingTime,
    expiry,
    extended: request.extended ?? [],
    signingAgent: request.signingAgent ?? '',
    algorithm,
    certificateChain,
  };
}

/**
 * The certificates of an envelope in DER, leaf first: those of the request, or those that came with the signature. Throws
 * `envelope-invalid`.
 */
export function certificatesOf(
  request: CheckedRequest,
  { certificateChain }: UnsignedAdditions,
): readonly Uint8Array[] {
  if (request.certificateChain !== undefined) return request.certificateChain.map(({ der }) => der);
  const chain = certificateChain ?? ([] as unknown as CertificateChain);
  checkChain(chain, dateInSeconds(request.signingTime), request.algorithm);
  return chain.map(({ der }) => der);
}

function dateInSeconds({ seconds }: Instant): Date {
  return new Date(Number(seconds) * 1000);
}

/** Whether a text is one of the two schemes (specs/signing-scheme.md). */
export function isKnownScheme(scheme: string): scheme is SigningScheme {
  return scheme === 'notary.x509' || scheme === 'notary.x509.signingAuthority';
}
