// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openLocalKey } from '../../../../shared/adapters/signers/local-key.ts';
import { algorithmOfKeySpec } from '../../../../shared/envelope/algorithm.ts';
import { NotaryError, type ErrorCode } from '../../../../shared/errors.ts';
import { verifySignature } from '../../../../shared/primitives/crypto.ts';
import { Secret } from '../../../../shared/primitives/secret.ts';
import {
  createCertificateAuthority,
  createSelfSigned,
  issueCertificate,
  pemOf,
  type TestSigner,
} from '../../../fakes/certificate-authority.ts';
import { generateKeys } from '../../../fakes/keys.ts';
import { expectError } from '../../../support/expect-error.ts';

const authority = createCertificateAuthority();
const signer = authority.issue();
const rsaSigner = authority.issue({ keyType: 'RSA-2048' });

function open(privateKey: string, certificateChain = signer.chainPem, password?: string) {
  return openLocalKey({
    privateKey: new Secret(privateKey),
    certificateChain,
    ...(password === undefined ? {} : { password: new Secret(password) }),
  });
}

function refuse(work: () => unknown, code: ErrorCode, message: string | RegExp): void {
  expectError(work, code, message);
}

const namesOf = (certificates: readonly { subject: string }[]) =>
  certificates.map((each) => each.subject.split(',')[0]);

describe('openLocalKey', () => {
  it.each(['RSA-2048', 'RSA-3072', 'RSA-4096', 'EC-256', 'EC-384', 'EC-521'] as const)(
    'signs with a key of type %s',
    async (keyType) => {
      const { privateKeyPem, chainPem, leaf } = authority.issue({ keyType });
      const local = open(privateKeyPem, chainPem);
      const algorithm = algorithmOfKeySpec(keyType);
      expect(local).toMatchObject({ kind: 'raw', keySpec: keyType });
      const data = randomBytes(100);
      const signature = await local.sign(data);
      expect(signature).toHaveLength(algorithm.signatureSize);
      const { publicKey } = leaf.keys;
      expect(verifySignature(algorithm, publicKey, data, signature, { saltLength: 'digest' })).toBe(true);
    },
  );

  it('shows nothing of the key', () => {
    const local = open(signer.privateKeyPem);
    expect(local.description).toBe('local EC-256 key of CN=Test Signer,O=Test,ST=WA,C=US');
    expect(Object.values(local).some((value) => inspect(value, { depth: 9 }).includes('PrivateKey'))).toBe(false);
  });

  it('takes a self-signed certificate alone', () => {
    const self = createSelfSigned();
    expect(open(self.privateKeyPem, self.chainPem).certificateChain).toHaveLength(1);
  });
});

describe('forms of a key', () => {
  const { privateKey } = rsaSigner;
  const chain = rsaSigner.chainPem;
  const exported = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1', cipher?: string, passphrase = 'secret') =>
    key.export({ type, format: 'pem', ...(cipher === undefined ? {} : { cipher, passphrase }) } as never).toString();

  it('takes PKCS #8, PKCS #1 and SEC 1', () => {
    expect(open(exported(privateKey, 'pkcs8'), chain).keySpec).toBe('RSA-2048');
    expect(open(exported(privateKey, 'pkcs1'), chain).keySpec).toBe('RSA-2048');
    expect(open(exported(signer.privateKey, 'sec1')).keySpec).toBe('EC-256');
  });

  it('takes the key behind EC PARAMETERS and certificates', () => {
    const parameters = pemOf('EC PARAMETERS', Buffer.from('06082a8648ce3d030107', 'hex'));
    expect(open(parameters + signer.chainPem + exported(signer.privateKey, 'sec1')).keySpec).toBe('EC-256');
  });

  it('decrypts PKCS #8 and the older form', () => {
    expect(open(exported(privateKey, 'pkcs8', 'aes-256-cbc'), chain, 'secret').keySpec).toBe('RSA-2048');
    expect(open(exported(privateKey, 'pkcs1', 'aes-128-cbc'), chain, 'secret').keySpec).toBe('RSA-2048');
    expect(open(exported(signer.privateKey, 'sec1', 'aes-128-cbc'), signer.chainPem, 'secret').keySpec).toBe('EC-256');
  });

  it('tells a missing password from a wrong one', () => {
    for (const key of [exported(privateKey, 'pkcs8', 'aes-256-cbc'), exported(privateKey, 'pkcs1', 'aes-128-cbc')]) {
      refuse(() => open(key, chain), 'key-unreadable', '{input:privateKey} is encrypted, and no password is given');
      for (const password of ['wrong', '', 'Secret']) {
        refuse(
          () => open(key, chain, password),
          'key-unreadable',
          '{input:privateKey} cannot be decrypted: the password is wrong, or the key is damaged',
        );
      }
    }
  });

  it('ignores a password that is not needed', () => {
    expect(open(exported(privateKey, 'pkcs8'), chain, 'unused').keySpec).toBe('RSA-2048');
  });

  it('repairs what secrets do to PEM', () => {
    const pem = signer.privateKeyPem;
    const forms = {
      'carriage returns': pem.replaceAll('\n', '\r\n'),
      'a byte-order mark': `\ufeff${pem}`,
      'escaped line feeds': pem.replaceAll('\n', '\\n'),
      'blanks for line feeds': pem.replaceAll('\n', ' '),
      'base64 of the whole': Buffer.from(pem).toString('base64'),
      'text before it': `key:\n${pem}`,
    };
    for (const [form, key] of Object.entries(forms)) expect(open(key).keySpec, form).toBe('EC-256');
    expect(open(pem, signer.chainPem.replaceAll('\n', ' ')).certificateChain).toHaveLength(3);
    expect(open(pem, Buffer.from(signer.chainPem).toString('base64')).certificateChain).toHaveLength(3);
  });
});

describe('keys that cannot be used', () => {
  it('says when there is no key', () => {
    refuse(() => open('hello'), 'key-unreadable', '{input:privateKey} holds no PEM block');
    refuse(() => open(''), 'key-unreadable', '{input:privateKey} holds no PEM block');
    refuse(() => open(signer.leaf.pem), 'key-unreadable', '{input:privateKey} holds no private key, only CERTIFICATE');
    refuse(
      () => open(pemOf('PRIVATE KEY', randomBytes(50))),
      'key-unreadable',
      '{input:privateKey} is damaged, or of an unknown type',
    );
    refuse(() => open('x'.repeat(300_000)), 'key-unreadable', '{input:privateKey} is too long for a private key');
  });

  it('names the form that is not supported', () => {
    refuse(
      () => open(pemOf('OPENSSH PRIVATE KEY', randomBytes(50))),
      'key-unsupported',
      '{input:privateKey} is of the form OPENSSH PRIVATE KEY',
    );
  });

  const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  it.each([
    ['RSA-1024', 'is an RSA key of 1024 bits'],
    ['RSA-5120', 'is an RSA key of 5120 bits'],
    ['EC-224', 'is an EC key on the curve secp224r1'],
    ['Ed25519', 'is a key of type ed25519'],
  ] as const)('refuses %s', (keyType, reason) => {
    const { leaf, chainPem } = authority.issue({ keyType });
    refuse(() => open(leaf.privateKeyPem, chainPem), 'key-unsupported', `{input:privateKey} ${reason}`);
  });

  it('refuses RSASSA-PSS keys and other curves', () => {
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey;
    refuse(
      () => open(pkcs8(pss)),
      'key-unsupported',
      '{input:privateKey} is an RSA key restricted to RSASSA-PSS, which Notary Project certificates cannot hold',
    );
    const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    refuse(() => open(pkcs8(curve)), 'key-unsupported', '{input:privateKey} is an EC key on the curve secp256k1');
  });

  it('keeps keys and passwords out of its errors', () => {
    const other = generateKeys('RSA-2048').privateKey;
    const encrypted = other
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter22' })
      .toString();
    const damaged = signer.privateKeyPem.replace(/M/, 'N');
    const attempts = [
      () => open(encrypted),
      () => open(encrypted, signer.chainPem, 'hunter23'),
      () => open(damaged),
      () => open(pkcs8(other)),
      () => open(signer.privateKeyPem, ''),
    ];
    for (const attempt of attempts) {
      let thrown: unknown;
      try {
        attempt();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(NotaryError);
      const shown = inspect(thrown, { depth: 9, showHidden: true });
      for (const pem of [encrypted, damaged, pkcs8(other), signer.privateKeyPem]) {
        const line = pem.split('\n')[1] ?? '';
        expect(shown).not.toContain(line.slice(0, 24));
      }
      expect(shown).not.toContain('hunter2');
      expect((thrown as NotaryError).cause).toBeUndefined();
    }
  });
});

describe('certificates of a key', () => {
  const shuffled = (of: TestSigner, ...positions: number[]) =>
    positions.map((position) => of.chain[position]?.pem ?? '').join('');

  it('may stand in any order', () => {
    const deep = createCertificateAuthority({ intermediates: 2 }).issue();
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      const { certificateChain } = open(deep.privateKeyPem, shuffled(deep, ...order));
      expect(namesOf(certificateChain)).toEqual([
        'CN=Test Signer',
        'CN=Test Intermediate 2',
        'CN=Test Intermediate 1',
        'CN=Test Root',
      ]);
    }
  });

  it('may be repeated, and may have other blocks between them', () => {
    const chain = signer.chainPem + signer.chainPem + signer.privateKeyPem;
    expect(open(signer.privateKeyPem, chain).certificateChain).toHaveLength(3);
  });

  it('must be those of the key', () => {
    const other = generateKeys('EC-256').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    refuse(
      () => open(other),
      'key-mismatch',
      /^\{input:privateKey\} belongs to no certificate of \{input:certificateChain\}: SHA-256 of its public key is [0-9a-f]{64}, of those in the certificates [0-9a-f]{64} \(CN=Test Signer,/,
    );
  });

  it('must not leave open which one is meant', () => {
    const { keys } = signer.leaf;
    const second = issueCertificate('leaf', { keys, subject: 'CN=second' }, authority.intermediates[0]);
    const both =
      signer.chain
        .slice(1)
        .map((each) => each.pem)
        .join('') +
      second.pem +
      signer.leaf.pem;
    refuse(
      () => open(signer.privateKeyPem, both),
      'key-mismatch',
      '{input:privateKey} belongs to several certificates of {input:certificateChain}',
    );
  });

  it('must be complete', () => {
    refuse(
      () => open(signer.privateKeyPem, shuffled(signer, 0, 1)),
      'chain-invalid',
      '{input:certificateChain} is incomplete: it lacks the certificate of "CN=Test Root,O=Test,ST=WA,C=US", which issued "CN=Test Intermediate 1,O=Test,ST=WA,C=US"',
    );
    refuse(
      () => open(signer.privateKeyPem, shuffled(signer, 0, 2)),
      'chain-invalid',
      /^\{input:certificateChain\} is incomplete: it lacks the certificate of "CN=Test Intermediate 1,/,
    );
  });

  it('must be signed by the issuers given, not only named', () => {
    const namesake = createCertificateAuthority({ root: { keys: generateKeys('EC-256') } }).root;
    refuse(
      () => open(signer.privateKeyPem, shuffled(signer, 0, 1) + namesake.pem),
      'chain-invalid',
      /^\{input:certificateChain\} is incomplete/,
    );
  });

  it('must belong together', () => {
    const stranger = createCertificateAuthority({ name: 'Other' }).root;
    refuse(
      () => open(signer.privateKeyPem, signer.chainPem + stranger.pem),
      'chain-invalid',
      '{input:certificateChain} has certificates that do not belong to the chain of "CN=Test Signer,O=Test,ST=WA,C=US": "CN=Other Root,O=Other,ST=WA,C=US"',
    );
  });

  it('must be readable', () => {
    const unreadable = (chain: string, reason: string) => {
      refuse(() => open(signer.privateKeyPem, chain), 'certificate-file', `{input:certificateChain} ${reason}`);
    };
    unreadable('', 'holds no certificate');
    unreadable(signer.privateKeyPem, 'holds no certificate');
    unreadable('x'.repeat(1024 * 1024 + 1), 'is too long for a certificate chain');
    unreadable(
      signer.leaf.pem + pemOf('CERTIFICATE', randomBytes(40).fill(1)),
      'cannot be read: certificate 2: x509: malformed certificate',
    );
  });

  it('must be few', () => {
    const many = Array.from({ length: 32 }, (_, i) => createSelfSigned({ subject: `CN=${i}` }).leaf.pem).join('');
    refuse(
      () => open(signer.privateKeyPem, signer.leaf.pem + many),
      'chain-invalid',
      '{input:certificateChain} has more than 32 certificates',
    );
  });
});
