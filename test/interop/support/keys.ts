// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../fixtures/vectors/keys');

/** A signing key of the vectors: leaf, intermediate and root, valid until 2044, without revocation addresses. */
export interface SigningKey {
  readonly name: string;
  /** JWS `alg` that its key spec demands. */
  readonly algorithm: string;
  /** Files in PEM. */
  readonly privateKey: string;
  readonly certificateChain: string;
  readonly root: string;
}

/** One key of each of the six types. */
export const signingKeys: readonly SigningKey[] = [
  key('rsa2048', 'PS256'),
  key('rsa3072', 'PS384'),
  key('rsa4096', 'PS512'),
  key('p256', 'ES256'),
  key('p384', 'ES384'),
  key('p521', 'ES512'),
];

/** The key of a type. */
export function signingKey(name: string): SigningKey {
  const found = signingKeys.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no key ${name}`);
  return found;
}

/** A self-signed signing certificate, and its key. */
export const selfSignedKey: Omit<SigningKey, 'algorithm' | 'root'> = {
  name: 'self-p256',
  privateKey: join(folder, 'self-p256/leaf.key'),
  certificateChain: join(folder, 'self-p256/chain.pem'),
};

function key(name: string, algorithm: string): SigningKey {
  return {
    name,
    algorithm,
    privateKey: join(folder, name, 'leaf.key'),
    certificateChain: join(folder, name, 'chain.pem'),
    root: join(folder, name, 'root.crt'),
  };
}
