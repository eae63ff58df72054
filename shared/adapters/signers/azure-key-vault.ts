// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { algorithmOfKeySpec, type SignatureAlgorithm } from '../../envelope/algorithm.ts';
import { NotaryError, messageOf } from '../../errors.ts';
import type { Clock, Log, RawSigner } from '../../ports.ts';
import { verifySignature } from '../../primitives/crypto.ts';
import { quote } from '../../primitives/quote.ts';
import { parseCertificate, type Certificate, type CertificateChain, type KeySpec } from '../../x509/certificate.ts';
import { validateCodeSigningChain } from '../../x509/chain.ts';
import type { AzureCredential } from '../azure/credential.ts';
import type { Timing } from '../timing.ts';
import { findChain, isSelfSigned, leavesAmong } from './azure-key-vault-chain.ts';
import { openVault, type VaultClient, type VaultObject } from './azure-key-vault-client.ts';
import { objectOfId, type KeyVaultId } from './azure-key-vault-id.ts';
import { readCertificateSecret } from './azure-key-vault-secret.ts';

/** Days before its end at which a certificate is warned about: time to renew it and to roll out trust. */
const expiryWarningDays = 30;
const day = 24 * 60 * 60 * 1000;

/** A key in a vault, and where the certificates above its own are. */
export interface KeyVaultKey {
  readonly id: KeyVaultId;
  /** The author says that the certificate is its own root. */
  readonly selfSigned: boolean;
  /** CA certificates from a file; with them the secret is not read. */
  readonly caCertificates?: readonly Certificate[];
}

export interface KeyVaultOptions {
  readonly credential: AzureCredential;
  readonly timing: Timing;
  readonly clock: Clock;
  readonly log: Log;
  readonly userAgent: string;
  /** PEM certificates to trust for TLS instead of the usual ones: for emulators and tests. */
  readonly ca?: string;
}

/** What a vault says about the certificate, once: every later step uses this version and no other. */
interface Pinned {
  readonly leaf: Certificate;
  readonly key: { readonly name: string; readonly version: string };
  /** As the service wrote it: answers must name it again. */
  readonly kid: string;
  /** Certificates that came along, if the secret has been read. */
  readonly bundle?: readonly Certificate[];
  /** Where the secret with the chain is. */
  readonly secret?: { readonly name: string; readonly version: string };
}

/**
 * A signer with a key in Azure Key Vault. The certificate is read once, its version pinned, its chain completed, and checked
 * by the rules of code signing before the key is used. Throws `vault-*`, `azure-sign-in`, `chain-invalid`, `key-unsupported`.
 */
export async function openKeyVaultKey(key: KeyVaultKey, options: KeyVaultOptions): Promise<RawSigner> {
  const vault = openVault({ ...options, id: key.id });
  const pinned = await pinCertificate(vault, key, options);
  options.log.info(`Key Vault key ${pinned.kid} signs with the certificate of ${pinned.leaf.subject}`);
  const keySpec = keySpecOf(pinned.leaf);
  const certificateChain = await completeChain(vault, key, pinned, options.log);
  const now = options.clock.now();
  validateCodeSigningChain(certificateChain, now);
  warnOfExpiry(pinned.leaf, now, options.log);
  return {
    kind: 'raw',
    description: `Azure Key Vault key ${pinned.kid}`,
    keySpec,
    certificateChain,
    sign: (toBeSigned) => sign(vault, pinned, algorithmOfKeySpec(keySpec), toBeSigned),
  };
}

/** Reads the certificate; where that is refused, the secret alone has everything too (KEY 1.9). */
async function pinCertificate(vault: VaultClient, { id }: KeyVaultKey, { log }: KeyVaultOptions): Promise<Pinned> {
  let certificate: VaultObject;
  try {
    certificate = await vault.read('read-certificate', `certificates/${[id.name, id.version ?? ''].join('/')}`);
  } catch (error) {
    if (!(error instanceof NotaryError) || error.code !== 'vault-denied' || !/permission|role/.test(error.message)) {
      throw error;
    }
    return await pinFromSecret(vault, id, log, error);
  }
  const { name, version } = identified(certificate['id'], 'certificate', id);
  checkState(certificate['attributes'], `certificate ${name}/${version}`);
  const key = identified(certificate['kid'], 'key of the certificate');
  const secret = objectOfId(String(certificate['sid']));
  return {
    leaf: certificateOf(certificate['cer']),
    key,
    kid: String(certificate['kid']),
    ...(secret === undefined ? {} : { secret }),
  };
}

async function pinFromSecret(vault: VaultClient, id: KeyVaultId, log: Log, denied: NotaryError): Promise<Pinned> {
  let secret;
  try {
    secret = await readCertificateSecret(vault, id.name, id.version);
  } catch (error) {
    if (error instanceof NotaryError && error.code !== 'vault-denied') throw error;
    throw denied;
  }
  identified(secret.id, 'secret', id);
  const key = identified(secret.kid, 'key of the secret');
  const [leaf, another] = leavesAmong(secret.certificates);
  if (leaf === undefined || another !== undefined) {
    throw failed(
      `the secret ${id.name} has ${leaf === undefined ? 'no signing certificate' : 'several certificates that issued no other'}`,
      'Allow reading the certificate (role "Key Vault Certificate User"): it says which one is meant.',
    );
  }
  log.debug('the certificate may not be read; its secret is used instead');
  return { leaf, key, kid: String(secret.kid), bundle: secret.certificates };
}

/** Name and version of an object. With a version asked for, another one is an error: never the latest instead. */
function identified(value: unknown, what: string, asked?: KeyVaultId): { name: string; version: string } {
  const found = objectOfId(String(value));
  if (found === undefined) {
    throw failed(
      `Azure Key Vault does not identify the ${what}`,
      'Check that {input:keyId} names a certificate with a key.',
    );
  }
  if (asked === undefined) return found;
  if (asked.version !== undefined && asked.version !== found.version) {
    throw failed(
      `the version specified in the request is ${asked.version} but the version retrieved from Azure Key Vault is ${found.version}`,
      'Check the version in {input:keyId}.',
    );
  }
  return found;
}

/** `nbf` and `exp` are for the certificate itself to say; a disabled one still has a readable certificate. */
function checkState(attributes: unknown, what: string): void {
  if (typeof attributes !== 'object' || attributes === null || !('enabled' in attributes)) return;
  if (attributes.enabled !== false) return;
  throw new NotaryError('vault-denied', `the ${what} is disabled`, {
    hint: 'Enable it (az keyvault certificate set-attributes --enabled true), or use another version.',
  });
}

function certificateOf(cer: unknown): Certificate {
  try {
    return parseCertificate(new Uint8Array(Buffer.from(typeof cer === 'string' ? cer : '', 'base64')));
  } catch (error) {
    throw failed(
      `the certificate in Azure Key Vault cannot be read: ${messageOf(error)}`,
      'Look at it: az keyvault certificate download.',
    );
  }
}

function keySpecOf({ keySpec, keySpecError, subject }: Certificate): KeySpec {
  if (keySpec !== undefined) return keySpec;
  throw new NotaryError(
    'key-unsupported',
    `the key of ${quote(subject)} cannot sign: ${keySpecError ?? 'unknown type'}`,
    {
      hint: 'Create the certificate with an RSA key of 2048, 3072 or 4096 bits, or an EC key on P-256, P-384 or P-521.',
    },
  );
}

async function completeChain(
  vault: VaultClient,
  { selfSigned, caCertificates }: KeyVaultKey,
  { leaf, bundle, secret, key }: Pinned,
  log: Log,
): Promise<CertificateChain> {
  if (isSelfSigned(leaf)) return [leaf];
  if (selfSigned) {
    throw new NotaryError(
      'chain-invalid',
      `self_signed is set, but ${quote(leaf.subject)} is issued by ${quote(leaf.issuer)}`,
      {
        hint: 'Remove self_signed ({input:selfSigned}).',
      },
    );
  }
  const others = caCertificates ?? bundle ?? (await chainOfSecret(vault, secret ?? key));
  const source = caCertificates === undefined ? 'the secret of the certificate' : 'the file of CA certificates';
  const { chain, unrelated } = findChain(leaf, others, source);
  for (const { subject } of unrelated) log.warning(`${source} has a certificate that is not in the chain: ${subject}`);
  return chain;
}

async function chainOfSecret(
  vault: VaultClient,
  secret: { readonly name: string; readonly version: string },
): Promise<readonly Certificate[]> {
  return (await readCertificateSecret(vault, secret.name, secret.version)).certificates;
}

function warnOfExpiry({ subject, notAfter }: Certificate, now: Date, log: Log): void {
  const days = Math.floor((notAfter.getTime() - now.getTime()) / day);
  if (days >= expiryWarningDays) return;
  log.warning(
    `The signing certificate of ${subject} expires in ${days} days, at ${notAfter.toISOString()}: signatures without a timestamp end with it.`,
  );
}

/** The service signs the digest; what it gives is checked against the certificate, which finds a rotated key too. */
async function sign(
  vault: VaultClient,
  { key, kid, leaf }: Pinned,
  algorithm: SignatureAlgorithm,
  toBeSigned: Uint8Array,
): Promise<Uint8Array> {
  const digest = new Uint8Array(createHash(algorithm.hash).update(toBeSigned).digest());
  const answer = await vault.sign(key, algorithm, digest);
  const signedBy = objectOfId(answer.kid ?? '');
  const same = signedBy?.version === key.version && signedBy.name.toLowerCase() === key.name.toLowerCase();
  if (!same) {
    throw failed(
      `Invalid key identifier. User required ${kid} does not match ${answer.kid ?? 'none'} in response.`,
      'The key was changed while it signed; run the step again.',
    );
  }
  const { signature } = answer;
  if (signature.length !== algorithm.signatureSize) {
    throw failed(
      `Azure Key Vault gave a signature of ${signature.length} bytes where ${algorithm.jws} has ${algorithm.signatureSize}`,
      'The key is not of the type of its certificate.',
    );
  }
  const { publicKey } = leaf;
  if (
    publicKey === undefined ||
    !verifySignature(algorithm, publicKey, toBeSigned, signature, { saltLength: 'digest' })
  ) {
    throw failed(
      `the signature of ${kid} does not verify with the certificate of ${quote(leaf.subject)}`,
      'The key has another certificate by now: give {input:keyId} without version, or with the version of the renewed certificate.',
    );
  }
  return signature;
}

function failed(message: string, hint: string): NotaryError {
  return new NotaryError('vault-failed', message, { hint });
}
