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

/** Texts of a key and its certificates, leaf first or not. */
export interface LocalKey {
  /** PEM, or a PKCS#12 file in base64. */
  readonly privateKey: Secret;
  readonly password?: Secret;
  /** PEM; undefined: the certificates stand beside the key. */
  readonly certificateChain: string | undefined;
  /** What messages say instead of the inputs. */
  readonly files?: { readonly privateKey: string; readonly certificateChain: string };
}

// 32 certificates (the most that a chain may have) with room for the text that openssl puts around them.
const maxChainLength = 1024 * 1024;

/**
 * A signer with a key that the user gives. The key stays inside. Throws `key-unreadable`, `key-unsupported`, `key-mismatch`,
 * `input-missing`, `certificate-file` or `chain-invalid`.
 */
export function openLocalKey(key: LocalKey): RawSigner {
  const { files } = key;
  if (files === undefined) return open(key);
  try {
    return open(key);
  } catch (error) {
    if (!(error instanceof NotaryError)) throw error;
    const named = (text: string): string =>
      text
        .replaceAll('{input:privateKey}', files.privateKey)
        .replaceAll('{input:certificateChain}', files.certificateChain);
    throw new NotaryError(
      error.code,
      named(error.message),
      error.hint === undefined ? {} : { hint: named(error.hint) },
    );
  }
}

function open({ privateKey, password, certificateChain }: LocalKey): RawSigner {
  const { key, keySpec, certificates: beside } = parsePrivateKey(privateKey, password);
  const publicKey = createPublicKey(key);
  const certificates = certificatesOf(publicKey, beside, certificateChain);
  const leaf = findLeaf(publicKey, certificates);
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

/** The chain given; those beside the key if none is given, and in addition if the chain lacks the certificate of the key. */
function certificatesOf(key: KeyObject, beside: readonly Uint8Array[], chain: string | undefined): Certificate[] {
  if (chain === undefined) {
    if (beside.length === 0) throw missingChain();
    return parseEach(beside, '{input:privateKey}');
  }
  const given = derOfChain(chain);
  const certificates = parseEach(given, '{input:certificateChain}');
  if (beside.length === 0 || certificates.some((each) => isKeyOf(each, key))) return certificates;
  return parseEach([...given, ...beside], '{input:certificateChain}');
}

/** All CERTIFICATE blocks; other blocks are passed over, as Go's `tls.X509KeyPair` does. */
function derOfChain(text: string): Uint8Array[] {
  if (text.length > maxChainLength) throw unreadable('{input:certificateChain}', 'is too long for a certificate chain');
  const blocks = parsePemBlocks(normalizePem(text)).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0) throw unreadable('{input:certificateChain}', 'holds no certificate');
  return blocks.map(({ bytes }) => bytes);
}

/** Each certificate once. */
function parseEach(encoded: readonly Uint8Array[], source: string): Certificate[] {
  const certificates: Certificate[] = [];
  for (const [index, bytes] of encoded.entries()) {
    if (certificates.some(({ der }) => equalBytes(der, bytes))) continue;
    try {
      certificates.push(parseCertificate(bytes));
    } catch (error) {
      throw unreadable(source, `cannot be read: certificate ${index + 1}: ${messageOf(error)}`);
    }
  }
  return certificates;
}

function missingChain(): NotaryError {
  return new NotaryError(
    'input-missing',
    '{input:certificateChain} is not given, and no certificate is beside the key',
    {
      hint: 'Give the certificate of the key and those of its issuers up to the root, as PEM text or path of a PEM file, or together with the key in {input:privateKey}.',
    },
  );
}

function unreadable(source: string, problem: string): NotaryError {
  return new NotaryError('certificate-file', `${source} ${problem}`, {
    hint: 'Give the certificates as PEM, each from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----", as text or as the path of a file.',
  });
}

/** The certificate of the key: the first one if it is, as Notation requires, else the only one. */
function findLeaf(publicKey: KeyObject, certificates: readonly Certificate[]): Certificate {
  const matching = certificates.filter((certificate) => isKeyOf(certificate, publicKey));
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

/** Kinds are compared first: Node.js keeps OpenSSL's complaint of different kinds, and the next key read would fail with it. */
function isKeyOf({ publicKey }: Certificate, key: KeyObject): boolean {
  if (publicKey === undefined || publicKey.asymmetricKeyType !== key.asymmetricKeyType) return false;
  const [ours, theirs] = [key.asymmetricKeyDetails, publicKey.asymmetricKeyDetails];
  return ours?.namedCurve === theirs?.namedCurve && publicKey.equals(key);
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
