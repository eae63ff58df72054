// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputReader } from '../../shared/input-reader.ts';
import { asksForKeyVault, parseKeyVaultInputs } from '../../shared/key-vault-inputs.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { fakeHost, type FakeHostOptions } from '../fakes/host.ts';

const workspace = mkdtempSync(join(tmpdir(), 'vault-inputs-'));
const authority = createCertificateAuthority();
writeFileSync(join(workspace, 'ca.pem'), [...authority.intermediates, authority.root].map(({ pem }) => pem).join(''));
writeFileSync(join(workspace, 'empty.pem'), '');
afterAll(() => {
  rmSync(workspace, { recursive: true });
});

const keyId = 'https://v.vault.azure.net/certificates/n';

async function parse(inputs: NonNullable<FakeHostOptions['inputs']>, product: 'github' | 'azure' = 'github') {
  const host = fakeHost({ inputs: { keyId, ...inputs }, product, workspace });
  const reader = new InputReader(host);
  const key = await parseKeyVaultInputs(reader, host.log);
  reader.finish();
  return { key, warnings: host.warnings };
}

describe('inputs of Azure Key Vault', () => {
  it('[GH-23] needs no plugin inputs besides the name and the key', async () => {
    const host = fakeHost({ inputs: { pluginName: 'azure-kv', keyId } });
    expect(asksForKeyVault(new InputReader(host), 'github')).toBe(true);
    expect((await parse({})).key).toMatchObject({ id: { name: 'n' }, selfSigned: false });
  });

  it('[ADO-2] takes the inputs of Notation@0', async () => {
    const inputs = { pluginName: 'azureKeyVault', keyId, selfSigned: 'true', akvPluginVersion: '1.2.1' };
    expect(asksForKeyVault(new InputReader(fakeHost({ inputs, product: 'azure' })), 'azure')).toBe(true);
    expect((await parse(inputs, 'azure')).key).toMatchObject({ selfSigned: true });
    expect((await parse({ caCertBundle: 'ca.pem' }, 'azure')).key?.caCertificates).toHaveLength(2);
  });

  it('[KEY-7] takes TRUE for true, and warns that yes is not', async () => {
    expect((await parse({ pluginConfig: 'self_signed=TRUE' })).key?.selfSigned).toBe(true);
    const { key, warnings } = await parse({ pluginConfig: 'self_signed=yes' });
    expect(key?.selfSigned).toBe(false);
    expect(warnings.join()).toContain('self_signed=yes counts as false');
  });

  it("[KEY-8] refuses self_signed together with ca_certs in the plugin's words", async () => {
    await expect(parse({ pluginConfig: 'self_signed=true\nca_certs=ca.pem' })).rejects.toThrow(
      'Please do not specify the `ca_certs` parameter if it is a self-signed certificate.',
    );
  });

  it('[KEY-11] refuses an unknown credential_type and lists the four', async () => {
    await expect(parse({ pluginConfig: 'credential_type=magic' })).rejects.toMatchObject({
      message: 'Invalid credential type: magic',
      hint: 'credential_type is one of environment, workloadid, managedid, azurecli, or left out.',
    });
    expect((await parse({ pluginConfig: 'credential_type=AzureCLI' })).key?.credentialType).toBe('azurecli');
  });

  it('[KEY-12] warns of a key that it does not know', async () => {
    expect((await parse({ pluginConfig: 'colour=blue' })).warnings.join()).toContain('colour');
  });

  it('[KEY-17] reads the CA certificates of a file, and says when there are none', async () => {
    expect((await parse({ pluginConfig: 'ca_certs=ca.pem' })).key?.caCertificates).toHaveLength(2);
    await expect(parse({ pluginConfig: 'ca_certs=empty.pem' })).rejects.toThrow('No certificate found in empty.pem');
    await expect(parse({ pluginConfig: 'ca_certs=none.pem' })).rejects.toThrow('there is no such file');
  });
});
