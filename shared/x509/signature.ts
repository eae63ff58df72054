// SPDX-License-Identifier: Apache-2.0
import { constants, verify } from 'node:crypto';
import { NotaryError } from '../errors.ts';
import { DerReader, tag } from '../primitives/asn1.ts';
import { hasUsableExponent, verifies } from '../primitives/crypto.ts';
import type { Certificate } from './certificate.ts';
import { signatureAlgorithmNamed, type CertificateSignatureAlgorithm } from './signature-algorithm.ts';

/**
 * Verifies that a certificate's signature is its parent's, under the rules of Go's `CheckSignatureFrom` (reference 5.2): the
 * parent may sign certificates, and no SHA-1. Names and validity are not looked at. Throws `chain-invalid` in Go's words.
 */
export function verifySignedBy(certificate: Certificate, parent: Certificate): void {
  const { version, basicConstraints, keyUsage = [] } = parent;
  const maySign =
    (version !== 3 || basicConstraints !== undefined) &&
    basicConstraints?.ca !== false &&
    (keyUsage.length === 0 || keyUsage.includes('keyCertSign'));
  if (!maySign) throw invalid('x509: invalid signature: parent certificate cannot sign this kind of certificate');
  checkSignature(certificate, parent, false);
}

/** Verifies a certificate's signature with its own key and nothing else (Go's `CheckSignature`): SHA-1 will do. */
export function verifySelfSigned(certificate: Certificate): void {
  checkSignature(certificate, certificate, true);
}

/** Whether a certificate's signature was made with the key of another one; nothing else of the other is looked at. */
export function isSignedWithKeyOf(certificate: Certificate, other: Certificate): boolean {
  try {
    checkSignature(certificate, other, true);
    return true;
  } catch {
    return false;
  }
}

const unimplemented = 'x509: cannot verify signature: algorithm unimplemented';

function checkSignature(certificate: Certificate, parent: Certificate, allowSha1: boolean): void {
  if (parent.publicKeyType === undefined) throw invalid(unimplemented);
  const algorithm = signatureAlgorithmNamed(certificate.signatureAlgorithm);
  if (algorithm === undefined) throw invalid(unimplemented);
  if (algorithm.hash === 'md5' || (algorithm.hash === 'sha1' && !allowSha1)) {
    throw invalid(`x509: cannot verify signature: insecure algorithm ${algorithm.name}`);
  }
  verifyWith(algorithm, certificate.tbsCertificate, certificate.signature, parent);
}

/**
 * Verifies a signature over data with the key of a certificate, as Go's `Certificate.CheckSignature` does; an RSASSA-PSS salt
 * is as long as the hash. Throws `chain-invalid` in Go's words.
 */
export function verifyWith(
  algorithm: CertificateSignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
  signer: Certificate,
): void {
  const failure = failureOf(algorithm, data, signature, signer);
  if (failure !== undefined) throw invalid(failure);
}

const keyTypes: Readonly<Record<string, CertificateSignatureAlgorithm['keyType']>> = {
  '*rsa.PublicKey': 'RSA',
  '*ecdsa.PublicKey': 'ECDSA',
  'ed25519.PublicKey': 'Ed25519',
};

/** What is wrong with the signature, in Go's words; undefined when it verifies. */
function failureOf(
  { keyType, hash, pss }: CertificateSignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
  { publicKey: key, publicKeyType = '' }: Certificate,
): string | undefined {
  const parentType = keyTypes[publicKeyType];
  if (key === undefined || parentType === undefined) return unimplemented;
  if (parentType !== keyType) {
    return `x509: signature algorithm specifies an ${keyType} public key, but have public key of type ${publicKeyType}`;
  }
  if (keyType === 'Ed25519') {
    return verifies(() => verify(null, data, key, signature)) ? undefined : 'x509: Ed25519 verification failure';
  }
  if (keyType === 'ECDSA') {
    const valid = isMinimalEcdsa(signature) && verifies(() => verify(hash, data, key, signature));
    return valid ? undefined : 'x509: ECDSA verification failure';
  }
  const padding = pss
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { padding: constants.RSA_PKCS1_PADDING };
  const valid = hasUsableExponent(key) && verifies(() => verify(hash, data, { key, ...padding }, signature));
  return valid ? undefined : 'crypto/rsa: verification error';
}

/** Whether the bytes are exactly SEQUENCE { r INTEGER, s INTEGER } in DER, neither of them negative. */
function isMinimalEcdsa(signature: Uint8Array): boolean {
  try {
    const outer = new DerReader(signature);
    const values = outer.enter(tag.sequence, '');
    return values.integer('') >= 0n && values.integer('') >= 0n && values.empty && outer.empty;
  } catch {
    return false;
  }
}

function invalid(problem: string): NotaryError {
  return new NotaryError('chain-invalid', problem);
}
