// SPDX-License-Identifier: Apache-2.0
import { credentialTypes } from './adapters/azure/sign-in.ts';
import type { CredentialType } from './adapters/azure/sign-in.ts';
import { NotaryError } from './errors.ts';
import type { Log } from './ports.ts';

/**
 * The configuration of a plugin that is built in, `key=value` lines; a value may hold further equals signs. Keys that `plugin`
 * does not know are warned about. Throws `input-invalid`.
 */
export function parseProviderConfig(
  lines: readonly string[],
  plugin: string,
  knownKeys: readonly string[],
  log: Log,
): Map<string, string> {
  const config = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf('=');
    if (equals <= 0) {
      throw new NotaryError('input-invalid', `{input:pluginConfig} must have lines key=value. Got '${line}'`);
    }
    const [key, value] = [line.slice(0, equals).trim(), line.slice(equals + 1).trim()];
    if (!knownKeys.includes(key)) {
      log.warning(`{input:pluginConfig} has ${key}, which ${plugin} does not know; it knows ${knownKeys.join(', ')}`);
    }
    config.set(key, value);
  }
  return config;
}

/** The value of `credential_type`; undefined when it is left out. Throws `input-invalid`. */
export function parseCredentialType(text: string | undefined): CredentialType | undefined {
  if (text === undefined || text === '') return undefined;
  const found = credentialTypes.find((type) => type === text.toLowerCase());
  if (found !== undefined) return found;
  throw new NotaryError('input-invalid', `Invalid credential type: ${text}`, {
    hint: `credential_type is one of ${credentialTypes.join(', ')}, or left out.`,
  });
}
