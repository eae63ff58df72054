// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** Key types of tests: the six that sign for Notary Project, and some that do not. */
export type TestKeyType =
  | 'RSA-1024'
  | 'RSA-2048'
  | 'RSA-3072'
  | 'RSA-4096'
  | 'RSA-5120'
  | 'EC-224'
  | 'EC-256'
  | 'EC-384'
  | 'EC-521'
  | 'Ed25519';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const curves: Readonly<Record<string, string>> = {
  'EC-224': 'secp224r1',
  'EC-256': 'prime256v1',
  'EC-384': 'secp384r1',
  'EC-521': 'secp521r1',
};

/** A new key pair. */
export function generateKeys(type: TestKeyType): KeyPair {
  const namedCurve = curves[type];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve });
  if (type === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: Number(type.slice('RSA-'.length)) });
}

const pool = new Map<string, KeyPair>();

/** The key pair of this process for a type and a role: large RSA keys take seconds to make. */
export function keysFor(type: TestKeyType, role: string): KeyPair {
  const name = `${type} ${role}`;
  const found = pool.get(name) ?? generateKeys(type);
  pool.set(name, found);
  return found;
}
