// SPDX-License-Identifier: Apache-2.0
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { algorithmOfKeySpec, type SignatureAlgorithm } from '../../envelope/algorithm.ts';
import { NotaryError, messageOf } from '../../errors.ts';
import type { RawSigner } from '../../ports.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { signBytes } from '../../primitives/crypto.ts';
import { parsePemBlocks } from '../../primitives/pem.ts';
import type { Secret } from '../../primitives/secret.ts';
import { parseCertificate, type Certificate } from '../../x509/certificate.ts';
import { orderChain } from '../../x509/chain-order.ts';
import { normalizePem } from './pem-text.ts';
import { parsePrivateKey } from './private-key.ts';

/** PEM texts of a key and its certificates, leaf first or not. */
export interface LocalKey {
  readonly privateKey: Secret;
  readonly password?: Secret;
  readonly certificateChain: string;
}

// 32 certificates (the most that a chain may have) with room for the text that openssl puts around them.
const maxChainLength = 1024 * 1024;

/**
 * A signer with a key that the user gives as PEM. The key stays inside. Throws `key-unreadable`, `key-unsupported`,
 * `key-mismatch`, `certificate-file` or `chain-invalid`.
 */
export function openLocalKey({ privateKey, password, certificateChain }: LocalKey): RawSigner {
  const { key, keySpec } = parsePrivateKey(privateKey, password);
  const certificates = parseCertificateChain(certificateChain);
  const leaf = findLeaf(createPublicKey(key), certificates);
  const chain = orderChain(
    leaf,
    certificates.filter((certificate) => certificate !== leaf),
  );
  const algorithm = algorithmOfKeySpec(keySpec);
  return {
    kind: 'raw',
    description: `local ${keySpec} key of ${leaf.subject}`,
    keySpec,
    certificateChain: chain,
    sign: async (toBeSigned) => Promise.resolve(signWith(key, algorithm, toBeSigned)),
  };
}

function signWith(key: KeyObject, algorithm: SignatureAlgorithm, toBeSigned: Uint8Array): Uint8Array {
  try {
    return signBytes(algorithm, key, toBeSigned);
  } catch {
    // without the cause: nothing is known of what OpenSSL puts into it
    throw new NotaryError('signing-failed', '{input:privateKey} cannot sign', {
      hint: 'Check the key with: openssl pkey -check -in key.pem',
    });
  }
}

/** All CERTIFICATE blocks, each once; other blocks are passed over, as Go's `tls.X509KeyPair` does. */
function parseCertificateChain(text: string): Certificate[] {
  if (text.length > maxChainLength) throw unreadable('is too long for a certificate chain');
  const blocks = parsePemBlocks(normalizePem(text)).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0) throw unreadable('holds no certificate');
  const certificates: Certificate[] = [];
  for (const [index, { bytes }] of blocks.entries()) {
    if (certificates.some(({ der }) => equalBytes(der, bytes))) continue;
    try {
      certificates.push(parseCertificate(bytes));
    } catch (error) {
      throw unreadable(`cannot be read: certificate ${index + 1}: ${messageOf(error)}`);
    }
  }
  return certificates;
}

function unreadable(problem: string): NotaryError {
  return new NotaryError('certificate-file', `{input:certificateChain} ${problem}`, {
    hint: 'Give the certificates as PEM, each from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----", as text or as the path of a file.',
  });
}

/** The certificate of the key: the first one if it is, as Notation requires, else the only one. */
function findLeaf(publicKey: KeyObject, certificates: readonly Certificate[]): Certificate {
  const matching = certificates.filter((certificate) => certificate.publicKey?.equals(publicKey) === true);
  const [leaf, another] = matching;
  if (leaf === undefined) {
    const keys = certificates.map((each) => `${thumbprintOf(each.publicKey)} (${each.subject})`).join(', ');
    throw mismatch(
      `{input:privateKey} belongs to no certificate of {input:certificateChain}: SHA-256 of its public key is ${thumbprintOf(publicKey)}, of those in the certificates ${keys}`,
      'Give the certificate that was issued for this key, or the key of this certificate.',
    );
  }
  if (another !== undefined && leaf !== certificates[0]) {
    throw mismatch(
      '{input:privateKey} belongs to several certificates of {input:certificateChain}',
      'Leave only the certificate to sign with, or put it first.',
    );
  }
  return leaf;
}

function thumbprintOf(key: KeyObject | undefined): string {
  if (key === undefined) return 'unknown';
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

function mismatch(message: string, hint: string): NotaryError {
  return new NotaryError('key-mismatch', message, { hint });
}
