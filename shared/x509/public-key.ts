// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import { NotaryError } from '../errors.ts';
import { DerReader, rightAligned, tag } from '../primitives/asn1.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { parseAlgorithmIdentifier, type AlgorithmIdentifier } from './algorithm-identifier.ts';

/** A key that can sign (signature-specification "Algorithm selection"). */
export type KeySpec = 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'EC-256' | 'EC-384' | 'EC-521';

/** What a SubjectPublicKeyInfo holds. */
export interface SubjectPublicKey {
  /** Go's name of the key's type, for messages; undefined for a type that Go does not know. */
  readonly goType: string | undefined;
  /** Undefined for types that verify nothing here (DSA and unknown ones). */
  readonly publicKey: KeyObject | undefined;
  readonly keySpec: KeySpec | undefined;
  readonly keySpecError: string | undefined;
}

const oid = { rsa: '1.2.840.113549.1.1.1', dsa: '1.2.840.10040.4.1', ec: '1.2.840.10045.2.1', ed25519: '1.3.101.112' };

interface Curve {
  readonly bits: number;
  readonly keySpec: KeySpec | undefined;
  /**
   * A SubjectPublicKeyInfo up to the point. It is put together anew, because what stands in a certificate may have more in
   * it than OpenSSL takes, though Go does.
   */
  readonly header: Buffer;
}

function curve(bits: number, keySpec: KeySpec | undefined, header: string): Curve {
  return { bits, keySpec, header: Buffer.from(header, 'hex') };
}

/** Named curves that Go knows (RFC 5480, 2.1.1.1), by their dotted identifier. */
const curves: ReadonlyMap<string, Curve> = new Map([
  ['1.3.132.0.33', curve(224, undefined, '304e301006072a8648ce3d020106052b81040021033a00')],
  ['1.2.840.10045.3.1.7', curve(256, 'EC-256', '3059301306072a8648ce3d020106082a8648ce3d030107034200')],
  ['1.3.132.0.34', curve(384, 'EC-384', '3076301006072a8648ce3d020106052b81040022036200')],
  ['1.3.132.0.35', curve(521, 'EC-521', '30819b301006072a8648ce3d020106052b8104002303818600')],
]);

/** Reads a SubjectPublicKeyInfo as Go does: a known type must be well-formed, an unknown one is passed over. */
export function parseSubjectPublicKeyInfo(encoded: Uint8Array): SubjectPublicKey {
  const info = new DerReader(encoded).enter(tag.sequence, 'x509: malformed spki');
  const algorithm = parseAlgorithmIdentifier(
    info.content(tag.sequence, 'x509: malformed public key algorithm identifier'),
  );
  const data = rightAligned(info.bitString('x509: malformed subjectPublicKey'));
  switch (algorithm.algorithm) {
    case oid.rsa:
      return rsaKey(algorithm, data);
    case oid.ec:
      return ecKey(algorithm, data);
    case oid.ed25519:
      return ed25519Key(algorithm, data);
    case oid.dsa:
      return dsaKey(algorithm, data);
    default:
      return unsupported(undefined, undefined);
  }
}

function unsupported(goType: string | undefined, publicKey: KeyObject | undefined): SubjectPublicKey {
  return { goType, publicKey, keySpec: undefined, keySpecError: 'unsupported public key type' };
}

function rsaKey({ parameters }: AlgorithmIdentifier, data: Uint8Array): SubjectPublicKey {
  if (!equalBytes(parameters, Uint8Array.of(tag.null, 0))) throw malformed('x509: RSA key missing NULL parameters');
  const key = new DerReader(data).enter(tag.sequence, 'x509: invalid RSA public key');
  const modulus = key.integer('x509: invalid RSA modulus');
  const exponent = key.int64('x509: invalid RSA public exponent');
  if (modulus <= 0n) throw malformed('x509: RSA modulus is not a positive number');
  if (exponent <= 0n) throw malformed('x509: RSA public exponent is not a positive number');

  const n = unsignedBytes(modulus);
  const publicKey = importKey({
    key: { kty: 'RSA', n: n.toString('base64url'), e: unsignedBytes(exponent).toString('base64url') },
    format: 'jwk',
  });
  const goType = '*rsa.PublicKey';
  const bits = 8 * n.length;
  if (publicKey !== undefined && (bits === 2048 || bits === 3072 || bits === 4096)) {
    return { goType, publicKey, keySpec: `RSA-${bits}`, keySpecError: undefined };
  }
  return { goType, publicKey, keySpec: undefined, keySpecError: `rsa key size ${bits} bits is not supported` };
}

function ecKey({ parameters }: AlgorithmIdentifier, point: Uint8Array): SubjectPublicKey {
  const curve = curves.get(new DerReader(parameters).objectIdentifier('x509: invalid ECDSA parameters'));
  if (curve === undefined) throw malformed('x509: unsupported elliptic curve');
  // RFC 5480 section 2.2 also allows compressed points, Go does not
  const uncompressed = point[0] === 4 && point.length === 1 + 2 * Math.ceil(curve.bits / 8);
  const info = Buffer.concat([curve.header, point]);
  const publicKey = uncompressed ? importKey({ key: info, format: 'der', type: 'spki' }) : undefined;
  if (publicKey === undefined) throw malformed(`x509: invalid P-${curve.bits} public key: point is not on the curve`);
  const keySpecError = curve.keySpec === undefined ? `ecdsa key size ${curve.bits} bits is not supported` : undefined;
  return { goType: '*ecdsa.PublicKey', publicKey, keySpec: curve.keySpec, keySpecError };
}

function ed25519Key({ parameters }: AlgorithmIdentifier, data: Uint8Array): SubjectPublicKey {
  if (parameters.length > 0) throw malformed('x509: Ed25519 key encoded with illegal parameters');
  if (data.length !== 32) throw malformed('x509: wrong Ed25519 public key size');
  const key = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(data).toString('base64url') };
  return unsupported('ed25519.PublicKey', importKey({ key, format: 'jwk' }));
}

function dsaKey({ parameters }: AlgorithmIdentifier, data: Uint8Array): SubjectPublicKey {
  const y = new DerReader(data).integer('x509: invalid DSA public key');
  const domain = new DerReader(parameters).enter(tag.sequence, 'x509: invalid DSA parameters');
  const [p, q, g] = [0, 1, 2].map(() => domain.integer('x509: invalid DSA parameters'));
  if ([y, p, q, g].some((value = 0n) => value <= 0n)) throw malformed('x509: zero or negative DSA parameter');
  return unsupported('*dsa.PublicKey', undefined);
}

/** Undefined when OpenSSL does not take the key, such as a point that is not on its curve. */
function importKey(key: Parameters<typeof createPublicKey>[0]): KeyObject | undefined {
  try {
    return createPublicKey(key);
  } catch {
    return undefined;
  }
}

function unsignedBytes(value: bigint): Buffer {
  const digits = value.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
}

function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}
