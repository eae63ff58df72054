// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { NotaryError } from '../../errors.ts';
import { parsePemBlocks, type PemBlock } from '../../primitives/pem.ts';
import type { Secret } from '../../primitives/secret.ts';
import type { KeySpec } from '../../x509/certificate.ts';
import { isDerInBase64, normalizePem } from './pem-text.ts';
import { isPkcs12, parsePkcs12 } from './pkcs12.ts';

/** A private key that can sign for Notary Project. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly keySpec: KeySpec;
}

// A 4096-bit RSA key has about 3 KiB of PEM, and certificates may stand beside it.
const maxLength = 256 * 1024;

/** A private key and the certificates that stand beside it. */
export interface KeyFile extends SigningKey {
  /** DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
}

/**
 * Reads the first private key of a PEM text (PKCS #8, PKCS #1 or SEC 1, encrypted or not) or the key of a PKCS #12 file in
 * base64, with the certificates beside it. Throws `key-unreadable` or `key-unsupported`; errors carry nothing of the text, not
 * even as their cause.
 */
export function parsePrivateKey(text: Secret, password: Secret | undefined): KeyFile {
  const revealed = text.reveal();
  if (revealed.length > maxLength) throw unreadable('is too long for a private key', formatHint);
  const normal = normalizePem(revealed);
  const blocks = parsePemBlocks(normal);
  const pkcs12 = findPkcs12(normal, blocks);
  if (pkcs12 !== undefined) {
    const { pkcs8, certificates } = openPkcs12(pkcs12, password);
    const key = readPkcs8(pkcs8);
    return { key, keySpec: keySpecOf(key), certificates };
  }
  const key = readKey(findKeyBlock(blocks), password);
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ bytes }) => bytes);
  return { key, keySpec: keySpecOf(key), certificates };
}

/** A whole PKCS #12 file: as PEM, which some tools write, or its bytes in base64. */
function findPkcs12(text: string, blocks: readonly PemBlock[]): Uint8Array | undefined {
  const [only] = blocks;
  if (only !== undefined) return only.label === 'PKCS12' ? only.bytes : undefined;
  if (!isDerInBase64(text)) return undefined;
  const der = new Uint8Array(Buffer.from(text, 'base64'));
  if (isPkcs12(der)) return der;
  throw unreadable('is neither PEM nor a PKCS#12 file: a key has perhaps lost its BEGIN and END lines', formatHint);
}

function openPkcs12(file: Uint8Array, password: Secret | undefined): { pkcs8: Uint8Array; certificates: Uint8Array[] } {
  try {
    const opened = parsePkcs12(file, password?.reveal() ?? '');
    const keys = opened === 'wrong-password' ? opened : opened.keys();
    if (opened === 'wrong-password' || keys === 'wrong-password') {
      throw password === undefined ? passwordMissing() : passwordWrong();
    }
    const [pkcs8, another] = keys;
    if (pkcs8 === undefined) throw unreadable('is a PKCS#12 file without a private key', exportHint);
    if (another !== undefined) throw unreadable('is a PKCS#12 file with several private keys', exportHint);
    return { pkcs8, certificates: opened.certificates.map(({ der }) => der) };
  } catch (error) {
    if (!(error instanceof NotaryError) || error.code.startsWith('key-')) throw error;
    const problem = `is a PKCS#12 file that cannot be read: ${error.message}`;
    throw error.code === 'algorithm-unsupported' ? unsupported(problem, exportHint) : unreadable(problem, formatHint);
  }
}

const exportHint =
  'Make the file anew: openssl pkcs12 -in old.p12 -nodes -out all.pem (add -legacy for old files), then openssl pkcs12 -export -in all.pem -out new.p12';

function readPkcs8(der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch {
    throw unreadable('is damaged, or of an unknown type', formatHint);
  }
}

function findKeyBlock(blocks: readonly PemBlock[]): PemBlock {
  const found = blocks.find(({ label }) => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY'));
  if (found !== undefined) return found;
  if (blocks.length === 0) throw unreadable('holds no PEM block', formatHint);
  throw unreadable(`holds no private key, only ${blocks.map(({ label }) => label).join(', ')}`, formatHint);
}

const formatHint =
  '{input:privateKey} is PEM from "-----BEGIN PRIVATE KEY-----" to "-----END PRIVATE KEY-----", as text or as the path of a file, or a PKCS#12 file (.p12, .pfx), as path or in base64.';

const labels = new Set(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY']);

function readKey(block: PemBlock, password: Secret | undefined): KeyObject {
  if (!labels.has(block.label)) {
    throw unsupported(`is of the form ${block.label}`, 'Convert it: openssl pkcs8 -topk8 -nodes -in key -out key.pem');
  }
  const encrypted = block.label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(block.text);
  if (encrypted && password === undefined) throw passwordMissing();
  try {
    return createPrivateKey({ key: block.text, format: 'pem', passphrase: password?.reveal() ?? '' });
  } catch (error) {
    throw encrypted ? undecryptable(error) : unreadable('is damaged, or of an unknown type', formatHint);
  }
}

/** OpenSSL tells an unknown cipher apart; a wrong password shows as bad padding or, by chance, as bad ASN.1. */
function undecryptable(error: unknown): NotaryError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/UNSUPPORTED|UNKNOWN/.test(code)) {
    return unsupported(
      'is encrypted in a way that is not supported',
      'Encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in key -out key.pem',
    );
  }
  return passwordWrong();
}

function passwordMissing(): NotaryError {
  return unreadable('is encrypted, and no password is given', 'Give its password as {input:privateKeyPassword}.');
}

function passwordWrong(): NotaryError {
  return unreadable(
    'cannot be decrypted: the password is wrong, or the key is damaged',
    'Check that {input:privateKeyPassword} is the password of this very key.',
  );
}

const curves: ReadonlyMap<string | undefined, KeySpec> = new Map([
  ['prime256v1', 'EC-256'],
  ['secp384r1', 'EC-384'],
  ['secp521r1', 'EC-521'],
]);

function keySpecOf(key: KeyObject): KeySpec {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa': {
      // by whole bytes, as the reference counts (5.1)
      const bits = 8 * Math.ceil(modulusLength / 8);
      if (bits === 2048 || bits === 3072 || bits === 4096) return `RSA-${bits}`;
      throw unsupported(`is an RSA key of ${modulusLength} bits`, keyHint);
    }
    case 'ec': {
      const keySpec = curves.get(namedCurve);
      if (keySpec !== undefined) return keySpec;
      throw unsupported(`is an EC key on the curve ${namedCurve ?? 'unknown'}`, keyHint);
    }
    case 'rsa-pss':
      throw unsupported(
        'is an RSA key restricted to RSASSA-PSS, which Notary Project certificates cannot hold',
        keyHint,
      );
    default:
      throw unsupported(`is a key of type ${key.asymmetricKeyType ?? 'unknown'}`, keyHint);
  }
}

const keyHint = 'Sign with an RSA key of 2048, 3072 or 4096 bits, or an EC key on P-256, P-384 or P-521.';

function unreadable(problem: string, hint: string): NotaryError {
  return new NotaryError('key-unreadable', `{input:privateKey} ${problem}`, { hint });
}

function unsupported(problem: string, hint: string): NotaryError {
  return new NotaryError('key-unsupported', `{input:privateKey} ${problem}`, { hint });
}
