// SPDX-License-Identifier: Apache-2.0
import { constants, createECDH, createHash, privateEncrypt, randomBytes, type KeyObject } from 'node:crypto';

const curves: Readonly<Record<string, { readonly order: bigint; readonly size: number }>> = {
  prime256v1: { order: BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'), size: 32 },
  secp384r1: {
    order: BigInt('0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973'),
    size: 48,
  },
  secp521r1: {
    order: BigInt(
      '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
    ),
    size: 66,
  },
};

/** A signature of a digest that somebody else made, as key services give it; node:crypto hashes always. */
export function rawSignature(key: KeyObject, algorithm: string, digest: Buffer): Buffer {
  return algorithm.startsWith('ES') ? ecdsa(key, digest) : pss(key, `sha${algorithm.slice(2)}`, digest);
}

/** EMSA-PSS (RFC 8017, 9.1.1) with a salt as long as the hash. */
function pss(key: KeyObject, hash: string, digest: Buffer): Buffer {
  const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const salt = randomBytes(digest.length);
  const h = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const block = Buffer.alloc(size - h.length - 1);
  block[block.length - salt.length - 1] = 1;
  salt.copy(block, block.length - salt.length);
  for (let start = 0, count = 0; start < block.length; start += h.length, count++) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    const mask = createHash(hash).update(h).update(counter).digest();
    for (let i = 0; i < mask.length && start + i < block.length; i++) {
      block[start + i] = (block[start + i] ?? 0) ^ (mask[i] ?? 0);
    }
  }
  block[0] = (block[0] ?? 0) & 0x7f;
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.concat([block, h, Buffer.from([0xbc])]));
}

/** FIPS 186-5, 6.4.1, r‖s; the point of the nonce is the public key of an ECDH pair. */
function ecdsa(key: KeyObject, digest: Buffer): Buffer {
  const name = key.asymmetricKeyDetails?.namedCurve ?? '';
  const { order, size } = curves[name] ?? { order: 1n, size: 0 };
  const d = number(Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'));
  const nonce = (number(randomBytes(size + 8)) % (order - 1n)) + 1n;
  const pair = createECDH(name);
  pair.setPrivateKey(bytes(nonce, size));
  const r = number(pair.getPublicKey().subarray(1, 1 + size)) % order;
  const s = (power(nonce, order - 2n, order) * (number(digest) + r * d)) % order;
  return Buffer.concat([bytes(r, size), bytes(s, size)]);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function number(big: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(big).toString('hex') || '0'}`);
}

function bytes(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
}
