// SPDX-License-Identifier: Apache-2.0
import { constants, sign, verify, type KeyObject } from 'node:crypto';

/** What an algorithm must say of itself to be used here; `SignatureAlgorithm` of the envelope layer does. */
export interface SigningParameters {
  readonly kind: 'rsa-pss' | 'ecdsa';
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  /** Bytes of a signature; for ECDSA twice the size of the curve's order. */
  readonly signatureSize: number;
}

export interface VerifyOptions {
  /** Which salt an RSASSA-PSS signature may have: as long as the hash, or any (JWS, reference 2.3). */
  readonly saltLength: 'digest' | 'auto';
}

// Go reads no larger exponent (crypto/rsa), and OpenSSL's own limit is far beyond it.
const largestExponent = 2n ** 31n - 1n;

/** Whether an RSA public key is one that Go computes with: an odd exponent from 3 to 2³¹−1. */
export function hasUsableExponent(key: KeyObject): boolean {
  const exponent = key.asymmetricKeyDetails?.publicExponent;
  return exponent !== undefined && exponent >= 3n && exponent <= largestExponent && exponent % 2n === 1n;
}

/** Whether a signature (RSASSA-PSS, or ECDSA r‖s of exactly the curve's size) over the data verifies. Never throws. */
export function verifySignature(
  algorithm: SigningParameters,
  publicKey: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
  { saltLength }: VerifyOptions,
): boolean {
  if (signature.length !== algorithm.signatureSize || !fits(algorithm, publicKey)) return false;
  if (algorithm.kind === 'ecdsa') {
    return verifies(() => verify(algorithm.hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature));
  }
  const salt = saltLength === 'digest' ? constants.RSA_PSS_SALTLEN_DIGEST : constants.RSA_PSS_SALTLEN_AUTO;
  const key = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt };
  return hasUsableExponent(publicKey) && verifies(() => verify(algorithm.hash, data, key, signature));
}

/** RSASSA-PSS with a salt as long as the hash, or ECDSA as r‖s. The key must be of the algorithm's type. */
export function signBytes(algorithm: SigningParameters, privateKey: KeyObject, data: Uint8Array): Uint8Array {
  if (algorithm.kind === 'ecdsa') {
    return new Uint8Array(sign(algorithm.hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  }
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  return new Uint8Array(sign(algorithm.hash, data, { key: privateKey, padding, saltLength }));
}

/** Runs a verification; OpenSSL reports some impossible signatures and keys as errors, which verify nothing. */
export function verifies(attempt: () => boolean): boolean {
  try {
    return attempt();
  } catch {
    return false;
  }
}

/** Otherwise node:crypto would verify with whatever the key's type implies. */
function fits(algorithm: SigningParameters, key: KeyObject): boolean {
  return key.asymmetricKeyType === (algorithm.kind === 'ecdsa' ? 'ec' : 'rsa');
}
