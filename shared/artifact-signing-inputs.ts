// SPDX-License-Identifier: Apache-2.0
import type { CredentialType, ExcludableCredential } from './adapters/azure/sign-in.ts';
import {
  parseSigningAccount,
  parseSigningEndpoint,
  parseSigningProfile,
  type SigningProfile,
} from './adapters/signers/artifact-signing-profile.ts';
import { NotaryError } from './errors.ts';
import type { InputReader } from './input-reader.ts';
import type { InputName } from './inputs.ts';
import type { Log } from './ports.ts';
import { quote } from './primitives/quote.ts';
import { parseCredentialType, parseProviderConfig } from './provider-config.ts';
import type { TimestampRule } from './timestamp-inputs.ts';

/** A certificate profile of Azure Artifact Signing as the inputs give it. */
export interface ArtifactSigningInputs {
  readonly signingProfile: SigningProfile;
  readonly credentialType?: CredentialType;
  readonly excluded: readonly ExcludableCredential[];
}

/** The plugin's name of today and its former one, and the choice in the form of the Azure Pipelines task. */
const pluginNames = ['azure-artifactsigning', 'azure-trustedsigning', 'azureartifactsigning'];

/** Certificates of the service end after three days: nothing that is signed outlives them without a timestamp. */
export const artifactSigningTimestamps: TimestampRule = {
  signer: 'Azure Artifact Signing',
  reason: 'its certificates are valid for three days, and signatures without a timestamp end with them',
  defaultUrl: 'http://timestamp.acs.microsoft.com',
  rootHint:
    'For http://timestamp.acs.microsoft.com, the default, put the root certificate into a file and name it in {input:timestampRootCert}: curl -o tsa-root.crt "http://www.microsoft.com/pkiops/certs/microsoft%20identity%20verification%20root%20certificate%20authority%202020.crt". With {input:timestampUrl}: none, signing goes on without a timestamp.',
};

/** Whether the inputs name Azure Artifact Signing, whatever else they have. */
export function namesArtifactSigning(reader: InputReader): boolean {
  return pluginNames.includes(reader.text('pluginName').toLowerCase());
}

/** The three things that name a profile: their keys in the plugin's configuration, their inputs in Azure Pipelines. */
const settings = {
  endpoint: { key: 'baseUrl', input: 'artifactSigningEndpoint' },
  account: { key: 'accountName', input: 'artifactSigningAccount' },
  profile: { key: 'certProfile', input: 'artifactSigningProfile' },
} as const satisfies Record<string, { readonly key: string; readonly input: InputName }>;
type Setting = keyof typeof settings;

const knownKeys = ['accountName', 'certProfile', 'baseUrl', 'excludeCredentials', 'credential_type'];

/**
 * Parses the inputs of Azure Artifact Signing: `plugin_config` with the keys of the plugin azure-artifactsigning, and
 * `credential_type` as azure-kv has it; in Azure Pipelines inputs of their own. The key identifier is not needed: the profile
 * has one key. What is wrong is reported to the reader.
 */
export async function parseArtifactSigningInputs(
  reader: InputReader,
  log: Log,
): Promise<ArtifactSigningInputs | undefined> {
  const lines = reader.lines('pluginConfig');
  const parsed = await reader.attempt(() => parseProviderConfig(lines, 'azure-artifactsigning', knownKeys, log));
  const config = parsed ?? new Map<string, string>();
  const given = (setting: Setting) => settingOf(reader, config, setting);
  const endpoint = await reader.attempt(() => parseSigningEndpoint(...given('endpoint')));
  const account = await reader.attempt(() => parseSigningAccount(...given('account')));
  const profile = await reader.attempt(() => parseSigningProfile(...given('profile')));
  const credentialType = await reader.attempt(() => parseCredentialType(config.get('credential_type')));
  const excluded = (await reader.attempt(() => parseExcluded(config.get('excludeCredentials') ?? '', log))) ?? [];
  if (reader.given('keyId')) log.debug('{input:keyId} is not used: a certificate profile has one key');
  if (endpoint === undefined || account === undefined || profile === undefined) return undefined;
  return {
    signingProfile: { ...endpoint, account, profile },
    ...(credentialType === undefined ? {} : { credentialType }),
    excluded,
  };
}

/** A setting with how messages call it. Throws `input-missing` in the plugin's words. */
function settingOf(
  reader: InputReader,
  config: ReadonlyMap<string, string>,
  setting: Setting,
): readonly [text: string, shown: string] {
  const { key, input } = settings[setting];
  if (reader.given(input)) return [reader.text(input), `{input:${input}}`];
  const value = config.get(key) ?? '';
  if (value !== '') return [value, `${key} of {input:pluginConfig}`];
  throw new NotaryError('input-missing', `${key} property is missing from pluginConfig, or its value is not provided`, {
    hint: `Give ${key}=<${setting}> in {input:pluginConfig} (in Azure Pipelines the input ${input}).`,
  });
}

/** What the plugin may be told not to sign in with, and what that is here. */
const excludable: ReadonlyMap<string, ExcludableCredential | undefined> = new Map([
  ['environmentcredential', 'environment'],
  ['workloadidentitycredential', 'workloadid'],
  ['azureclicredential', 'azurecli'],
  ['managedidentitycredential', undefined],
  ['sharedtokencachecredential', undefined],
  ['visualstudiocredential', undefined],
  ['azurepowershellcredential', undefined],
  ['interactivebrowsercredential', undefined],
  ['azuredeveloperclicredential', undefined],
]);
const excludableNames =
  'EnvironmentCredential, ManagedIdentityCredential, SharedTokenCacheCredential, VisualStudioCredential, AzureCliCredential, AzurePowerShellCredential, InteractiveBrowserCredential, WorkloadIdentityCredential, AzureDeveloperCliCredential';

/** Names between commas, in any letter case. Those of credentials that are never tried here change nothing, and are told. */
function parseExcluded(text: string, log: Log): ExcludableCredential[] {
  const names = text.split(',').map((name) => name.trim());
  const excluded: ExcludableCredential[] = [];
  const idle: string[] = [];
  for (const name of names.filter((each) => each !== '')) {
    if (!excludable.has(name.toLowerCase())) {
      const problem = `The user-supplied ExcludeCredentials type ${quote(name)} is not valid.`;
      throw new NotaryError('input-invalid', `{input:pluginConfig}: ${problem} Valid values are: ${excludableNames}`);
    }
    const found = excludable.get(name.toLowerCase());
    if (found === undefined) idle.push(name);
    else excluded.push(found);
  }
  if (idle.length > 0) {
    const why = 'they are never tried unless credential_type or a service connection names them';
    log.warning(`excludeCredentials has entries without effect: ${idle.join(', ')}; ${why}`);
  }
  return excluded;
}
