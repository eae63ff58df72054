// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTrustStore } from '../../../shared/adapters/trust-store-directory.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import type { TrustStoreType } from '../../../shared/ports.ts';
import { createCertificateAuthority, createSelfSigned, issueCertificate } from '../../fakes/certificate-authority.ts';

const authority = createCertificateAuthority();
const { root } = authority;
const intermediate = authority.intermediates[0] ?? root;
const { leaf } = authority.issue();

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trust-store-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(path: string, content: string | Uint8Array): void {
  const file = join(folder, 'x509', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function folderOf(path: string): string {
  const made = join(folder, 'x509', path);
  mkdirSync(made, { recursive: true });
  return made;
}

function load(type: string, name: string) {
  return openTrustStore(folder).load(type as TrustStoreType, name);
}

async function subjects(type: string, name: string): Promise<string[]> {
  return (await load(type, name)).map(({ subject }) => subject.split(',')[0] ?? '');
}

async function refuse(type: string, name: string, code: ErrorCode, message: string | RegExp): Promise<void> {
  await expect(load(type, name)).rejects.toMatchObject({
    name: 'NotaryError',
    code,
    message: typeof message === 'string' ? message : (expect.stringMatching(message) as unknown),
    hint: expect.any(String) as unknown,
  });
}

describe('the folder of a store', () => {
  it('[NP-181] must exist', async () => {
    await refuse('ca', 'x', 'trust-store', 'the trust store "x" of type "ca" does not exist');
    await expect(load('ca', 'x')).rejects.toMatchObject({
      hint: expect.stringMatching(
        /^The policy names the store ca:x, so x509\/ca\/x\/ .*\{input:trustStore\}/,
      ) as unknown,
    });
  });

  it('[NP-182] must be no symbolic link', async () => {
    put('ca/real/root.pem', root.pem);
    symlinkSync(join(folder, 'x509/ca/real'), join(folder, 'x509/ca/link'), 'junction');
    await refuse(
      'ca',
      'link',
      'trust-store',
      `the trust store link of type ca with path ${join(folder, 'x509/ca/link')} is not a regular directory (symlinks are not supported)`,
    );
  });

  it('[NP-182] may be below a symbolic link', async () => {
    put('ca/real/root.pem', root.pem);
    symlinkSync(join(folder, 'x509/ca'), join(folder, 'x509/signingAuthority'), 'junction');
    expect(await subjects('signingAuthority', 'real')).toEqual(['CN=Test Root']);
  });

  it('must be no file', async () => {
    put('ca/file', root.pem);
    await refuse('ca', 'file', 'trust-store', /is not a regular directory \(symlinks are not supported\)$/);
  });

  it('[NP-193] may be named .. as far as the rule for names goes', async () => {
    put('ca/a/root.pem', root.pem);
    // it names the folder x509, which has folders and no certificates in it
    await refuse(
      'ca',
      '..',
      'certificate-file',
      'trusted certificate ca in trust store .. of type ca is not a regular file (directories or symlinks are not supported)',
    );
  });

  it.each(['a b', '', 'a/b', 'ä', 'a\n', '../x'])('[NP-194] may not be named %j', async (name) => {
    await refuse(
      'ca',
      name,
      'trust-store',
      `trust store name needs to follow [a-zA-Z0-9_.-]+ format, ${name} is invalid`,
    );
  });

  it.each(['CA', 'foo', '', 'signingauthority'])('[NP-195] is not of type %j', async (type) => {
    await refuse(type, 'x', 'trust-store', `unsupported trust store type: ${type}`);
  });

  it('has a bounded number of files', async () => {
    const path = folderOf('ca/many');
    for (let i = 0; i <= 1000; i++) writeFileSync(join(path, String(i)), '');
    await refuse('ca', 'many', 'trust-store', 'the trust store "many" of type "ca" has more than 1000 entries');
  });
});

describe('the files of a store', () => {
  it('are read in the order of their names, hidden ones too', async () => {
    put('ca/x/b.crt', root.der);
    put('ca/x/a.pem', intermediate.pem);
    put('ca/x/.hidden', createSelfSigned({ subject: 'CN=Hidden' }).leaf.pem);
    expect(await subjects('ca', 'x')).toEqual(['CN=Hidden', 'CN=Test Intermediate 1', 'CN=Test Root']);
  });

  it('[NP-180] may hold several certificates, as PEM or DER', async () => {
    put('ca/x/1.pem', root.pem + intermediate.pem);
    put('ca/x/2.der', Uint8Array.of(...intermediate.der, ...root.der));
    expect(await subjects('ca', 'x')).toEqual([
      'CN=Test Root',
      'CN=Test Intermediate 1',
      'CN=Test Intermediate 1',
      'CN=Test Root',
    ]);
  });

  it('[NP-183] are no folders', async () => {
    put('ca/x/root.pem', root.pem);
    folderOf('ca/x/sub');
    await refuse(
      'ca',
      'x',
      'certificate-file',
      'trusted certificate sub in trust store x of type ca is not a regular file (directories or symlinks are not supported)',
    );
  });

  it('[NP-184] are no symbolic links', async () => {
    put('ca/real/root.pem', root.pem);
    symlinkSync(join(folder, 'x509/ca/real/root.pem'), join(folderOf('ca/x'), 'root.pem'));
    await refuse(
      'ca',
      'x',
      'certificate-file',
      'trusted certificate root.pem in trust store x of type ca is not a regular file (directories or symlinks are not supported)',
    );
  });

  it('[NP-185] hold nothing but certificates', async () => {
    put('ca/x/a.pem', root.pem);
    put('ca/x/readme.txt', 'hello');
    await refuse(
      'ca',
      'x',
      'certificate-file',
      'failed to read the trusted certificate readme.txt in trust store x of type ca. x509: malformed certificate',
    );
  });

  it('[NP-179] hold no private key', async () => {
    put('ca/x/root.pem', root.pem + root.privateKeyPem);
    await refuse(
      'ca',
      'x',
      'certificate-file',
      'failed to read the trusted certificate root.pem in trust store x of type ca. x509: malformed tbs certificate',
    );
  });

  it('[NP-186] must be there', async () => {
    folderOf('ca/x');
    await refuse('ca', 'x', 'certificate-file', 'no x509 certificates were found in trust store "x" of type "ca"');
  });

  it('hold at least one certificate each', async () => {
    put('ca/x/a.pem', root.pem);
    put('ca/x/empty', '');
    await refuse(
      'ca',
      'x',
      'certificate-file',
      'failed to validate the trusted certificate empty in trust store x of type ca. input certs cannot be empty',
    );
  });

  it('have a bounded size', async () => {
    put('ca/x/large.pem', Buffer.alloc(4 * 1024 * 1024 + 1, 10));
    await refuse(
      'ca',
      'x',
      'certificate-file',
      'failed to read the trusted certificate large.pem in trust store x of type ca. the file has more than 4194304 bytes',
    );
  });
});

describe('the certificates of a store', () => {
  it('[NP-187] are no leaves', async () => {
    put('ca/x/leaf.pem', root.pem + leaf.pem);
    await refuse(
      'ca',
      'x',
      'certificate-file',
      'failed to validate the trusted certificate leaf.pem in trust store x of type ca. certificate with subject "CN=Test Signer,O=Test,ST=WA,C=US" is not a CA certificate or self-signed signing certificate',
    );
  });

  it('[NP-188] may be self-signed leaves, with SHA-1 too', async () => {
    put('ca/x/1.pem', createSelfSigned({ subject: 'CN=1' }).leaf.pem);
    const spec = { subject: 'CN=2', keyType: 'RSA-2048', signatureAlgorithm: 'SHA1-RSA' } as const;
    put('ca/x/2.pem', createSelfSigned(spec).leaf.pem);
    expect(await subjects('ca', 'x')).toEqual(['CN=1', 'CN=2']);
  });

  it('[NP-189] may be intermediates', async () => {
    put('ca/x/1.pem', intermediate.pem);
    put('signingAuthority/x/1.pem', intermediate.pem);
    expect(await subjects('ca', 'x')).toEqual(['CN=Test Intermediate 1']);
    expect(await subjects('signingAuthority', 'x')).toEqual(['CN=Test Intermediate 1']);
  });

  it('[NP-190] may have expired', async () => {
    const expired = { subject: 'CN=old', notBefore: new Date('2001-01-01'), notAfter: new Date('2002-01-01') };
    put('ca/x/1.pem', issueCertificate('ca', expired).pem);
    expect(await subjects('ca', 'x')).toEqual(['CN=old']);
  });
});

describe('a store of type tsa', () => {
  const invalid = (name: string) =>
    `trusted certificate 1.pem in trust store x of type tsa is invalid: certificate with subject ${name} is not a root CA certificate: `;

  it('takes root certificates', async () => {
    put('tsa/x/1.pem', root.pem);
    expect(await subjects('tsa', 'x')).toEqual(['CN=Test Root']);
  });

  it('[NP-191] refuses an intermediate', async () => {
    put('tsa/x/1.pem', intermediate.pem);
    const name = '"CN=Test Intermediate 1,O=Test,ST=WA,C=US"';
    await refuse('tsa', 'x', 'certificate-file', `${invalid(name)}x509: ECDSA verification failure`);
  });

  it('[NP-192] refuses a self-signed certificate that is no CA', async () => {
    put('tsa/x/1.pem', createSelfSigned({ subject: 'CN=a' }).leaf.pem);
    await refuse(
      'tsa',
      'x',
      'certificate-file',
      `${invalid('"CN=a"')}x509: invalid signature: parent certificate cannot sign this kind of certificate`,
    );
  });

  it('refuses a root that names another issuer', async () => {
    put('tsa/x/1.pem', issueCertificate('ca', { subject: 'CN=a', issuer: 'CN=b' }).pem);
    await refuse(
      'tsa',
      'x',
      'certificate-file',
      `${invalid('"CN=a"')}issuer (CN=b) and subject (CN=a) are not the same`,
    );
  });
});
