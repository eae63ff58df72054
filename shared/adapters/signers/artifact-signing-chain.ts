// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import { algorithmOfKeySpec } from '../../envelope/algorithm.ts';
import { verifySignature } from '../../primitives/crypto.ts';
import { quote } from '../../primitives/quote.ts';
import { parseCertificates, type Certificate, type CertificateChain } from '../../x509/certificate.ts';
import { parsePkcs7Certificates } from '../../x509/pkcs7-certificates.ts';
import { findChain } from './azure-key-vault-chain.ts';

/** The only key that the service has (KEY 4.1). */
export const signingKeySpec = 'RSA-3072';

/** How often base64 may be wrapped in base64: the service does it twice, its specification says once. */
const maxEncodings = 3;

/** Certificates of an answer: a chain has four. */
const maxCertificates = 32;

/**
 * The certificates of `signingCertificate`: PKCS #7 or certificates in DER, in base64 once or twice, with or without line
 * breaks (KEY 4.2). Throws `artifact-signing-failed`.
 */
export function decodeSigningCertificate(text: string): Certificate[] {
  let bytes: Uint8Array = Buffer.from(text, 'latin1');
  for (let encodings = 0; bytes[0] !== sequenceTag; encodings++) {
    const inner = Buffer.from(bytes)
      .toString('latin1')
      .replace(/-----[A-Z0-9 ]{1,40}-----/g, '')
      .replace(/\s+/g, '');
    if (encodings === maxEncodings || !/^[A-Za-z0-9+/]+={0,2}$/.test(inner)) throw unusable('it is not base64 of them');
    bytes = Buffer.from(inner, 'base64');
  }
  try {
    const certificates = isPkcs7(bytes) ? parsePkcs7Certificates(bytes) : parseCertificates(bytes);
    if (certificates.length > 0 && certificates.length <= maxCertificates) return certificates;
  } catch (error) {
    throw unusable(messageOf(error), error);
  }
  throw unusable('there are none, or too many');
}

/** Base64 of it begins with `M`, base64 of that with `T`: no text is taken for a SEQUENCE. */
const sequenceTag = 0x30;

/** A ContentInfo begins with an OBJECT IDENTIFIER, a certificate with a SEQUENCE. */
function isPkcs7(der: Uint8Array): boolean {
  const length = der[1] ?? 0;
  const contentStart = length < 0x80 ? 2 : 2 + (length & 0x7f);
  return der[contentStart] === 0x06;
}

/**
 * The chain behind a signature, whatever the order of the certificates: its leaf is the one whose key made the signature.
 * Throws `artifact-signing-failed`, `key-unsupported` or `chain-invalid`.
 */
export function chainOfSignature(
  certificates: readonly Certificate[],
  toBeSigned: Uint8Array,
  signature: Uint8Array,
): CertificateChain {
  const candidates = certificates.filter(({ keySpec }) => keySpec === signingKeySpec);
  if (candidates.length === 0) {
    const [first] = certificates;
    throw new NotaryError(
      'key-unsupported',
      `Azure Artifact Signing answered with the certificate of ${quote(first?.subject ?? '')}, and no certificate of the answer has an ${signingKeySpec} key`,
      { hint: 'This version signs with RSA-3072 keys, the only ones that the service is known to have.' },
    );
  }
  const algorithm = algorithmOfKeySpec(signingKeySpec);
  if (signature.length !== algorithm.signatureSize) {
    throw failed(
      `Azure Artifact Signing gave a signature of ${signature.length} bytes where ${algorithm.jws} has ${algorithm.signatureSize}`,
    );
  }
  const leaf = candidates.find(
    ({ publicKey }) =>
      publicKey !== undefined && verifySignature(algorithm, publicKey, toBeSigned, signature, { saltLength: 'digest' }),
  );
  if (leaf === undefined) {
    throw failed('the signature of Azure Artifact Signing does not verify with any certificate of its answer');
  }
  const others = certificates.filter((certificate) => certificate !== leaf);
  return findChain(leaf, others, 'the answer of Azure Artifact Signing', profileHint).chain;
}

const profileHint =
  'Check the certificate profile: its type must be Public Trust or Private Trust, which sign with a whole chain.';

function failed(message: string): NotaryError {
  return new NotaryError('artifact-signing-failed', message, {
    hint: 'Run the step again; if it goes on, check the certificate profile in the Azure portal.',
  });
}

function unusable(reason: string, cause?: unknown): NotaryError {
  return new NotaryError(
    'artifact-signing-failed',
    `the certificates in the answer of Azure Artifact Signing cannot be read: ${reason}`,
    { hint: 'Run the step again; if it goes on, check the certificate profile in the Azure portal.', cause },
  );
}
