// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from '../../errors.ts';
import { parsePemBlocks } from '../../primitives/pem.ts';
import { parseCertificate, type Certificate } from '../../x509/certificate.ts';
import type { VaultClient, VaultObject } from './azure-key-vault-client.ts';
import { parsePkcs12 } from './pkcs12.ts';

/** A secret of a certificate without anything that must stay secret. */
export interface CertificateSecret {
  readonly id: unknown;
  readonly kid: unknown;
  readonly certificates: readonly Certificate[];
}

/** From this version on the service turns a PFX into PEM when asked (KEY 2.6). */
const pemVersion = { 'api-version': '2025-07-01', outContentType: 'application/x-pem-file' };

/**
 * Reads the certificates of the secret behind a certificate. Its value holds the private key whenever that is exportable:
 * it does not leave this function, nor does any error hold a part of it.
 */
export async function readCertificateSecret(
  vault: VaultClient,
  name: string,
  version: string | undefined,
): Promise<CertificateSecret> {
  const path = `secrets/${[name, version ?? ''].join('/')}`;
  const secret = await readSecret(vault, path);
  return { id: secret['id'], kid: secret['kid'], certificates: certificatesIn(secret) };
}

async function readSecret(vault: VaultClient, path: string): Promise<VaultObject> {
  try {
    return await vault.read('read-secret', path, pemVersion);
  } catch (error) {
    // A service that does not know that version says so with 400 or 404; a refusal would be the same without it.
    const unknown = error instanceof NotaryError && /HTTP status (?:400|404|501)|deleted/.test(error.message);
    if (!unknown) throw error;
    return vault.read('read-secret', path);
  }
}

function certificatesIn({ value, contentType }: VaultObject): readonly Certificate[] {
  if (typeof value !== 'string') throw unreadable('it has no value');
  if (contentType === 'application/x-pem-file' || value.startsWith('-----BEGIN ')) return pemCertificates(value);
  if (contentType !== 'application/x-pkcs12') {
    throw unreadable(`Unsupported secret content type: ${JSON.stringify(contentType)}`);
  }
  return pkcs12Certificates(new Uint8Array(Buffer.from(value, 'base64')));
}

/** Key Vault exports without password. Bags with keys are not decrypted. */
function pkcs12Certificates(file: Uint8Array): readonly Certificate[] {
  try {
    const opened = parsePkcs12(file, '');
    if (opened === 'wrong-password') throw unreadablePkcs12('it is damaged, or it has a password');
    if (opened.certificates.length === 0) throw unreadablePkcs12('it holds no certificate');
    return opened.certificates;
  } catch (error) {
    if (error instanceof NotaryError && error.code === 'vault-failed') throw error;
    throw unreadablePkcs12(messageOf(error));
  }
}

/** Blocks of other kinds, the key above all, are passed over unread. */
function pemCertificates(value: string): Certificate[] {
  const blocks = parsePemBlocks(value).filter(({ label }) => label === 'CERTIFICATE');
  if (blocks.length === 0) throw unreadable('it holds no certificate');
  return blocks.map(({ bytes }, index) => {
    try {
      return parseCertificate(bytes);
    } catch (error) {
      throw unreadable(`certificate ${index + 1}: ${messageOf(error)}`);
    }
  });
}

function unreadablePkcs12(problem: string): NotaryError {
  const text = `the PKCS#12 file in the secret of the certificate cannot be read: ${problem}`;
  return new NotaryError('vault-failed', text, { hint: otherSource });
}

const otherSource =
  'Give the CA certificates in a PEM file ({input:caCertBundle}; on GitHub ca_certs=<path> in plugin_config): then the secret is not read.';

function unreadable(problem: string): NotaryError {
  const text = `the secret of the certificate cannot be used: ${problem}`;
  return new NotaryError('vault-failed', text, { hint: otherSource });
}
