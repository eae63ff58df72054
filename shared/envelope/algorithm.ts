// SPDX-License-Identifier: Apache-2.0
import type { KeySpec } from '../x509/certificate.ts';

/** All facts about one signature algorithm. */
export interface SignatureAlgorithm {
  readonly keySpec: KeySpec;
  /** JWS `alg` (RFC 7518). */
  readonly jws: 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';
  /** COSE `alg` (RFC 9053). */
  readonly cose: number;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly kind: 'rsa-pss' | 'ecdsa';
  /** Bytes of a signature as it stands in an envelope (for ECDSA r‖s). */
  readonly signatureSize: number;
  /** Names in the plugin contract (specs/plugin-extensibility.md). */
  readonly plugin: {
    readonly signingAlgorithm: string;
    readonly hashAlgorithm: string;
  };
}

/** The six algorithms; what is not in this table is not supported. */
export const signatureAlgorithms: readonly SignatureAlgorithm[] = [
  rsa('RSA-2048', 'PS256', -37, 'sha256', 256),
  rsa('RSA-3072', 'PS384', -38, 'sha384', 384),
  rsa('RSA-4096', 'PS512', -39, 'sha512', 512),
  ecdsa('EC-256', 'ES256', -7, 'sha256', 64),
  ecdsa('EC-384', 'ES384', -35, 'sha384', 96),
  ecdsa('EC-521', 'ES512', -36, 'sha512', 132),
];

type Hash = SignatureAlgorithm['hash'];

function rsa(keySpec: KeySpec, jws: SignatureAlgorithm['jws'], cose: number, hash: Hash, size: number) {
  return row('rsa-pss', `RSASSA-PSS-SHA-${hash.slice(3)}`, keySpec, jws, cose, hash, size);
}

function ecdsa(keySpec: KeySpec, jws: SignatureAlgorithm['jws'], cose: number, hash: Hash, size: number) {
  return row('ecdsa', `ECDSA-SHA-${hash.slice(3)}`, keySpec, jws, cose, hash, size);
}

function row(
  kind: SignatureAlgorithm['kind'],
  signingAlgorithm: string,
  keySpec: KeySpec,
  jws: SignatureAlgorithm['jws'],
  cose: number,
  hash: Hash,
  signatureSize: number,
): SignatureAlgorithm {
  const hashAlgorithm = `SHA-${hash.slice(3)}`;
  return { keySpec, jws, cose, hash, kind, signatureSize, plugin: { signingAlgorithm, hashAlgorithm } };
}

/** The row of a key spec. */
export function algorithmOfKeySpec(keySpec: KeySpec): SignatureAlgorithm {
  const found = signatureAlgorithms.find((algorithm) => algorithm.keySpec === keySpec);
  if (found === undefined) throw new Error(`no algorithm for ${keySpec}`);
  return found;
}
