// SPDX-License-Identifier: Apache-2.0
import type { EnvelopeMediaType, ExtendedAttribute, SigningScheme, VerifiedEnvelope } from '../envelope/content.ts';
import { payloadMediaType } from '../envelope/content.ts';
import { parseEnvelope, verifyIntegrity } from '../envelope/envelope.ts';
import { NotaryError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { readCountersignature, verifyCountersignature } from '../timestamp/countersignature.ts';
import type { Certificate, CertificateChain } from '../x509/certificate.ts';
import { readPayload } from './target-artifact.ts';

/** A signature that is about to be made. */
export interface SignatureWish {
  readonly mediaType: EnvelopeMediaType;
  /** What is signed, with user metadata among its annotations. */
  readonly descriptor: Descriptor;
  /** Leaf first. */
  readonly certificateChain: CertificateChain;
  readonly signingScheme: SigningScheme;
  /** Signed attributes beyond the standard ones. */
  readonly extended: readonly ExtendedAttribute[];
  /** Whole seconds from signing to expiry; 0: it does not expire. */
  readonly lifetimeSeconds: number;
  /** Roots of the timestamp authority; undefined: no timestamp is wanted. */
  readonly timestampRoots: readonly Certificate[] | undefined;
  readonly now: Date;
}

/**
 * A signature is near its end when less than this share of the lifetime that is asked for is left of it: a daily job with an
 * expiry of three days signs anew in time. The end of the certificate does not count: a new signature has the same.
 */
const renewalShare = 1 / 3;

/** What was found of a stored signature. */
export type SameSignature = { readonly envelope: VerifiedEnvelope } | { readonly difference: string };

/**
 * Whether a stored signature makes a new one superfluous: it verifies, was made with the same certificate chain for the same
 * artifact and user metadata in the same format, and lasts. Its own claims are trusted only after the signature has been
 * verified with the certificate that is to sign.
 */
export function compareSignature(
  { mediaType, bytes }: { readonly mediaType: string; readonly bytes: Uint8Array },
  wish: SignatureWish,
): SameSignature {
  if (mediaType !== wish.mediaType) return { difference: `its format is ${mediaType}` };
  try {
    const envelope = verifyIntegrity(parseEnvelope(mediaType, bytes));
    const difference = findDifference(envelope, wish);
    return difference === undefined ? { envelope } : { difference };
  } catch (thrown) {
    if (thrown instanceof NotaryError) return { difference: `it does not verify: ${thrown.message}` };
    throw thrown;
  }
}

/** Throws `timestamp-invalid` for a timestamp that is wanted and does not verify. */
function findDifference(envelope: VerifiedEnvelope, wish: SignatureWish): string | undefined {
  const { signedAttributes, certificateChain } = envelope;
  if (!sameChain(certificateChain, wish.certificateChain)) return 'it was made with other certificates';
  if (signedAttributes.signingScheme !== wish.signingScheme) return 'its signing scheme is another one';
  if (keysOf(signedAttributes.extended) !== keysOf(wish.extended)) return 'it has other signed attributes';
  return findOtherTarget(envelope, wish) ?? findEnd(envelope, wish) ?? findWithoutTime(envelope, wish);
}

function sameChain(chain: CertificateChain, wanted: CertificateChain): boolean {
  return (
    chain.length === wanted.length &&
    chain.every(({ der }, index) => equalBytes(der, wanted[index]?.der ?? new Uint8Array()))
  );
}

function keysOf(attributes: readonly ExtendedAttribute[]): string {
  return JSON.stringify(attributes.map(({ key, critical }) => `${typeof key} ${key} ${critical}`).sort());
}

function findOtherTarget(envelope: VerifiedEnvelope, { descriptor }: SignatureWish): string | undefined {
  if (envelope.payload.contentType !== payloadMediaType) return 'its payload is of another type';
  const payload = readPayload(envelope);
  if ('error' in payload) return payload.error;
  const { mediaType, digest, size, annotations } = payload.targetArtifact;
  if (mediaType !== descriptor.mediaType || digest !== descriptor.digest || size !== descriptor.size) {
    return 'it is about another artifact';
  }
  const wanted = Object.entries(descriptor.annotations ?? {});
  const same = wanted.length === annotations.size && wanted.every(([key, value]) => annotations.get(key) === value);
  return same ? undefined : 'its user metadata is another one';
}

function findEnd(
  { signedAttributes: { expiry } }: VerifiedEnvelope,
  { lifetimeSeconds, now }: SignatureWish,
): string | undefined {
  if (expiry === undefined) return lifetimeSeconds === 0 ? undefined : 'it does not expire';
  if (lifetimeSeconds === 0) return 'it expires';
  const left = (expiry.date.getTime() - now.getTime()) / 1000;
  if (left < lifetimeSeconds * renewalShare) return 'it has expired or is near its end';
  return left > lifetimeSeconds ? 'it expires later' : undefined;
}

/** A timestamp makes the signature outlive its certificates; without one they must be valid now. */
function findWithoutTime(
  { certificateChain, unsignedAttributes, signature }: VerifiedEnvelope,
  { timestampRoots, now }: SignatureWish,
): string | undefined {
  const { timestampSignature } = unsignedAttributes;
  if (timestampRoots !== undefined) {
    if (timestampSignature === undefined) return 'it has no timestamp';
    verifyCountersignature(readCountersignature(timestampSignature, signature), timestampRoots, certificateChain);
    return undefined;
  }
  const valid = certificateChain.every(({ notBefore, notAfter }) => notBefore <= now && now <= notAfter);
  return valid ? undefined : 'a certificate of it is not valid now';
}
