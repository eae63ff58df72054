// SPDX-License-Identifier: Apache-2.0
import type { Instant } from '../primitives/instant.ts';
import type { CertificateChain } from '../x509/certificate.ts';
import type { SignatureAlgorithm } from './algorithm.ts';

export const envelopeMediaTypes = { jws: 'application/jose+json', cose: 'application/cose' } as const;
export type EnvelopeFormat = keyof typeof envelopeMediaTypes;
export type EnvelopeMediaType = (typeof envelopeMediaTypes)[EnvelopeFormat];

/** Media type of the payload, the content type claim of every envelope. */
export const payloadMediaType = 'application/vnd.cncf.notary.payload.v1+json';

export type SigningScheme = 'notary.x509' | 'notary.x509.signingAuthority';

/** A signed attribute beyond the standard ones. COSE labels may be integers. */
export interface ExtendedAttribute {
  readonly key: string | number | bigint;
  readonly critical: boolean;
  readonly value: unknown;
}

/** An instant of a claim. */
export interface ClaimedTime {
  /** To the millisecond, rounded down. */
  readonly date: Date;
  /** Whether it is later than `date`, by less than a millisecond. */
  readonly isLater?: true;
  /** Offset from UTC in minutes that the claim carried (JWS only, else 0). */
  readonly offsetMinutes: number;
}

/** Attributes covered by the signature (specs/signature-specification.md "Signed attributes"). */
export type SignedAttributes = X509Attributes | SigningAuthorityAttributes;

interface CommonAttributes {
  readonly expiry: ClaimedTime | undefined;
  readonly extended: readonly ExtendedAttribute[];
}

export interface X509Attributes extends CommonAttributes {
  readonly signingScheme: 'notary.x509';
  /** Claimed by the signer, not authenticated. */
  readonly signingTime: ClaimedTime;
}

export interface SigningAuthorityAttributes extends CommonAttributes {
  readonly signingScheme: 'notary.x509.signingAuthority';
  readonly authenticSigningTime: ClaimedTime;
}

export interface UnsignedAttributes {
  readonly signingAgent: string | undefined;
  /** DER of an RFC 3161 TimeStampToken. */
  readonly timestampSignature: Uint8Array | undefined;
}

/** What an envelope says; nothing in it has been verified unless the type says so. */
export interface EnvelopeContent {
  readonly mediaType: EnvelopeMediaType;
  readonly payload: { readonly contentType: string; readonly content: Uint8Array };
  readonly signedAttributes: SignedAttributes;
  readonly unsignedAttributes: UnsignedAttributes;
  readonly certificateChain: CertificateChain;
  readonly algorithm: SignatureAlgorithm;
  /** As in the envelope (for ECDSA r‖s). */
  readonly signature: Uint8Array;
}

/** What a format reads from an envelope before the rules that hold for both formats are applied. */
export interface UncheckedContent {
  readonly payload: EnvelopeContent['payload'];
  readonly claims: Claims;
  readonly unsignedAttributes: UnsignedAttributes;
  /** DER, leaf first. */
  readonly certificates: readonly Uint8Array[];
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/** Signed attributes as a format reads them. */
export interface Claims {
  readonly signingScheme: SigningScheme;
  /** Of the claim that belongs to the scheme. */
  readonly signingTime: Instant | undefined;
  readonly expiry: Instant | undefined;
  readonly extended: readonly ExtendedAttribute[];
}

/** A parsed envelope of some format. Nothing in it has been verified. */
export interface ParsedEnvelope {
  /**
   * Checks the signature with the key of the leaf certificate. Throws `envelope-invalid` or `envelope-integrity`. The salt
   * of an RSASSA-PSS signature is what the format's reference takes: any in JWS, as long as the hash in COSE.
   */
  verifySignature(): void;
  /** Whether the signature verifies when the salt must be as long as the hash, in either format (RFC 7518 3.5). */
  hasPrescribedSalt(): boolean;
  /** Reads all that the envelope claims. Throws `envelope-invalid` or `algorithm-unsupported`. */
  readContent(): UncheckedContent;
}

declare const verified: unique symbol;

/** Content whose signature, attributes and chain rules have been checked; only `verifyIntegrity` makes it. */
export type VerifiedEnvelope = EnvelopeContent & { readonly [verified]: true };
