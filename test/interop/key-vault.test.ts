// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { parseCertificates } from '../../shared/x509/certificate.ts';
import { startKeyVault, type FakeKeyVault } from '../fakes/key-vault.ts';
import { openKey } from '../support/key-vault-signer.ts';
import { pushImage } from './support/image.ts';
import { selfSignedKey, signingKeys, type SigningKey } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { signWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

const formats = ['jws', 'cose'] as const;
let registry: RunningRegistry;
let notation: Notation;
let vault: FakeKeyVault;
const folder = mkdtempSync(join(tmpdir(), 'vault-'));

beforeAll(async () => {
  registry = await startRegistry('olareg');
  notation = createNotation({ trusted: [...signingKeys.map(({ root }) => root), selfSignedKey.certificateChain] });
  vault = await startKeyVault();
});
afterAll(async () => {
  await registry.stop();
  await vault.close();
  notation.remove();
  rmSync(folder, { recursive: true });
});

/** PKCS#12 as Key Vault exports it: 3DES, SHA-1, no password. */
function pfxOf(key: Pick<SigningKey, 'privateKey' | 'certificateChain'>, ...options: readonly string[]): string {
  const out = join(folder, 'bundle.p12');
  const { program } = readPeers().openssl;
  const files = ['-inkey', key.privateKey, '-in', key.certificateChain, '-passout', 'pass:', '-out', out];
  execFileSync(program, ['pkcs12', '-export', ...options, ...files], { stdio: 'ignore' });
  return readFileSync(out).toString('base64');
}

const asVaultExports = ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'];

function add(name: string, key: Pick<SigningKey, 'privateKey' | 'certificateChain'>, value: string): void {
  const privateKey = createPrivateKey(readFileSync(key.privateKey));
  const [leaf] = parseCertificates(readFileSync(key.certificateChain));
  if (leaf === undefined) throw new Error('no certificate');
  const secret = { value, contentType: 'application/x-pkcs12' };
  vault.add({ name, keys: { privateKey, publicKey: createPublicKey(privateKey) }, der: leaf.der, secret });
}

describe.each(formats)('%s', (format) => {
  it.each([...signingKeys, selfSignedKey])('[KEY-102] Notation verifies what a vault signs with $name', async (key) => {
    const name = `${key.name}-${format}`;
    add(name, key, pfxOf(key, ...asVaultExports));
    const { signer } = await openKey(vault, name);
    const image = await pushImage(registry.host, `vault/${name}`);
    const [first] = signingKeys;
    if (first === undefined) throw new Error('no key');
    await signWithUs(image, { key: first, signer, format, mode: 'api-first' });
    const { stdout } = await notation.succeed('verify', image.reference);
    expect(stdout).toContain('Successfully verified signature');
  });
});

describe('PKCS#12 of OpenSSL', () => {
  it.each([
    ['as Key Vault exports it', asVaultExports],
    ['of today, PBES2', []],
    ['without MAC', ['-nomac']],
    ['with readable certificates', ['-certpbe', 'NONE']],
  ] as const)('[KEY-14] %s gives the chain', async (what, options) => {
    const [key] = signingKeys;
    if (key === undefined) throw new Error('no key');
    const name = `pfx-${what.replaceAll(/[^a-z]/gi, '')}`;
    add(name, key, pfxOf(key, ...options));
    const { signer } = await openKey(vault, name);
    const expected = parseCertificates(readFileSync(key.certificateChain));
    expect(signer.certificateChain.map(({ der }) => der)).toEqual(expected.map(({ der }) => der));
  });
});
