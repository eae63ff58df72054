// SPDX-License-Identifier: Apache-2.0
import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { NotaryError } from '../../errors.ts';
import type { BerValue } from './ber-value.ts';

/** Rounds of a key derivation: real exports have 2000 to 100 000. */
const maxIterations = 1_000_000;

const oid = {
  tripleDes: '1.2.840.113549.1.12.1.3',
  rc2: '1.2.840.113549.1.12.1.6',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
} as const;

interface Hash {
  readonly name: string;
  readonly size: number;
  readonly block: number;
}

const sha1: Hash = { name: 'sha1', size: 20, block: 64 };
const digests: ReadonlyMap<string, Hash> = new Map([
  ['1.3.14.3.2.26', sha1],
  ['2.16.840.1.101.3.4.2.1', { name: 'sha256', size: 32, block: 64 }],
  ['2.16.840.1.101.3.4.2.2', { name: 'sha384', size: 48, block: 128 }],
  ['2.16.840.1.101.3.4.2.3', { name: 'sha512', size: 64, block: 128 }],
]);
const hmacs: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);
const ciphers: ReadonlyMap<string, { readonly name: string; readonly keySize: number }> = new Map([
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keySize: 24 }],
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keySize: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keySize: 24 }],
  ['2.16.840.1.101.3.4.1.42', { name: 'aes-256-cbc', keySize: 32 }],
]);

/** A password in the two encodings of PKCS#12. */
export interface Pkcs12Password {
  /** UTF-16, big-endian, with its terminator (RFC 7292 appendix B.1): for the MAC and the older encryption. */
  readonly terminated: Uint8Array;
  /** As PBES2 takes it (RFC 8018). */
  readonly text: string;
}

/** "No password" in both readings of PKCS#12: nothing at all, or an empty text with its terminator. */
const noPasswords: readonly Pkcs12Password[] = [
  { terminated: new Uint8Array(0), text: '' },
  { terminated: new Uint8Array(2), text: '' },
];

/** What a password may be in a file; both readings when it is empty. */
export function readingsOf(password: string): readonly Pkcs12Password[] {
  if (password === '') return noPasswords;
  const terminated = Buffer.from(`${password}\0`, 'utf16le').swap16();
  return [{ terminated, text: password }];
}

/** Whether the MAC of a file (MacData of RFC 7292) was made with this password. Throws `malformed` or `algorithm-unsupported`. */
export function isMacOf(macData: BerValue, content: Uint8Array, password: Pkcs12Password): boolean {
  const [digestInfo, salt, iterations] = macData.members();
  const [algorithm, mac] = required(digestInfo).members();
  const hash = digests.get(required(algorithm?.members()[0]).objectIdentifier());
  if (hash === undefined) throw unsupported('its MAC is of an unknown kind');
  const expected = required(mac).octets();
  const rounds = countOf(iterations);
  const key = derive(hash, 3, password.terminated, required(salt).octets(), rounds, hash.size);
  const actual = createHmac(hash.name, key).update(content).digest();
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** Decrypts a part of a file. Throws `malformed` or `algorithm-unsupported`, and what OpenSSL throws for a wrong password. */
export function decrypt(algorithm: BerValue, bytes: Uint8Array, password: Pkcs12Password): Uint8Array {
  const [type, parameters] = algorithm.members();
  const id = required(type).objectIdentifier();
  if (id === oid.pbes2) return decryptPbes2(required(parameters), bytes, password.text);
  if (id === oid.rc2) throw unsupported('it is encrypted with RC2-40, which is broken and not supported');
  if (id !== oid.tripleDes) throw unsupported(`it is encrypted in an unknown way (${id})`);
  const [salt, iterations] = required(parameters).members();
  const rounds = countOf(iterations);
  const key = derive(sha1, 1, password.terminated, required(salt).octets(), rounds, 24);
  const iv = derive(sha1, 2, password.terminated, required(salt).octets(), rounds, 8);
  return decipher('des-ede3-cbc', key, iv, bytes);
}

/** RFC 8018, with the password as UTF-8: an empty one is nothing in either reading. */
function decryptPbes2(parameters: BerValue, bytes: Uint8Array, password: string): Uint8Array {
  const [derivation, encryption] = parameters.members();
  const [type, settings] = required(derivation).members();
  if (type?.objectIdentifier() !== oid.pbkdf2) throw unsupported('its key derivation is not supported');
  const [salt, iterations, ...others] = required(settings).members();
  const prf = others
    .find((value) => value.constructed)
    ?.members()[0]
    ?.objectIdentifier();
  const hmac = prf === undefined ? 'sha1' : hmacs.get(prf);
  const [cipherType, iv] = required(encryption).members();
  const cipher = ciphers.get(required(cipherType).objectIdentifier());
  if (hmac === undefined || cipher === undefined) throw unsupported('its encryption is not supported');
  const key = pbkdf2Sync(password, required(salt).octets(), countOf(iterations), cipher.keySize, hmac);
  return decipher(cipher.name, key, required(iv).octets(), bytes);
}

function decipher(name: string, key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const cipher = createDecipheriv(name, key, iv);
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}

/** The key derivation of RFC 7292 appendix B.2; `purpose` is 1 for a key, 2 for an IV, 3 for a MAC key. */
function derive(hash: Hash, purpose: number, password: Uint8Array, salt: Uint8Array, rounds: number, size: number) {
  const { block } = hash;
  const diversifier = Buffer.alloc(block, purpose);
  const input = Buffer.concat([repeated(salt, block), repeated(password, block)]);
  const output: Uint8Array[] = [];
  for (let length = 0; length < size; length += hash.size) {
    let digest = createHash(hash.name).update(diversifier).update(input).digest();
    for (let round = 1; round < rounds; round++) digest = createHash(hash.name).update(digest).digest();
    output.push(digest);
    const addend = repeated(digest, block).subarray(0, block);
    for (let start = 0; start < input.length; start += block) addOne(input.subarray(start, start + block), addend);
  }
  return Buffer.concat(output).subarray(0, size);
}

function repeated(bytes: Uint8Array, block: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / block) * block, bytes.length === 0 ? 0 : Buffer.from(bytes));
}

/** `target + addend + 1` as big-endian numbers of the target's size. */
function addOne(target: Uint8Array, addend: Uint8Array): void {
  let carry = 1;
  for (let index = target.length - 1; index >= 0; index--) {
    const sum = (target[index] ?? 0) + (addend[index] ?? 0) + carry;
    target[index] = sum & 0xff;
    carry = sum >> 8;
  }
}

function countOf(value: BerValue | undefined): number {
  const count = value === undefined ? 1 : value.integer();
  if (count < 1 || count > maxIterations) throw malformed('its number of iterations is not acceptable');
  return count;
}

/** A field that must be there. Throws `malformed`. */
export function required(value: BerValue | undefined): BerValue {
  if (value === undefined) throw malformed('a field is missing');
  return value;
}

/** What is wrong with a file. */
export function malformed(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}

function unsupported(problem: string): NotaryError {
  return new NotaryError('algorithm-unsupported', problem);
}
