// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyVaultId } from '../../../../shared/adapters/signers/azure-key-vault-id.ts';
import { vaultUnreachable } from '../../../../shared/adapters/signers/azure-key-vault-error.ts';
import { NotaryError } from '../../../../shared/errors.ts';
import { algorithmOfKeySpec } from '../../../../shared/envelope/algorithm.ts';
import { verifySignature } from '../../../../shared/primitives/crypto.ts';
import {
  createCertificateAuthority,
  createSelfSigned,
  issueCertificate,
  signerOf,
} from '../../../fakes/certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, extension, keyUsage } from '../../../fakes/certificate-extensions.ts';
import { contextPrimitive, oid, sequence } from '../../../fakes/der.ts';
import { startKeyVault, vaultError, type FakeKeyVault } from '../../../fakes/key-vault.ts';
import { addWithChain, openKey, type OpenKeyOptions } from '../../../support/key-vault-signer.ts';

let vault: FakeKeyVault;
beforeAll(async () => {
  vault = await startKeyVault();
});
afterAll(async () => {
  await vault.close();
});
afterEach(() => {
  vault.script(() => undefined);
  vault.corrupt = 'nothing';
  vault.challengeResource = vault.url;
});

const authority = createCertificateAuthority({ name: 'Vault' });
const toBeSigned = new Uint8Array(Buffer.from('to be signed'));
const keyTypes = ['RSA-2048', 'RSA-3072', 'RSA-4096', 'EC-256', 'EC-384', 'EC-521'] as const;

describe('signing', () => {
  it.each(keyTypes)(
    '[KEY-27] [KEY-28] [KEY-31] signs with %s: of the right length, over the digest',
    async (keyType) => {
      const signer = authority.issue({ keyType });
      addWithChain(vault, `key-${keyType}`, signer);
      const opened = await openKey(vault, `key-${keyType}`);
      expect(opened.signer.keySpec).toBe(keyType);
      const signature = await opened.signer.sign(toBeSigned);
      const algorithm = algorithmOfKeySpec(keyType);
      expect(signature).toHaveLength(algorithm.signatureSize);
      const { publicKey } = signer.leaf.keys;
      expect(verifySignature(algorithm, publicKey, toBeSigned, signature, { saltLength: 'digest' })).toBe(true);
    },
  );
});

/** The error of an attempt to open the key, and sign with it. */
async function failureOf(
  id: string,
  options: OpenKeyOptions = {},
): Promise<{ code: string; message: string; hint: string }> {
  try {
    const { signer } = await openKey(vault, id, options);
    await signer.sign(toBeSigned);
  } catch (error) {
    if (error instanceof NotaryError) return { code: error.code, message: error.message, hint: error.hint ?? '' };
    throw error;
  }
  throw new Error('it signed');
}

const signer = authority.issue();
const pem = 'application/x-pem-file';
let names = 0;
/** Adds the certificate of `signer` under a new name. */
function added(secret?: { value: string; contentType: string; pem?: string }): string {
  const name = `certificate-${names++}`;
  const { keys, der } = signer.leaf;
  vault.add({ name, keys, der, ...(secret === undefined ? {} : { secret }) });
  return name;
}
const secretOf = (...ders: readonly { readonly pem: string }[]) => ({
  value: signer.privateKeyPem + ders.map((each) => each.pem).join(''),
  contentType: pem,
});

describe('hardware keys', () => {
  it.each([
    ['RSA-HSM', 'RSA-2048'],
    ['EC-HSM', 'EC-256'],
  ] as const)('[KEY-29] %s signs as a key in software', async (keyType, keySpec) => {
    const issued = authority.issue({ keyType: keySpec });
    const { keys, der } = issued.leaf;
    vault.add({ name: keyType, keyType, keys, der, secret: { value: issued.chainPem, contentType: pem } });
    const { signer: opened } = await openKey(vault, keyType);
    expect(opened.keySpec).toBe(keySpec);
    expect(await opened.sign(toBeSigned)).toHaveLength(algorithmOfKeySpec(keySpec).signatureSize);
  });
});

describe('identifiers', () => {
  it('[KEY-1] takes certificates and keys for the same, and [KEY-2] pins the latest version once', async () => {
    const ids = addWithChain(vault, 'pinned', signer);
    const version = ids.certificate.split('/').at(-1) ?? '';
    const opened = await openKey(vault, `${vault.url}/certificates/pinned/${version}`);
    const other = await openKey(vault, `${vault.url}/keys/pinned/${version}`);
    expect(other.signer.certificateChain.map(({ der }) => der)).toEqual(
      opened.signer.certificateChain.map(({ der }) => der),
    );
    const latest = await openKey(vault, 'pinned');
    expect(latest.infos.join()).toContain(ids.key);
    const before = vault.requests.length;
    // a rotation between opening and signing changes nothing
    addWithChain(vault, 'pinned', authority.issue({ subject: 'CN=next' }));
    await latest.signer.sign(toBeSigned);
    expect(vault.requests.slice(before).map(({ path }) => path)).toEqual([`${new URL(ids.key).pathname}/sign`]);
  });

  it('[KEY-3] [KEY-5] takes trailing slashes, a query, upper-case hosts and ports', () => {
    for (const text of ['https://V.vault.azure.net/keys/n/', 'https://v.vault.azure.net/certificates/n?x=1']) {
      expect(parseKeyVaultId(text)).toMatchObject({ vault: 'https://v.vault.azure.net', name: 'n' });
    }
    expect(parseKeyVaultId('https://localhost:8443/keys/n/1')).toMatchObject({ host: 'localhost:8443', version: '1' });
  });

  it.each([
    ['', 'Input passed to "--id" must not be empty'],
    ['nothing', 'is not a URL'],
    ['http://v.vault.azure.net/keys/n', 'Unsupported scheme http. The scheme must be https.'],
    ['https://v.vault.azure.net/secrets/n', 'Unsupported key vault object type "secrets"'],
    ['https://v.vault.azure.net/Certificates/n', 'Unsupported key vault object type "Certificates"'],
    ['https://v.vault.azure.net/certificates//n', 'Key name must not be null or empty'],
    ['https://v.vault.azure.net/certificates/n/v/x', 'wrong number of segments'],
    ['https://v.vault.azure.net/certificates', 'wrong number of segments'],
    ['https://v.vault.azure.net/certificates/n%2F..', 'is not a name or version'],
    ['https://hsm.managedhsm.azure.net/keys/n', 'a managed HSM has keys but no certificates'],
    ['https://[::1]:8443/keys/n', 'must have a host name, not an IPv6 address'],
    ['https://user@v.vault.azure.net/certificates/n', 'must not hold user name'],
  ])('[KEY-4] refuses %s', (text, message) => {
    expect(() => parseKeyVaultId(text)).toThrow(message);
  });

  it('[KEY-6] refuses another version than the one asked for', async () => {
    const name = added(secretOf(...signer.chain));
    vault.script(({ kind, path }) => {
      if (kind !== 'certificate') return undefined;
      const [, , asked = '', version = ''] = path.split('/');
      expect(version).toBe('0123');
      const id = (kindOf: string) => `${vault.url}/${kindOf}/${asked}/4567`;
      const cer = Buffer.from(signer.leaf.der).toString('base64');
      return { status: 200, body: { id: id('certificates'), kid: id('keys'), sid: id('secrets'), cer } };
    });
    const failure = await failureOf(`${vault.url}/certificates/${name}/0123`);
    expect(failure.message).toBe(
      'the version specified in the request is 0123 but the version retrieved from Azure Key Vault is 4567',
    );
    vault.script(() => undefined);
    expect((await failureOf(`${vault.url}/certificates/${name}/0123`)).code).toBe('vault-object-missing');
  });
});

describe('chain', () => {
  const chainOf = async (name: string, options: OpenKeyOptions = {}) =>
    (await openKey(vault, name, options)).signer.certificateChain.map(({ der }) => der);
  const [leaf, intermediate, root] = signer.chain;
  if (leaf === undefined || intermediate === undefined || root === undefined) throw new Error('no chain');

  it('[KEY-13] [KEY-19] [KEY-25] finds the same chain in every order and drops copies', async () => {
    for (const order of [
      [leaf, intermediate, root],
      [root, intermediate, leaf],
      [intermediate, leaf, root, intermediate],
    ]) {
      expect(await chainOf(added(secretOf(...order)))).toEqual(signer.chainDer);
    }
  });

  it('[KEY-19] leaves out a certificate that does not belong, with a warning', async () => {
    const stranger = createCertificateAuthority({ name: 'Stranger' }).root;
    const { signer: found, warnings } = await openKey(vault, added(secretOf(leaf, stranger, root, intermediate)));
    expect(found.certificateChain).toHaveLength(3);
    expect(warnings.join()).toContain(stranger.certificate.subject);
  });

  it('[KEY-17] [KEY-42] takes the CAs from a file, also with the leaf in it, and then reads no secret', async () => {
    const name = added();
    const before = vault.requests.length;
    const caCertificates = [root, leaf, intermediate].map(({ certificate }) => certificate);
    expect(await chainOf(name, { caCertificates })).toEqual(signer.chainDer);
    expect(vault.requests.slice(before).map(({ kind }) => kind)).toEqual(['certificate']);
  });

  it('[KEY-18] names the subject whose issuer is missing', async () => {
    const withoutRoot = await failureOf(added(secretOf(leaf, intermediate)));
    expect(withoutRoot).toMatchObject({ code: 'chain-invalid' });
    expect(withoutRoot.message).toContain(`the issuer of "${intermediate.certificate.subject}" is`);
    const withoutIntermediate = await failureOf(added(secretOf(leaf, root)));
    expect(withoutIntermediate.message).toContain(`the issuer of "${leaf.certificate.subject}" is`);
  });

  it('[KEY-20] [KEY-21] chooses among roots of one name by signature, and refuses the wrong one', async () => {
    const impostor = issueCertificate('ca', { subject: root.subject, keyType: 'EC-384' });
    expect(await chainOf(added(secretOf(leaf, impostor, root, intermediate)))).toEqual(signer.chainDer);
    const failure = await failureOf(added(secretOf(leaf, intermediate, impostor)));
    expect(failure.message).toContain('a certificate of that name is there, but its key did not sign');
  });

  it('[KEY-22] ends where names form a circle', async () => {
    const first = issueCertificate('ca', { subject: 'CN=a', issuer: 'CN=b' });
    const second = issueCertificate('ca', { subject: 'CN=b' }, first);
    const circular = signerOf([issueCertificate('leaf', { subject: 'CN=leaf' }, second), second, first]);
    const { keys, der } = circular.leaf;
    vault.add({ name: 'circle', keys, der, secret: { value: circular.chainPem, contentType: pem } });
    expect((await failureOf('circle')).code).toBe('chain-invalid');
  });

  it('[KEY-9] [KEY-10] knows a self-signed certificate by itself, and refuses the flag on another one', async () => {
    const self = createSelfSigned({ subject: 'CN=self' });
    vault.add({ name: 'self', keys: self.leaf.keys, der: self.leaf.der });
    expect(await chainOf('self')).toEqual([self.leaf.der]);
    expect(await chainOf('self', { selfSigned: true })).toEqual([self.leaf.der]);
    expect((await failureOf(added(), { selfSigned: true })).message).toContain('self_signed is set, but');
  });

  it('[KEY-16] asks for PEM, and without that reads what there is', async () => {
    const name = added(secretOf(...signer.chain));
    vault.convertsToPem = false;
    try {
      expect(await chainOf(name)).toEqual(signer.chainDer);
    } finally {
      vault.convertsToPem = true;
    }
    const pfx = { value: 'not even read', contentType: 'application/x-pkcs12', pem: signer.chainPem };
    expect(await chainOf(added(pfx))).toEqual(signer.chainDer);
  });

  it('[KEY-23] fetches nothing from where a certificate points', async () => {
    const asked: string[] = [];
    const issuers = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => issuers.listen(0, '127.0.0.1', resolve));
    const uri = `http://127.0.0.1:${(issuers.address() as AddressInfo).port}/ca.cer`;
    const aia = sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), contextPrimitive(6, Buffer.from(uri))));
    const usual = [basicConstraints({ ca: false }), keyUsage(['digitalSignature'])];
    const pointing = authority.issue({ extensions: [...usual, extension('1.3.6.1.5.5.7.1.1', aia)] });
    const { keys, der, pem: text } = pointing.leaf;
    vault.add({ name: 'aia', keys, der, secret: { value: text, contentType: pem } });
    expect((await failureOf('aia')).message).toContain('the certificate chain is not complete');
    expect(asked).toEqual([]);
    issuers.close();
  });

  it('[KEY-24] takes the leaf that the certificate names among several in the secret', async () => {
    const other = authority.issue({ subject: 'CN=other' });
    const name = added(secretOf(other.leaf, ...signer.chain));
    const { signer: opened, warnings } = await openKey(vault, name);
    expect(opened.certificateChain.map(({ der }) => Buffer.from(der))).toEqual(
      signer.chainDer.map((der) => Buffer.from(der)),
    );
    expect(warnings.join()).toContain('CN=other');
  });

  it('[KEY-24] does not guess where the certificate may not be read', async () => {
    const other = authority.issue({ subject: 'CN=other' });
    const name = added(secretOf(other.leaf, ...signer.chain));
    const refusal = vaultError(403, 'Forbidden', 'Caller is not authorized', 'ForbiddenByRbac');
    vault.script(({ kind }) => (kind === 'certificate' ? refusal : undefined));
    const failure = await failureOf(name);
    expect(failure.message).toContain('has several certificates that issued no other');
    expect(failure.hint).toContain('Key Vault Certificate User');
  });

  it('[KEY-26] keeps the private key of the secret out of errors and logs', async () => {
    const { infos, warnings, signer: opened } = await openKey(vault, added(secretOf(...signer.chain)));
    const broken = await failureOf(
      added({ value: `${signer.privateKeyPem}-----BEGIN CERTIFICATE-----`, contentType: pem }),
    );
    const [, line = ''] = signer.privateKeyPem.split('\n');
    for (const text of [infos, warnings, Object.values(broken), inspect(opened, { depth: 9 })])
      expect(String(text)).not.toContain(line);
  });
});

describe('before the key is used', () => {
  const digitalSignature = keyUsage(['digitalSignature']);
  const leafBasics = basicConstraints({ ca: false });
  it.each([
    ['keyEncipherment', [leafBasics, keyUsage(['digitalSignature', 'keyEncipherment'])]],
    ['CA:TRUE', [basicConstraints({ ca: true }), digitalSignature]],
    ['a key usage that is not critical', [leafBasics, keyUsage(['digitalSignature'], { critical: false })]],
    ['serverAuth', [leafBasics, digitalSignature, extendedKeyUsage(['1.3.6.1.5.5.7.3.1'])]],
  ])('[KEY-35] refuses a leaf with %s', async (_, extensions) => {
    const bad = authority.issue({ extensions, subject: 'CN=bad' });
    const name = `bad-${names++}`;
    addWithChain(vault, name, bad);
    const before = vault.requests.length;
    const failure = await failureOf(name);
    expect(failure.code).toBe('chain-invalid');
    expect(failure.message).toContain('CN=bad');
    expect(vault.requests.slice(before).some(({ kind }) => kind === 'sign')).toBe(false);
  });

  it('[KEY-36] names the CA that has no critical key usage', async () => {
    const other = createCertificateAuthority({
      name: 'Loose',
      intermediate: { extensions: [basicConstraints({ ca: true }), keyUsage(['keyCertSign'], { critical: false })] },
    });
    addWithChain(vault, 'loose', other.issue());
    expect((await failureOf('loose')).message).toContain('Loose Intermediate 1');
  });

  it('[KEY-37] refuses an expired leaf and warns of one that ends soon', async () => {
    const in10Days = new Date(Date.now() + 10 * 86_400_000 + 60_000);
    addWithChain(vault, 'soon', authority.issue({ notAfter: in10Days }));
    expect((await openKey(vault, 'soon')).warnings.join()).toContain('expires in 10 days');
    addWithChain(vault, 'past', authority.issue({ notAfter: new Date(Date.now() - 86_400_000) }));
    expect((await failureOf('past')).message).toContain('was invalid at signing time');
  });

  it.each(['RSA-1024', 'RSA-5120', 'EC-224', 'Ed25519'] as const)('[KEY-30] refuses a key of %s', async (keyType) => {
    const odd = authority.issue({ keyType, subject: `CN=odd ${keyType}` });
    addWithChain(vault, `odd-${keyType}`, odd);
    expect((await failureOf(`odd-${keyType}`)).code).toMatch(/^key-unsupported$|^vault-failed$/);
  });

  it('[KEY-34] says that a certificate is disabled', async () => {
    vault.add({ name: 'disabled', keys: signer.leaf.keys, der: signer.leaf.der, enabled: false });
    expect(await failureOf('disabled')).toMatchObject({
      code: 'vault-denied',
      hint: expect.stringContaining('--enabled true') as unknown,
    });
  });

  it.each([
    ['kid', 'Invalid key identifier'],
    ['signature', 'does not verify with the certificate'],
    ['length', 'gave a signature of 63 bytes'],
    ['der', 'gave a signature of'],
  ] as const)('[KEY-32] refuses an answer with a wrong %s', async (what, message) => {
    const name = added(secretOf(...signer.chain));
    vault.corrupt = what;
    expect((await failureOf(name)).message).toContain(message);
  });

  it('[KEY-33] finds out that the key is another one than the certificate is for', async () => {
    const { der } = signer.leaf;
    const { keys } = authority.issue({ subject: 'CN=other key' }).leaf;
    vault.add({ name: 'rotated', keys, der, secret: secretOf(...signer.chain) });
    expect((await failureOf('rotated')).message).toContain('does not verify with the certificate');
  });
});

describe('permissions', () => {
  const rbac = (action: string) =>
    vaultError(
      403,
      'Forbidden',
      `Caller is not authorized to perform action on resource.\r\nCaller: appid=a;oid=o\r\nAction: '${action}'\r\nResource: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/v'\r\nAssignment: (not found)`,
      'ForbiddenByRbac',
    );
  const denied = (kind: string) => (seen: { kind: string }) => (seen.kind === kind ? rbac(kind) : undefined);

  it('[KEY-41] needs no more than the secret and the signature', async () => {
    const name = added(secretOf(...signer.chain));
    vault.script(denied('certificate'));
    const { signer: opened } = await openKey(vault, name);
    expect(opened.certificateChain.map(({ der }) => der)).toEqual(signer.chainDer);
    await opened.sign(toBeSigned);
  });

  it('[KEY-43] never asks for the key', async () => {
    const name = added(secretOf(...signer.chain));
    const before = vault.requests.length;
    const { signer: opened } = await openKey(vault, name);
    await opened.sign(toBeSigned);
    expect(vault.requests.slice(before).map(({ kind }) => kind)).toEqual(['certificate', 'secret', 'sign']);
  });

  it.each([
    ['secret', 'Key Vault Secrets User'],
    ['sign', 'Key Vault Crypto User'],
  ])('[KEY-39] [ADO-71] names role, scope and principal when %s is refused', async (kind, role) => {
    const name = added(secretOf(...signer.chain));
    vault.script(denied(kind));
    const failure = await failureOf(name);
    expect(failure.code).toBe('vault-denied');
    expect(failure.message).toContain(
      'a test identity (client client-of-test, object object-of-test) has no role for it',
    );
    expect(failure.hint).toContain(
      `az role assignment create --role "${role}" --assignee object-of-test --scope /subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/v`,
    );
  });

  it('[KEY-39] names the role for the certificate when the secret is refused as well', async () => {
    const name = added(secretOf(...signer.chain));
    vault.script(({ kind }) => (kind === 'sign' ? undefined : rbac(kind)));
    expect((await failureOf(name)).hint).toContain('--role "Key Vault Certificate User"');
  });

  it('[KEY-38] [KEY-42] offers permission and ca_certs where an access policy lacks secrets get', async () => {
    const name = added(secretOf(...signer.chain));
    const text = 'The user does not have secrets get permission on key vault v';
    vault.script(({ kind }) => (kind === 'secret' ? vaultError(403, 'Forbidden', text, 'AccessDenied') : undefined));
    const failure = await failureOf(name);
    expect(failure.message).toContain(text);
    expect(failure.hint).toContain(
      'az keyvault set-policy --name 127 --object-id object-of-test --secret-permissions get',
    );
    expect(failure.hint).toContain('ca_certs');
  });

  it('[KEY-40] suggests no role where the firewall refuses', async () => {
    const text = 'Client address is not authorized and caller is not a trusted service.';
    vault.script(() => vaultError(403, 'Forbidden', text, 'ForbiddenByFirewall'));
    const failure = await failureOf(added());
    expect(failure.message).toContain('the firewall of the vault does not let this machine in');
    expect(failure.hint).toContain('az keyvault network-rule add');
    expect(failure.hint).not.toMatch(/role/i);
  });

  it('[KEY-34] says that a key is disabled', async () => {
    const name = added(secretOf(...signer.chain));
    vault.script(({ kind }) =>
      kind === 'sign'
        ? vaultError(403, 'Forbidden', 'Operation sign is not allowed on a disabled key.', 'KeyDisabled')
        : undefined,
    );
    expect((await failureOf(name)).message).toContain('it is disabled');
  });

  it('[KEY-44] explains a token of another tenant', async () => {
    vault.script(() =>
      vaultError(
        401,
        'Unauthorized',
        'AKV10032: Invalid issuer. Expected one of https://sts.windows.net/t1/, found https://sts.windows.net/t2/.',
      ),
    );
    const failure = await failureOf(added());
    expect(failure).toMatchObject({ code: 'azure-sign-in' });
    for (const tenant of ['t1', 't2', 'tenant-of-test']) expect(failure.message).toContain(tenant);
  });

  it('[KEY-45] tells a missing certificate, which may be deleted, from a missing vault', async () => {
    const missing = await failureOf('nowhere');
    expect(missing.code).toBe('vault-object-missing');
    expect(missing.hint).toContain('az keyvault certificate recover');
    expect(
      vaultUnreachable(parseKeyVaultId('https://no.vault.azure.net/keys/n'), { code: 'ENOTFOUND' }).message,
    ).toContain('its host name is not known');
  });

  it('[KEY-50] gives no token for the resource of somebody else', async () => {
    vault.challengeResource = 'https://management.azure.com';
    const before = vault.requests.length;
    expect((await failureOf(added())).message).toContain(
      'asks for a token for "https://management.azure.com/.default"',
    );
    expect(vault.requests).toHaveLength(before);
  });

  it('[KEY-51] says how to trust a certificate authority', async () => {
    const failure = await failureOf(added(), { ca: createCertificateAuthority({ name: 'Nobody' }).root.pem });
    expect(failure.message).toContain('its TLS certificate is not trusted');
    expect(failure.hint).toContain('NODE_EXTRA_CA_CERTS');
  });
});

it('[KEY-45] says that a key without a certificate cannot be used', async () => {
  const failure = await failureOf('key-alone');
  expect(failure.code).toBe('vault-object-missing');
  expect(failure.hint).toContain('a key without a certificate cannot be used');
});

describe('many signatures', () => {
  it('[KEY-48] asks for one token and one certificate, then only signs', async () => {
    const name = added(secretOf(...signer.chain));
    const before = vault.requests.length;
    const { challenges } = vault;
    const { signer: opened } = await openKey(vault, name);
    await Promise.all(Array.from({ length: 10 }, () => opened.sign(toBeSigned)));
    const kinds = vault.requests.slice(before).map(({ kind }) => kind);
    expect(kinds).toEqual(['certificate', 'secret', ...Array.from({ length: 10 }, () => 'sign')]);
    // reading and signing each meet the vault's challenge once
    expect(vault.challenges - challenges).toBe(2);
  });

  it('[KEY-46] waits as long as 429 says, backs off without a word, and gives up', async () => {
    const name = added(secretOf(...signer.chain));
    const { signer: opened, timing } = await openKey(vault, name);
    const replies = [{ status: 429, headers: { 'retry-after': '7' } }, { status: 429 }, { status: 429 }];
    vault.script(() => replies.shift());
    await opened.sign(toBeSigned);
    // what does not say how long is asked again ten times a second at most
    expect(timing.sleeps).toEqual([7000, 100, 100]);
    vault.script(() => ({ status: 429 }));
    await expect(opened.sign(toBeSigned)).rejects.toThrow('throttled');
    expect(timing.sleeps.slice(3).reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(60_000);
  });

  it.each([['503'], ['cut']] as const)('[KEY-47] repeats after %s', async (fault) => {
    const name = added(secretOf(...signer.chain));
    let left = 2;
    vault.script(() => (left-- > 0 ? (fault === 'cut' ? 'cut' : { status: 503 }) : undefined));
    const { signer: opened } = await openKey(vault, name);
    await opened.sign(toBeSigned);
  });

  it('[KEY-47] repeats neither 400 nor 403', async () => {
    const name = added(secretOf(...signer.chain));
    const { signer: opened } = await openKey(vault, name);
    for (const status of [400, 403]) {
      const before = vault.requests.length;
      vault.script(() => vaultError(status, 'BadParameter', 'no'));
      await expect(opened.sign(toBeSigned)).rejects.toThrow(NotaryError);
      expect(vault.requests.length - before).toBe(1);
    }
  });
});
