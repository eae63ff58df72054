// SPDX-License-Identifier: Apache-2.0
import { parseKeyVaultId } from './adapters/signers/azure-key-vault-id.ts';
import type { KeyVaultId } from './adapters/signers/azure-key-vault-id.ts';
import type { CredentialType } from './adapters/azure/sign-in.ts';
import { NotaryError, messageOf } from './errors.ts';
import type { Host } from './host.ts';
import type { InputReader } from './input-reader.ts';
import type { Log } from './ports.ts';
import { parseCredentialType, parseProviderConfig } from './provider-config.ts';
import { parseCertificates } from './x509/certificate.ts';
import type { Certificate } from './x509/certificate.ts';

/** A key in Azure Key Vault as the inputs give it. */
export interface KeyVaultInputs {
  readonly id: KeyVaultId;
  readonly selfSigned: boolean;
  readonly caCertificates?: readonly Certificate[];
  readonly credentialType?: CredentialType;
}

/** The plugin's name on GitHub, and in the task's list. */
const pluginNames = ['azure-kv', 'azurekeyvault'];

/** Whether the step asks for a key in Azure Key Vault; the task's form always sends a plugin, so there the key tells. */
export function asksForKeyVault(reader: InputReader, product: Host['product']): boolean {
  if (reader.given('privateKey') || !pluginNames.includes(reader.text('pluginName').toLowerCase())) return false;
  return product === 'github' || reader.given('keyId');
}

/**
 * Parses the inputs of Azure Key Vault: `plugin_config` with `self_signed`, `ca_certs` and `credential_type` as the plugin
 * azure-kv has them on GitHub, inputs of their own in Azure Pipelines. What is wrong is reported to the reader.
 */
export async function parseKeyVaultInputs(reader: InputReader, log: Log): Promise<KeyVaultInputs | undefined> {
  const id = await reader.attempt(() => parseKeyVaultId(reader.text('keyId')));
  const config = await reader.attempt(() => parseConfig(reader.lines('pluginConfig'), log));
  const selfSigned = reader.flag('selfSigned', false) || config?.get('self_signed') === 'true';
  const caCerts = config?.get('ca_certs');
  const given = caCerts !== undefined || reader.given('caCertBundle');
  if (selfSigned && given) {
    const names =
      config?.get('self_signed') === 'true' || caCerts !== undefined ? ['self_signed', 'ca_certs'] : undefined;
    const [one, other] = names ?? ['{input:selfSigned}', '{input:caCertBundle}'];
    const hint = `Remove ${one} or ${other}.`;
    const text =
      'Self-signed certificate is specified. Please do not specify the `ca_certs` parameter if it is a self-signed certificate.';
    reader.report(new NotaryError('input-invalid', text, { hint }));
  }
  const credentialType = await reader.attempt(() => parseCredentialType(config?.get('credential_type')));
  const caCertificates = given ? await reader.attempt(() => readBundle(reader, caCerts)) : undefined;
  if (id === undefined) return undefined;
  return {
    id,
    selfSigned,
    ...(caCertificates === undefined ? {} : { caCertificates }),
    ...(credentialType === undefined ? {} : { credentialType }),
  };
}

const knownKeys = ['self_signed', 'ca_certs', 'credential_type'];

function parseConfig(lines: readonly string[], log: Log): ReadonlyMap<string, string> {
  const config = parseProviderConfig(lines, 'azure-kv', knownKeys, log);
  const selfSigned = config.get('self_signed');
  if (selfSigned !== undefined) {
    config.set('self_signed', selfSigned.toLowerCase());
    if (!/^(?:true|false)$/i.test(selfSigned))
      log.warning(`self_signed=${selfSigned} counts as false: only true is true`);
  }
  return config;
}

async function readBundle(reader: InputReader, path: string | undefined): Promise<readonly Certificate[]> {
  const name = path === undefined ? 'caCertBundle' : 'pluginConfig';
  const bytes = await reader.fileBytes(name, undefined, path);
  const shown = path ?? reader.text('caCertBundle');
  let certificates;
  try {
    certificates = parseCertificates(bytes);
  } catch (error) {
    throw new NotaryError('certificate-file', `{input:${name}}: ${shown} cannot be read: ${messageOf(error)}`);
  }
  if (certificates.length > 0) return certificates;
  throw new NotaryError('certificate-file', `No certificate found in ${shown}`, {
    hint: 'Give a PEM file with the certificates of all authorities, up to the root, in any order.',
  });
}
