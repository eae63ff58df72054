// SPDX-License-Identifier: Apache-2.0
import {
  checkPrimeSync,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  type ECDH,
  type KeyObject,
} from 'node:crypto';
import { curveOf, inverse, registerScalar } from './ecdsa.ts';
import type { KeyPair } from '../../fakes/keys.ts';

/** Key types of mutants: those that sign for Notary Project, and some that do not. */
export type MutantKeyType = 'EC-224' | 'EC-256' | 'EC-384' | 'EC-521' | 'RSA-1024' | 'RSA-2048' | 'Ed25519';

const made = new Map<string, KeyPair>();

/** The key pair of a type and a role: always the same one, because a mutant must be found again by its seed. */
export function mutantKeys(type: MutantKeyType, role: string): KeyPair {
  const name = `${type} ${role}`;
  const found = made.get(name) ?? makeKeys(type, name);
  made.set(name, found);
  return found;
}

function makeKeys(type: MutantKeyType, name: string): KeyPair {
  const privateKey = makePrivateKey(type, name);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

function makePrivateKey(type: MutantKeyType, name: string): KeyObject {
  if (type === 'RSA-1024' || type === 'RSA-2048') return makeRsaKey(Number(type.slice(4)), name);
  if (type === 'Ed25519') {
    const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
    const der = Buffer.concat([prefix, expand(name, 32)]);
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  }
  const curve = curveOf(type);
  const scalar = (BigInt(`0x${expand(name, 64).toString('hex')}`) % (curve.order - 1n)) + 1n;
  const privateBytes = bytesOf(scalar, curve.size);
  const pair: ECDH = createECDH(curve.name);
  pair.setPrivateKey(privateBytes);
  const key = sec1(curve.oid, privateBytes, pair.getPublicKey());
  const privateKey = createPrivateKey({ key, format: 'der', type: 'sec1' });
  registerScalar(privateKey, type, scalar);
  return privateKey;
}

/** RFC 5915. All lengths but that of the P-521 key are below 128. */
function sec1(oid: string, privateBytes: Buffer, publicBytes: Buffer): Buffer {
  const publicPart = wrap(0xa1, wrap(0x03, Buffer.concat([Buffer.of(0), publicBytes])));
  return wrap(
    0x30,
    Buffer.concat([
      Buffer.from('020101', 'hex'),
      wrap(0x04, privateBytes),
      wrap(0xa0, Buffer.from(oid, 'hex')),
      publicPart,
    ]),
  );
}

function wrap(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head =
    length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

function makeRsaKey(bits: number, name: string): KeyObject {
  const e = 65537n;
  const [p, q] = [findPrime(`${name} p`, bits / 2, e), findPrime(`${name} q`, bits / 2, e)];
  const d = inverse(e, (p - 1n) * (q - 1n));
  const members = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
  const jwk = Object.fromEntries(
    Object.entries(members).map(([key, value]) => [key, bytesOf(value).toString('base64url')]),
  );
  return createPrivateKey({ key: { kty: 'RSA', ...jwk }, format: 'jwk' });
}

/** The first prime after a number that the name gives, with both top bits set so that two make a modulus of full length. */
function findPrime(name: string, bits: number, e: bigint): bigint {
  const start = BigInt(`0x${expand(name, bits / 8).toString('hex')}`) | (3n << BigInt(bits - 2)) | 1n;
  for (let candidate = start; ; candidate += 2n) {
    if (candidate % e !== 1n && checkPrimeSync(candidate)) return candidate;
  }
}

function bytesOf(value: bigint, size?: number): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(size === undefined ? hex.length + (hex.length % 2) : 2 * size, '0'), 'hex');
}

/** As many bytes as wanted that depend on a name only. */
function expand(name: string, size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, index) =>
    createHash('sha512').update(`${name} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}
