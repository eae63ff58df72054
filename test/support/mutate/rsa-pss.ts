// SPDX-License-Identifier: Apache-2.0
import { constants, createHash, type KeyObject, privateEncrypt } from 'node:crypto';

/** RSASSA-PSS (RFC 8017, 9.1.1) with a salt of zeros, so that the same seed gives the same bytes. */
export function signPssRepeatably(key: KeyObject, hash: string, saltLength: number, data: Uint8Array): Uint8Array {
  const bits = (key.asymmetricKeyDetails?.modulusLength ?? 0) - 1;
  const size = Math.ceil(bits / 8);
  const salt = Buffer.alloc(saltLength);
  const digest = digestOf(hash, Buffer.concat([Buffer.alloc(8), digestOf(hash, data), salt]));
  const block = Buffer.concat([Buffer.alloc(size - saltLength - digest.length - 2), Buffer.of(1), salt]);
  const mask = maskOf(hash, digest, block.length);
  const masked = block.map((byte, index) => byte ^ (mask[index] ?? 0));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * size - bits));
  const encoded = Buffer.concat([masked, digest, Buffer.of(0xbc)]);
  return new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded));
}

/** MGF1 (RFC 8017, B.2.1). */
function maskOf(hash: string, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0, made = 0; made < length; counter++) {
    const block = digestOf(hash, Buffer.concat([seed, Buffer.of(0, 0, 0, counter)]));
    blocks.push(block);
    made += block.length;
  }
  return Buffer.concat(blocks);
}

function digestOf(hash: string, data: Uint8Array): Buffer {
  return createHash(hash).update(data).digest();
}
