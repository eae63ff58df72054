// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import { parseCertificate, type Certificate } from '../../x509/certificate.ts';
import { readBer, type BerValue } from './ber-value.ts';
import { type Pkcs12Password, decrypt, isMacOf, malformed, readingsOf, required } from './pkcs12-encryption.ts';

const oid = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
} as const;

/** An opened PKCS#12 file. */
export interface Pkcs12 {
  readonly certificates: readonly Certificate[];
  /** The private keys, each as PKCS #8 in DER; decrypted only when asked for. Throws `malformed` or `algorithm-unsupported`. */
  keys(): readonly Uint8Array[] | 'wrong-password';
}

/** Whether bytes begin as a PKCS#12 file does: a sequence with the version 3. */
export function isPkcs12(bytes: Uint8Array): boolean {
  try {
    return readBer(bytes).members()[0]?.integer() === 3;
  } catch {
    return false;
  }
}

/**
 * Reads a PKCS#12 file (RFC 7292) with a password, '' for none. A wrong password is an answer, since only the caller knows
 * what it means. Throws `malformed`, without anything of the content.
 */
export function parsePkcs12(file: Uint8Array, password: string): Pkcs12 | 'wrong-password' {
  const [, authSafe, macData] = readBer(file).members();
  const safe = contentOf(authSafe);
  const readings = readingsOf(password);
  const matching = macData === undefined ? readings : readings.filter((reading) => isMacOf(macData, safe, reading));
  for (const reading of matching) {
    const bags = attempt(macData !== undefined, () =>
      readBer(safe)
        .members()
        .flatMap((info) => bagsOf(info, reading)),
    );
    if (bags !== undefined) {
      return { certificates: bags.flatMap(certificateOf), keys: () => keysIn(bags, matching) };
    }
  }
  return 'wrong-password';
}

/** Undefined when the password is wrong: then the padding is bad or, by chance, the ASN.1, unless a MAC has proven the password. */
function attempt<T>(proven: boolean, open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof NotaryError && (proven || error.code !== 'malformed')) throw error;
    return undefined;
  }
}

/** The octets in a ContentInfo of type data. */
function contentOf(info: BerValue | undefined): Uint8Array {
  const [type, content] = info?.members() ?? [];
  if (type?.objectIdentifier() !== oid.data) throw malformed('it is not protected by a password');
  return required(content?.members()[0]).octets();
}

function bagsOf(info: BerValue, password: Pkcs12Password): readonly BerValue[] {
  const [type, content] = info.members();
  const id = required(type).objectIdentifier();
  if (id === oid.data) return readBer(required(content?.members()[0]).octets()).members();
  if (id !== oid.encryptedData) return [];
  const [, encrypted] = required(content?.members()[0]).members();
  const [, algorithm, bytes] = required(encrypted).members();
  return readBer(decrypt(required(algorithm), required(bytes).octets(), password)).members();
}

function certificateOf(bag: BerValue): Certificate[] {
  const [type, value] = bag.members();
  if (type?.objectIdentifier() !== oid.certBag) return [];
  const [kind, certificate] = required(value?.members()[0]).members();
  if (kind?.objectIdentifier() !== oid.x509Certificate) return [];
  return [parseCertificate(required(certificate?.members()[0]).octets())];
}

function keysIn(
  bags: readonly BerValue[],
  readings: readonly Pkcs12Password[],
): readonly Uint8Array[] | 'wrong-password' {
  const keys = bags.map((bag) => keyOf(bag, readings)).filter((key) => key !== 'none');
  return keys.some((key) => key === 'wrong-password') ? 'wrong-password' : (keys as Uint8Array[]);
}

function keyOf(bag: BerValue, readings: readonly Pkcs12Password[]): Uint8Array | 'none' | 'wrong-password' {
  const [type, value] = bag.members();
  const id = type?.objectIdentifier();
  if (id === oid.keyBag) return required(value).content;
  if (id !== oid.shroudedKeyBag) return 'none';
  const [algorithm, bytes] = required(value?.members()[0]).members();
  const encrypted = required(bytes).octets();
  for (const reading of readings) {
    const key = attempt(false, () => checkedKey(decrypt(required(algorithm), encrypted, reading)));
    if (key !== undefined) return key;
  }
  return 'wrong-password';
}

/** A PrivateKeyInfo begins with its version: bytes that a wrong password has made do not. */
function checkedKey(pkcs8: Uint8Array): Uint8Array {
  required(readBer(pkcs8).members()[0]).integer();
  return pkcs8;
}
