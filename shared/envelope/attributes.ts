// SPDX-License-Identifier: Apache-2.0
import { compareInstants, dateOfInstant, type Instant, isZeroInstant } from '../primitives/instant.ts';
import { type Certificate, type CertificateChain, parseChain } from '../x509/certificate.ts';
import { validateCodeSigningChain } from '../x509/chain.ts';
import { algorithmOfKeySpec, type SignatureAlgorithm, signatureAlgorithms } from './algorithm.ts';
import type {
  ClaimedTime,
  Claims,
  EnvelopeContent,
  EnvelopeMediaType,
  SignedAttributes,
  UncheckedContent,
} from './content.ts';
import { invalidEnvelope, readingEnvelope } from './envelope-error.ts';

// Rules that hold for both formats, written once around them (notation-core-go `signature/internal/base/envelope.go`).

/** Names of claims, the same in both formats (specs/signature-envelope-jws.md, -cose.md). */
export const claimNames = {
  signingScheme: 'io.cncf.notary.signingScheme',
  signingTime: 'io.cncf.notary.signingTime',
  authenticSigningTime: 'io.cncf.notary.authenticSigningTime',
  expiry: 'io.cncf.notary.expiry',
  timestampSignature: 'io.cncf.notary.timestampSignature',
  signingAgent: 'io.cncf.notary.signingAgent',
} as const;

/** Applies the rules of the specification to what a format has read. Throws `envelope-invalid`. */
export function checkContent(mediaType: EnvelopeMediaType, content: UncheckedContent): EnvelopeContent {
  const { payload, claims, unsignedAttributes, algorithm, signature } = content;
  const certificateChain = readChain(content.certificates);
  if (payload.content.length === 0) throw invalidEnvelope('content not present');
  if (signature.length === 0) throw invalidEnvelope('signature not present or is empty');
  const signedAttributes = checkTimes(claims);
  checkChain(certificateChain, undefined, algorithm);
  return { mediaType, payload, signedAttributes, unsignedAttributes, certificateChain, algorithm, signature };
}

/** The certificates of an envelope; the first that is malformed is the error. */
function readChain(certificates: readonly Uint8Array[]): CertificateChain {
  if (certificates.length === 0) throw invalidEnvelope('certificate-chain not present or is empty');
  return readingEnvelope(() => parseChain(certificates));
}

/** Signing time present, expiry after it; the zero time stands for an absent one. */
function checkTimes(claims: Claims): SignedAttributes {
  const { signingScheme, extended } = claims;
  const { signingTime, expiry } = presentTimes(claims.signingTime, claims.expiry);
  const common = { expiry: expiry && claimedTime(expiry), extended };
  return signingScheme === 'notary.x509'
    ? { signingScheme, signingTime: claimedTime(signingTime), ...common }
    : { signingScheme, authenticSigningTime: claimedTime(signingTime), ...common };
}

/** The times without zero ones. Throws `envelope-invalid` (also when signing, as the reference does). */
export function presentTimes(
  signingTime: Instant | undefined,
  expiry: Instant | undefined,
): { signingTime: Instant; expiry: Instant | undefined } {
  if (signingTime === undefined || isZeroInstant(signingTime)) throw invalidEnvelope('signing-time not present');
  if (expiry === undefined || isZeroInstant(expiry)) return { signingTime, expiry: undefined };
  if (compareInstants(expiry, signingTime) <= 0) {
    throw invalidEnvelope('expiry cannot be equal or before the signing time');
  }
  return { signingTime, expiry };
}

function claimedTime(instant: Instant): ClaimedTime {
  const isLater = instant.nanoseconds % 1_000_000 > 0;
  return { date: dateOfInstant(instant), offsetMinutes: instant.offsetMinutes, ...(isLater ? { isLater } : {}) };
}

/**
 * The rules for a code-signing chain, at a time only when signing, and the algorithm of the leaf key. Throws
 * `envelope-invalid`.
 */
export function checkChain(
  chain: CertificateChain,
  signingTime: Date | undefined,
  algorithm: SignatureAlgorithm,
): void {
  // a signer from outside the type system may give none
  if ((chain as readonly Certificate[]).length === 0) {
    throw invalidEnvelope('certificate-chain not present or is empty');
  }
  readingEnvelope(() => {
    validateCodeSigningChain(chain, signingTime);
  }, 'certificate-chain is invalid, ');
  const derived = algorithmOfLeaf(chain[0]);
  if (derived !== algorithm) {
    throw invalidEnvelope(
      `mismatch between signature algorithm derived from signing certificate (${numberOf(derived)}) ` +
        `and signing algorithm specified (${numberOf(algorithm)}s)`,
    );
  }
}

/** The one algorithm that a certificate's key signs with. Throws `envelope-invalid` for an unsupported key. */
export function algorithmOfLeaf(leaf: Certificate): SignatureAlgorithm {
  if (leaf.keySpec === undefined) throw invalidEnvelope(leaf.keySpecError ?? 'unsupported public key type');
  return algorithmOfKeySpec(leaf.keySpec);
}

/** notation-core-go prints algorithms as numbers, PS256 = 1 to ES512 = 6. */
function numberOf(algorithm: SignatureAlgorithm): number {
  return signatureAlgorithms.indexOf(algorithm) + 1;
}
