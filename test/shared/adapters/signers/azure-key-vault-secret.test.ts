// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCertificateSecret } from '../../../../shared/adapters/signers/azure-key-vault-secret.ts';
import { NotaryError } from '../../../../shared/errors.ts';

const keys = join(import.meta.dirname, '../../../fixtures/keys');
const file = (name: string): Buffer => readFileSync(join(keys, name));

/** The secret of a certificate whose vault does not turn PKCS#12 into PEM. */
function read(value: Buffer | string) {
  const text = typeof value === 'string' ? value : value.toString('base64');
  const secret = { id: 'id', kid: 'kid', value: text, contentType: 'application/x-pkcs12' };
  const vault = { read: () => Promise.resolve(secret), sign: () => Promise.reject(new Error('not to be signed')) };
  return readCertificateSecret(vault, 'name', undefined);
}

/** The refusal of a secret; anything but a typed error, and any success, fails the test. */
async function refusal(value: Buffer | string): Promise<NotaryError> {
  const error: unknown = await read(value).then(
    () => new Error('it was read'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof NotaryError) return error;
  throw error;
}

/** Bytes that look random and are the same each time. */
function bytesOf(seed: number, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, block) =>
    createHash('sha256').update(`${seed}/${block}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

describe('PKCS#12 in a secret', () => {
  it.each(['empty-password.p12', 'plain.p12'])('[KEY-14] reads %s', async (name) => {
    expect((await read(file(name))).certificates.length).toBeGreaterThan(0);
  });

  it.each([
    ['with a password', 'default.p12'],
    ['encrypted with RC2-40', 'rc2-40.p12'],
  ])('[KEY-15] refuses one %s', async (_, name) => {
    expect((await refusal(file(name))).code).toBe('vault-failed');
  });

  it('[KEY-15] refuses one whose MAC is wrong', async () => {
    const pfx = Buffer.from(file('empty-password.p12'));
    // the salt of the MAC and its rounds are the last values of the file
    const position = pfx.length - 8;
    pfx[position] = (pfx[position] ?? 0) ^ 1;
    expect((await refusal(pfx)).code).toBe('vault-failed');
  });

  it('[KEY-15] refuses one that ends anywhere', async () => {
    const pfx = file('empty-password.p12');
    for (let length = 0; length < pfx.length; length += 7) {
      expect((await refusal(pfx.subarray(0, length))).code).toBe('vault-failed');
    }
  });

  it('[KEY-15] refuses random bytes', async () => {
    for (let seed = 0; seed < 100; seed++) expect((await refusal(bytesOf(seed, 100))).code).toBe('vault-failed');
  });

  it.each(['', '%%%', 'AAAA'])('[KEY-15] refuses the text %j', async (text) => {
    expect((await refusal(text)).hint).toContain('ca_certs');
  });
});
