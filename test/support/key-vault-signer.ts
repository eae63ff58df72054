// SPDX-License-Identifier: Apache-2.0
import {
  openKeyVaultKey,
  type KeyVaultKey,
  type KeyVaultOptions,
} from '../../shared/adapters/signers/azure-key-vault.ts';
import { parseKeyVaultId } from '../../shared/adapters/signers/azure-key-vault-id.ts';
import type { AzureCredential } from '../../shared/adapters/azure/credential.ts';
import type { RawSigner } from '../../shared/ports.ts';
import type { FakeKeyVault, VaultIds } from '../fakes/key-vault.ts';
import type { TestSigner } from '../fakes/certificate-authority.ts';
import { virtualTiming, type VirtualTiming } from '../fakes/timing.ts';

/** A signer of a vault, and what it said while it was opened. */
export interface OpenedKey {
  readonly signer: RawSigner;
  readonly infos: readonly string[];
  readonly warnings: readonly string[];
  readonly timing: VirtualTiming;
  /** Scopes that tokens were asked for. */
  readonly tokens: readonly string[];
}

export type OpenKeyOptions = Partial<Omit<KeyVaultKey, 'id'>> &
  Partial<Pick<KeyVaultOptions, 'ca' | 'clock' | 'credential'>>;

/** Opens a key of the vault by its identifier, or by name. */
export async function openKey(vault: FakeKeyVault, id: string, options: OpenKeyOptions = {}): Promise<OpenedKey> {
  const infos: string[] = [];
  const warnings: string[] = [];
  const tokens: string[] = [];
  const timing = virtualTiming();
  const { selfSigned = false, caCertificates, ...others } = options;
  const credential: AzureCredential = {
    description: 'a test identity',
    principal: { clientId: 'client-of-test', objectId: 'object-of-test', tenantId: 'tenant-of-test' },
    getToken: (scopes) => {
      tokens.push(String(scopes));
      return Promise.resolve({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 });
    },
  };
  const signer = await openKeyVaultKey(
    {
      id: parseKeyVaultId(id.startsWith('https:') ? id : `${vault.url}/certificates/${id}`),
      selfSigned,
      ...(caCertificates === undefined ? {} : { caCertificates }),
    },
    {
      credential,
      timing,
      clock: { now: () => new Date() },
      log: {
        debug: () => undefined,
        info: (text) => infos.push(text),
        warning: (text) => warnings.push(text),
      },
      userAgent: 'test/1',
      ca: vault.ca,
      ...others,
    },
  );
  return { signer, infos, warnings, timing, tokens };
}

/** Adds a CA-issued certificate with its chain in a PEM secret. */
export function addWithChain(vault: FakeKeyVault, name: string, signer: TestSigner): VaultIds {
  const value = signer.privateKeyPem + signer.chainPem;
  return vault.add({
    name,
    keys: signer.leaf.keys,
    der: signer.leaf.der,
    secret: { value, contentType: 'application/x-pem-file' },
  });
}
