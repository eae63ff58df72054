// SPDX-License-Identifier: Apache-2.0
import { constants, createPublicKey, publicEncrypt, randomBytes, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { algorithmOfKeySpec, signatureAlgorithms } from '../../../shared/envelope/algorithm.ts';
import {
  hasUsableExponent,
  signBytes,
  verifySignature,
  type VerifyOptions,
} from '../../../shared/primitives/crypto.ts';
import { keysFor } from '../../fakes/keys.ts';

const data = randomBytes(200);
const digestSalt = { saltLength: 'digest' } as const;
const anySalt = { saltLength: 'auto' } as const;

describe.each(signatureAlgorithms)('$jws', (algorithm) => {
  const keys = keysFor(algorithm.keySpec, 'crypto');
  const signature = signBytes(algorithm, keys.privateKey, data);
  const verifies = (bytes: Uint8Array, content: Uint8Array = data, options: VerifyOptions = digestSalt) =>
    verifySignature(algorithm, keys.publicKey, content, bytes, options);

  it('verifies what it has signed', () => {
    expect(signature).toHaveLength(algorithm.signatureSize);
    expect(verifies(signature)).toBe(true);
    expect(verifies(signature, data, anySalt)).toBe(true);
  });

  it('refuses other data, and changed signatures', () => {
    expect(verifies(signature, data.subarray(1))).toBe(false);
    for (let position = 0; position < signature.length; position += 7) {
      const changed = signature.map((byte, index) => (index === position ? byte ^ 1 : byte));
      expect(verifies(changed)).toBe(false);
    }
  });

  it('refuses signatures of another length', () => {
    expect(verifies(signature.subarray(1))).toBe(false);
    expect(verifies(Uint8Array.of(...signature, 0))).toBe(false);
    expect(verifies(Uint8Array.of(0, ...signature))).toBe(false);
    expect(verifies(new Uint8Array())).toBe(false);
    expect(verifies(new Uint8Array(algorithm.signatureSize))).toBe(false);
    expect(verifies(new Uint8Array(algorithm.signatureSize).fill(0xff))).toBe(false);
  });

  it('refuses the keys of other algorithms', () => {
    for (const other of signatureAlgorithms) {
      if (other === algorithm) continue;
      const { publicKey } = keysFor(other.keySpec, 'crypto');
      expect(verifySignature(algorithm, publicKey, data, signature, anySalt)).toBe(false);
    }
  });
});

describe('RSASSA-PSS', () => {
  const algorithm = algorithmOfKeySpec('RSA-2048');
  const { privateKey, publicKey } = keysFor('RSA-2048', 'crypto');
  const padding = constants.RSA_PKCS1_PSS_PADDING;

  it.each([0, 20, 64])('takes a salt of %i bytes only where any salt will do', (saltLength) => {
    const signature = sign('sha256', data, { key: privateKey, padding, saltLength });
    expect(verifySignature(algorithm, publicKey, data, signature, digestSalt)).toBe(false);
    expect(verifySignature(algorithm, publicKey, data, signature, anySalt)).toBe(true);
  });

  it('signs with a salt as long as the hash', () => {
    const signature = signBytes(algorithm, privateKey, data);
    expect(verify('sha256', data, { key: publicKey, padding, saltLength: 32 }, signature)).toBe(true);
  });

  it('refuses PKCS #1 v1.5, and another hash', () => {
    expect(verifySignature(algorithm, publicKey, data, sign('sha256', data, privateKey), anySalt)).toBe(false);
    const sha384 = sign('sha384', data, { key: privateKey, padding, saltLength: 48 });
    expect(verifySignature(algorithm, publicKey, data, sha384, anySalt)).toBe(false);
  });

  const withExponent = (e: string) =>
    createPublicKey({ key: { ...publicKey.export({ format: 'jwk' }), e }, format: 'jwk' });

  it('refuses the exponent one, with which an encoded message is its own signature', () => {
    const signature = signBytes(algorithm, privateKey, data);
    const encoded = publicEncrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature);
    const key = withExponent('AQ');
    expect(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, encoded)).toEqual(encoded);
    expect(verifySignature(algorithm, key, data, encoded, anySalt)).toBe(false);
  });

  it.each(['Ag', 'AQAA', 'gAAAAQ'])('refuses the exponent %s, even or beyond 31 bits', (e) => {
    expect(hasUsableExponent(withExponent(e))).toBe(false);
    expect(hasUsableExponent(publicKey)).toBe(true);
  });
});

it('refuses an ECDSA signature in DER', () => {
  const { privateKey, publicKey } = keysFor('EC-256', 'crypto');
  expect(
    verifySignature(algorithmOfKeySpec('EC-256'), publicKey, data, sign('sha256', data, privateKey), anySalt),
  ).toBe(false);
});
