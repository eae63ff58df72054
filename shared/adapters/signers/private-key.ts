// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { NotaryError } from '../../errors.ts';
import { parsePemBlocks, type PemBlock } from '../../primitives/pem.ts';
import type { Secret } from '../../primitives/secret.ts';
import type { KeySpec } from '../../x509/certificate.ts';
import { normalizePem } from './pem-text.ts';

/** A private key that can sign for Notary Project. */
export interface SigningKey {
  readonly key: KeyObject;
  readonly keySpec: KeySpec;
}

// A 4096-bit RSA key has about 3 KiB of PEM, and certificates may stand beside it.
const maxLength = 256 * 1024;

/**
 * Reads the first private key of a PEM text: PKCS #8, PKCS #1 or SEC 1, encrypted or not. Throws `key-unreadable` or
 * `key-unsupported`; errors carry nothing of the text, not even as their cause.
 */
export function parsePrivateKey(pem: Secret, password: Secret | undefined): SigningKey {
  const block = findKeyBlock(pem.reveal());
  const key = readKey(block, password);
  return { key, keySpec: keySpecOf(key) };
}

function findKeyBlock(text: string): PemBlock {
  if (text.length > maxLength) throw unreadable('is too long for a private key', formatHint);
  const blocks = parsePemBlocks(normalizePem(text));
  const found = blocks.find(({ label }) => label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY'));
  if (found !== undefined) return found;
  if (blocks.length === 0) throw unreadable('holds no PEM block', formatHint);
  throw unreadable(`holds no private key, only ${blocks.map(({ label }) => label).join(', ')}`, formatHint);
}

const formatHint =
  '{input:privateKey} is PEM from "-----BEGIN PRIVATE KEY-----" to "-----END PRIVATE KEY-----", as text or as the path of a file.';

const labels = new Set(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY']);

function readKey(block: PemBlock, password: Secret | undefined): KeyObject {
  if (!labels.has(block.label)) {
    throw unsupported(`is of the form ${block.label}`, 'Convert it: openssl pkcs8 -topk8 -nodes -in key -out key.pem');
  }
  const encrypted = block.label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(block.text);
  if (encrypted && password === undefined) {
    throw unreadable('is encrypted, and no password is given', 'Give its password as {input:privateKeyPassword}.');
  }
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
