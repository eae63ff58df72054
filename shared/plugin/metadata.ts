// SPDX-License-Identifier: Apache-2.0
import { type GoJsonStruct, encodeGoJson } from '../primitives/json-encode.ts';
import { stringArrayField, stringField } from '../primitives/json-fields.ts';
import { quote } from '../primitives/quote.ts';
import { brokenContract, contractVersion, readResponse } from './response.ts';

/** The capabilities that are used; a plugin may list any others. */
export const capabilities = {
  rawSignature: 'SIGNATURE_GENERATOR.RAW',
  envelope: 'SIGNATURE_GENERATOR.ENVELOPE',
  trustedIdentity: 'SIGNATURE_VERIFIER.TRUSTED_IDENTITY',
  revocationCheck: 'SIGNATURE_VERIFIER.REVOCATION_CHECK',
} as const;

/** What a plugin says of itself; no field is empty. */
export interface PluginMetadata {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly url: string;
  readonly capabilities: readonly string[];
}

/** Configuration of a plugin: its keys are the plugin's own. */
export type PluginConfig = ReadonlyMap<string, string>;

/** The `pluginConfig` member of a request, which is left out when it is empty. */
export function configMember(config: PluginConfig): GoJsonStruct {
  return { pluginConfig: config.size === 0 ? undefined : config };
}

/** The request of `get-plugin-metadata`, the only one without a contract version. */
export function encodeMetadataRequest(config: PluginConfig): Uint8Array {
  return encodeGoJson(configMember(config));
}

/** Reads the answer to `get-plugin-metadata` of the plugin in the file `notation-<name>`. Throws `plugin-failed`. */
export function parseMetadata(output: Uint8Array, name: string, fileName: string): PluginMetadata {
  const { versions, ...metadata } = readResponse(output, 'get-plugin-metadata', name, (response) => ({
    name: stringField(response, 'name'),
    description: stringField(response, 'description'),
    version: stringField(response, 'version'),
    url: stringField(response, 'url'),
    capabilities: stringArrayField(response, 'capabilities') ?? [],
    versions: stringArrayField(response, 'supportedContractVersions') ?? [],
  }));
  const problem = problemOf(metadata, versions);
  if (problem !== undefined) throw brokenContract(`metadata validation failed for plugin ${name}: ${problem}`);
  if (metadata.name === name) return metadata;
  const expected = fileName.replace(name, () => metadata.name);
  throw brokenContract(`plugin executable file name must be ${quote(expected)} instead of ${quote(fileName)}`);
}

/** In the reference's order (notation-go `plugin/plugin.go validate`). */
function problemOf(metadata: PluginMetadata, versions: readonly string[]): string | undefined {
  for (const field of ['name', 'description', 'version', 'url', 'capabilities'] as const) {
    if (metadata[field].length === 0) return `empty ${field}`;
  }
  if (versions.length === 0) return 'supported contract versions not specified';
  if (versions.includes(contractVersion)) return undefined;
  return `contract version ${quote(contractVersion)} is not in the list of the plugin supported versions [${versions.join(' ')}]`;
}
