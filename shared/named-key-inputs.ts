// SPDX-License-Identifier: Apache-2.0
import { readNamedKey, readNamedLocalKey } from './adapters/signing-keys-file.ts';
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import type { InputReader } from './input-reader.ts';
import { type PluginKeyInputs, type PluginKeyUse, parseListedPluginKey } from './plugin-inputs.ts';
import type { Log } from './ports.ts';
import { Secret } from './primitives/secret.ts';
import type { LocalKeyInputs } from './sign-inputs.ts';

/** Inputs that name another key than that of Notation's key list. */
const otherKeys = [
  ...(['privateKey', 'certificateChain', 'keyId', 'pluginKeyId', 'notationPlugin'] as const),
  ...(['azureServiceConnection', 'artifactSigningAccount', 'artifactSigningProfile'] as const),
];

/** Whether the step asks for a key of Notation's key list. */
export function asksForNamedKey(reader: InputReader, product: Host['product']): boolean {
  return reader.given('keyName') || (product === 'azure' && reader.text('pluginName').toLowerCase() === 'namedkey');
}

/** Parses a key of the user's Notation key list, local or of a plugin. What is wrong is reported to the reader. */
export async function parseNamedKeyInputs(
  reader: InputReader,
  host: Host,
  use: PluginKeyUse,
  log: Log,
): Promise<LocalKeyInputs | PluginKeyInputs | undefined> {
  // The Azure Pipelines form always sends a plugin.
  const plugin = host.product === 'github' && reader.given('pluginName') ? 'pluginName' : undefined;
  const other = plugin ?? otherKeys.find((name) => reader.given(name));
  if (other !== undefined) {
    const text = `{input:keyName} and {input:${other}} are both given, and only one of them can be the key`;
    reader.report(new NotaryError('input-invalid', text, { hint: 'Remove one of the two.' }));
    return undefined;
  }
  if (!reader.given('keyName')) {
    reader.report(
      new NotaryError('input-missing', 'input {input:keyName} is required', {
        hint: 'Give the name of a key that notation key ls shows on this machine, or default.',
      }),
    );
    return undefined;
  }
  const { environment, workspace } = host;
  const place = { environment, workspace, platform: process.platform };
  const listed = await reader.attempt(() => readNamedKey(reader.text('keyName'), place));
  if (listed === undefined) return undefined;
  const { key, file } = listed;
  log.info(`Using the key ${JSON.stringify(key.name)} of ${file}`);
  if ('plugin' in key) return parseListedPluginKey(reader, host, key, use, log);

  const texts = await reader.attempt(() => readNamedLocalKey(key, workspace));
  if (texts === undefined) return undefined;
  host.mask(texts.privateKey.reveal());
  const password = reader.text('privateKeyPassword');
  return {
    ...texts,
    ...(password === '' ? {} : { password: new Secret(password) }),
    files: { privateKey: key.keyPath, certificateChain: key.certPath },
  };
}
