// SPDX-License-Identifier: Apache-2.0
import { createECDH, createHash, type KeyObject } from 'node:crypto';

interface Curve {
  readonly name: string;
  /** DER of the named curve's OID, in hexadecimal. */
  readonly oid: string;
  readonly order: bigint;
  /** Bytes of a scalar. */
  readonly size: number;
}

const curves: Readonly<Record<string, Curve>> = {
  'EC-224': {
    name: 'secp224r1',
    oid: '06052b81040021',
    order: 0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3dn,
    size: 28,
  },
  'EC-256': {
    name: 'prime256v1',
    oid: '06082a8648ce3d030107',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    size: 32,
  },
  'EC-384': {
    name: 'secp384r1',
    oid: '06052b81040022',
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    size: 48,
  },
  'EC-521': {
    name: 'secp521r1',
    oid: '06052b81040023',
    order:
      0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    size: 66,
  },
};

export function curveOf(type: string): Curve {
  const curve = curves[type];
  if (curve === undefined) throw new Error(`no curve ${type}`);
  return curve;
}

interface Signing {
  readonly curve: Curve;
  readonly scalar: bigint;
  readonly r: bigint;
  readonly nonceInverse: bigint;
}

const signings = new WeakMap<KeyObject, Signing>();

/** Remembers how to sign with a key. */
export function registerScalar(key: KeyObject, type: string, scalar: bigint): void {
  const curve = curveOf(type);
  const nonce = (scalar ^ 0x5eedn) % curve.order;
  const pair = createECDH(curve.name);
  pair.setPrivateKey(Buffer.from(nonce.toString(16).padStart(2 * curve.size, '0'), 'hex'));
  const x = BigInt(
    `0x${pair
      .getPublicKey()
      .subarray(1, 1 + curve.size)
      .toString('hex')}`,
  );
  signings.set(key, { curve, scalar, r: x % curve.order, nonceInverse: inverse(nonce, curve.order) });
}

/**
 * Signs with always the same nonce, so that the same seed gives the same bytes (and faster than with a new nonce). It would
 * give away any key that is worth something: those of mutants are known anyway. Undefined for keys that are not registered.
 */
export function signRepeatably(
  key: KeyObject,
  hash: string,
  data: Uint8Array,
  encoding: 'der' | 'ieee-p1363',
): Uint8Array | undefined {
  const signing = signings.get(key);
  if (signing === undefined) return undefined;
  const { curve, scalar, r, nonceInverse } = signing;
  const digest = createHash(hash).update(data).digest();
  const excess = BigInt(Math.max(0, 8 * digest.length - curve.order.toString(2).length));
  const z = BigInt(`0x${digest.toString('hex')}`) >> excess;
  const s = (nonceInverse * (z + r * scalar)) % curve.order;
  const [rHex, sHex] = [r, s].map((value) => value.toString(16).padStart(2 * curve.size, '0')) as [string, string];
  if (encoding === 'ieee-p1363') return new Uint8Array(Buffer.from(rHex + sHex, 'hex'));
  const content = Buffer.concat([derInteger(r), derInteger(s)]);
  const head = content.length < 128 ? [0x30, content.length] : [0x30, 0x81, content.length];
  return new Uint8Array(Buffer.concat([Buffer.from(head), content]));
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const positive = /^[89a-f]/.test(even) ? `00${even}` : even;
  return Buffer.concat([Buffer.from([2, positive.length / 2]), Buffer.from(positive, 'hex')]);
}

/** The inverse of a number modulo another (extended Euclid). */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b, x, y] = [b % a, a, y - quotient * x, x];
  }
  return ((x % modulus) + modulus) % modulus;
}
