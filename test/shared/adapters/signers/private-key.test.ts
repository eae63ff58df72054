// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { openLocalKey } from '../../../../shared/adapters/signers/local-key.ts';
import { NotaryError } from '../../../../shared/errors.ts';
import { InputReader } from '../../../../shared/input-reader.ts';
import { Secret } from '../../../../shared/primitives/secret.ts';
import type { LocalKeyInputs } from '../../../../shared/sign-inputs.ts';
import { parseKeyInputs, parseSignSettings } from '../../../../shared/sign-inputs.ts';
import { fakeHost } from '../../../fakes/host.ts';
import { expectError } from '../../../support/expect-error.ts';

const folder = join(import.meta.dirname, '../../../fixtures/keys');
const password = 'pässword';
const bytesOf = (name: string) => readFileSync(join(folder, name));
const textOf = (name: string) => bytesOf(name).toString(name.endsWith('.p12') ? 'base64' : 'utf8');
const chainOf = (name: string) => textOf(name.startsWith('rsa') ? 'rsa-chain.crt' : 'leaf-chain.crt');

const pem = ['leaf.sec1', 'leaf-parameters.sec1', 'leaf.pkcs8', 'rsa.pkcs8', 'rsa.pkcs1'];
const encryptedPem = ['rsa-encrypted.pkcs1', 'rsa-pbes2.pkcs8', 'rsa-scrypt.pkcs8', 'rsa-triple-des.pkcs8'];
const pkcs12 = ['default.p12', 'triple-des.p12', 'without-mac.p12'];
const openPkcs12 = ['plain.p12', 'empty-password.p12'];

function open(privateKey: string, chain: string | undefined, secret?: string) {
  return openLocalKey({
    privateKey: new Secret(privateKey),
    certificateChain: chain,
    ...(secret === undefined ? {} : { password: new Secret(secret) }),
  });
}

/** Opens a fixture: PKCS#12 alone, PEM with its chain. */
function openFixture(name: string, secret?: string) {
  return open(textOf(name), name.endsWith('.p12') ? undefined : chainOf(name), secret);
}

async function expectSigns(signer: ReturnType<typeof open>, chain: string): Promise<void> {
  const data = randomBytes(64);
  const key = createPublicKey(chain);
  const options =
    key.asymmetricKeyType === 'ec'
      ? ({ key, dsaEncoding: 'ieee-p1363' } as const)
      : { key, padding: 6, saltLength: 32 };
  expect(verify('sha256', data, options, await signer.sign(data))).toBe(true);
  expect(signer.certificateChain.map(({ subject }) => subject)).toEqual([
    'CN=Fixture Signer,O=Test,C=US',
    'CN=Fixture Root,O=Test,C=US',
  ]);
}

describe('forms of a key', () => {
  it.each([...pem, ...openPkcs12])('[KEY-95] signs with %s', async (name) => {
    await expectSigns(openFixture(name), chainOf(name));
  });

  it.each([...encryptedPem, ...pkcs12])('[KEY-95] signs with %s and its password', async (name) => {
    await expectSigns(openFixture(name, password), chainOf(name));
  });

  it.each([...encryptedPem, ...pkcs12])('[KEY-96] tells a missing password of %s from a wrong one', (name) => {
    expectError(() => openFixture(name), 'key-unreadable', '{input:privateKey} is encrypted, and no password is given');
    for (const wrong of ['passwort', 'pässwor', 'PÄSSWORD']) {
      expectError(
        () => openFixture(name, wrong),
        'key-unreadable',
        '{input:privateKey} cannot be decrypted: the password is wrong, or the key is damaged',
      );
    }
  });

  it.each([...pem, 'plain.p12'])('[KEY-96] ignores a password that %s does not need', async (name) => {
    await expectSigns(openFixture(name, 'superfluous'), chainOf(name));
  });

  it.each([
    ['rsa-pss.pkcs8', /restricted to RSASSA-PSS/],
    ['ed25519.pkcs8', /is a key of type ed25519/],
    ['dsa.pkcs8', /is a key of type dsa/],
  ])('[KEY-99] refuses %s by name', (name, message) => {
    expectError(() => open(textOf(name), textOf('leaf-chain.crt')), 'key-unsupported', message);
  });
});

describe('a PKCS#12 file', () => {
  it('[KEY-95] may be wrapped as PEM, with line feeds in its base64', async () => {
    const base64 = textOf('default.p12').replaceAll(/.{64}/g, '$&\n');
    await expectSigns(open(base64, undefined, password), chainOf('leaf'));
    await expectSigns(
      open(`-----BEGIN PKCS12-----\n${base64}\n-----END PKCS12-----\n`, undefined, password),
      chainOf('leaf'),
    );
  });

  it('[KEY-100] with the leaf only needs the issuers, and says which', async () => {
    expectError(
      () => openFixture('leaf-only.p12', password),
      'chain-invalid',
      /lacks the certificate of "CN=Fixture Root,O=Test,C=US"/,
    );
    await expectSigns(open(textOf('leaf-only.p12'), textOf('root.crt'), password), chainOf('leaf'));
  });

  it('without a key, or in old encryption, is refused with the reason', () => {
    expectError(
      () => openFixture('without-key.p12', password),
      'key-unreadable',
      '{input:privateKey} is a PKCS#12 file without a private key',
    );
    expectError(
      () => openFixture('rc2-40.p12', password),
      'key-unsupported',
      '{input:privateKey} is a PKCS#12 file that cannot be read: it is encrypted with RC2-40, which is broken and not supported',
    );
  });

  it('is told from a key that lost its lines, which is not repeated', () => {
    const body = textOf('rsa.pkcs8').replaceAll(/-----.*-----/g, '');
    expectError(
      () => open(body, undefined),
      'key-unreadable',
      '{input:privateKey} is neither PEM nor a PKCS#12 file: a key has perhaps lost its BEGIN and END lines',
    );
  });

  it('is never half accepted: cut or changed anywhere, it is an error of ours or still the same key', () => {
    const whole = bytesOf('default.p12');
    for (let at = 0; at < whole.length; at += 7) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      for (const bytes of [whole.subarray(0, at), changed]) {
        try {
          expect(open(bytes.toString('base64'), undefined, password).keySpec).toBe('EC-256');
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }
    }
  });
});

describe('key and certificates', () => {
  const key = textOf('leaf.pkcs8');
  const chain = textOf('leaf-chain.crt');
  const [leaf = '', root = ''] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);

  it.each([
    ['key first', key + leaf + root],
    ['key last', leaf + root + key],
    ['key between, root first', root + key + leaf],
  ])('[KEY-97] may stand in one file: %s', async (_, text) => {
    await expectSigns(open(text, undefined), chain);
  });

  it('[KEY-97] may be values with escapes, CRLF or base64', async () => {
    for (const repair of [
      (text: string) => text.replaceAll('\n', '\\n'),
      (text: string) => text.replaceAll('\n', '\r\n'),
      (text: string) => Buffer.from(text).toString('base64'),
    ]) {
      await expectSigns(open(repair(key), repair(chain)), chain);
      await expectSigns(open(repair(key + chain), undefined), chain);
    }
  });

  it('[KEY-98] shows both hashes when they do not belong together', () => {
    expectError(
      () => open(key, textOf('rsa-chain.crt')),
      'key-mismatch',
      /SHA-256 of its public key is [0-9a-f]{64}, of those in the certificates [0-9a-f]{64} \(CN=Fixture Signer/,
    );
  });

  it('[KEY-100] are sorted; without a certificate it says so', async () => {
    await expectSigns(open(key, root + leaf), chain);
    expectError(() => open(key, leaf), 'chain-invalid', /lacks the certificate of "CN=Fixture Root/);
    expectError(
      () => open(key, undefined),
      'input-missing',
      '{input:certificateChain} is not given, and no certificate is beside the key',
    );
  });

  it('[KEY-101] never show the key, on disk or in an error', () => {
    const secrets = [...encryptedPem, ...pkcs12].map(textOf);
    const before = readdirSync(folder);
    for (const text of secrets) {
      for (const secret of [undefined, 'wrong']) {
        let thrown: unknown;
        try {
          open(text, chain, secret);
        } catch (error) {
          thrown = error;
        }
        expect(thrown).toBeInstanceOf(NotaryError);
        expect((thrown as NotaryError).cause).toBeUndefined();
        const shown = inspect(thrown, { depth: 9, showHidden: true });
        const line = text.split('\n').find((each) => each.length > 60) ?? '';
        expect(shown).not.toContain(line.slice(0, 32));
      }
    }
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('a key as an input', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'keys-'));
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  async function inputsOf(inputs: Readonly<Record<string, string>>) {
    const host = fakeHost({ inputs, workspace: scratch });
    const reader = new InputReader(host);
    const key = await parseKeyInputs(reader, host, await parseSignSettings(reader, 'github'), host.log);
    reader.finish();
    return { host, key: key as LocalKeyInputs };
  }

  it.each(['clés privées/my key.p12', '鍵/ключ (1).p12'])(
    '[KEY-110] [KEY-101] is read from %s, masked, and written nowhere',
    async (path) => {
      mkdirSync(join(scratch, path, '..'), { recursive: true });
      writeFileSync(join(scratch, path), bytesOf('default.p12'));
      const before = readdirSync(scratch, { recursive: true });
      const { host, key } = await inputsOf({ privateKey: path, privateKeyPassword: password });
      await expectSigns(openLocalKey(key), chainOf('leaf'));
      expect(host.masks).toEqual(expect.arrayContaining([password, textOf('default.p12')]));
      expect(readdirSync(scratch, { recursive: true })).toEqual(before);
    },
  );

  it('[KEY-97] is taken as base64 of a PKCS#12 file or of a PEM text, and masked', async () => {
    const p12 = await inputsOf({ privateKey: textOf('default.p12'), privateKeyPassword: password });
    await expectSigns(openLocalKey(p12.key), chainOf('leaf'));
    expect(p12.host.masks).toContain(textOf('default.p12'));
    const base64 = Buffer.from(textOf('leaf.pkcs8') + textOf('leaf-chain.crt')).toString('base64');
    const { host, key } = await inputsOf({ privateKey: base64 });
    await expectSigns(openLocalKey(key), chainOf('leaf'));
    expect(host.masks).toContain(base64);
  });
});
