// SPDX-License-Identifier: Apache-2.0
import type { PluginSource } from './adapters/plugin-store.ts';
import type { VerificationPluginSettings } from './adapters/verification-plugins.ts';
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import type { InputReader } from './input-reader.ts';
import type { InputName } from './inputs.ts';
import { checkPluginUse, pluginWarning } from './plugin/known-plugins.ts';
import type { PluginConfig } from './plugin/metadata.ts';
import { type PluginName, parsePluginName } from './plugin/name.ts';
import type { NamedPluginKey } from './plugin/signing-keys.ts';
import type { PluginKey } from './plugin/signing-protocol.ts';
import type { Log } from './ports.ts';
import { quote } from './primitives/quote.ts';

/** A key of a plugin as the inputs give it. */
export interface PluginKeyInputs {
  readonly plugin: PluginSource;
  readonly key: PluginKey;
}

/** What a plugin shall make with its key. */
export interface PluginKeyUse {
  readonly envelopeMediaType: string;
  readonly expires: boolean;
}

/** What the choice of `plugin` in the form of the Azure Pipelines task is called for a plugin by name. */
const namedPlugin = 'notationPlugin';

/** Whether a step signs with a plugin; the task's form always sends a choice. */
export function asksForPlugin(reader: InputReader, product: Host['product']): boolean {
  if (reader.given('privateKey')) return false;
  if (product === 'azure') return reader.text('pluginName').toLowerCase() === namedPlugin.toLowerCase();
  const inputs = ['pluginName', 'pluginUrl', 'pluginChecksum', 'pluginConfig', 'keyId'] as const;
  return inputs.some((name) => reader.given(name));
}

/** The input that names the plugin. */
function nameInput(product: Host['product']): 'pluginName' | 'notationPlugin' {
  return product === 'azure' ? 'notationPlugin' : 'pluginName';
}

/** Parses the inputs of a signing plugin. What is wrong is reported to the reader. */
export async function parsePluginKeyInputs(
  reader: InputReader,
  host: Host,
  use: PluginKeyUse,
  log: Log,
): Promise<PluginKeyInputs | undefined> {
  const config = await parsePluginConfig(reader, host);
  const keyInput = host.product === 'azure' ? 'pluginKeyId' : 'keyId';
  const keyId = reader.text(keyInput);
  if (keyId === '')
    reader.report(missing(keyInput, 'Give the key identifier that the documentation of the plugin describes.'));
  const plugin = await parsePluginSource(reader, host);
  return plugin && checkedKey(reader, plugin, { keyId, config }, use, log);
}

/**
 * Parses the rest of a plugin's key that is in Notation's key list: where the plugin may come from, and more configuration,
 * which goes before that of the list as with the reference.
 */
export async function parseListedPluginKey(
  reader: InputReader,
  host: Host,
  listed: NamedPluginKey,
  use: PluginKeyUse,
  log: Log,
): Promise<PluginKeyInputs | undefined> {
  for (const [key, value] of listed.config) maskSecret(host, key, value);
  const config = new Map([...listed.config, ...(await parsePluginConfig(reader, host))]);
  const plugin = await parsePluginSource(reader, host, listed.plugin);
  return plugin && checkedKey(reader, plugin, { keyId: listed.keyId, config }, use, log);
}

async function checkedKey(
  reader: InputReader,
  plugin: PluginSource,
  key: PluginKey,
  use: PluginKeyUse,
  log: Log,
): Promise<PluginKeyInputs> {
  const asked = { name: plugin.name, config: key.config, ...use };
  await reader.attempt(() => {
    checkPluginUse(asked);
  });
  const warning = pluginWarning(asked);
  if (warning !== undefined) log.warning(warning);
  return { plugin, key };
}

/** Parses which verification plugins may be run. What is wrong is reported to the reader. */
export async function parseVerificationPluginInputs(
  reader: InputReader,
  host: Host,
): Promise<VerificationPluginSettings> {
  const trustInstalled = reader.flag('trustInstalledPlugin', false);
  const config = await parsePluginConfig(reader, host);
  const named = [nameInput(host.product), 'pluginUrl', 'pluginChecksum'] as const;
  const given = named.some((name) => reader.given(name)) ? await parsePluginSource(reader, host) : undefined;
  return { given, trustInstalled, config };
}

/** Where the plugin comes from: a download with its checksum, or what is installed, by its hash or on the user's word. */
async function parsePluginSource(
  reader: InputReader,
  { product }: Host,
  listed?: PluginName,
): Promise<PluginSource | undefined> {
  const text = listed ?? reader.text(nameInput(product));
  const name = text === '' ? undefined : await reader.attempt(() => parsePluginName(text));
  if (text === '')
    reader.report(missing(nameInput(product), 'Give the name of the plugin, without notation- before it.'));
  const trustInstalled = reader.flag('trustInstalledPlugin', false);
  const url = await reader.attempt(() => parseUrl(reader.text('pluginUrl')));
  const checksum = await reader.attempt(() => parseChecksum(reader.text('pluginChecksum')));
  const urlGiven = reader.given('pluginUrl');
  if (!reader.given('pluginChecksum') && (urlGiven || !trustInstalled))
    reader.report(missing('pluginChecksum', pinning));
  if (!urlGiven && !reader.given('pluginChecksum') && !trustInstalled) reader.report(missing('pluginUrl', installed));
  return name === undefined ? undefined : { name, url, checksum, trustInstalled };
}

const pinning =
  'Installing from a URL requires the SHA-256 of what stands there: take it from the publisher, or download the file once, check it, and run sha256sum. When the address has no version, the checksum must be changed with every release.';

const installed =
  'Give the address of the plugin. For a plugin that is installed on this machine, give the SHA-256 of its executable file as {input:pluginChecksum} instead, or set {input:trustInstalledPlugin}: true.';

function missing(name: InputName, hint: string): NotaryError {
  return new NotaryError('input-missing', `input {input:${name}} is required`, { hint });
}

/** Plain HTTP is for this machine itself only. */
function parseUrl(text: string): URL | undefined {
  if (text === '') return undefined;
  if (!URL.canParse(text))
    throw new NotaryError('input-invalid', `{input:pluginUrl} is not an address. Got ${quote(text)}`);
  const url = new URL(text);
  if (
    url.protocol === 'https:' ||
    (url.protocol === 'http:' && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname))
  ) {
    return url;
  }
  const scheme = url.protocol.slice(0, -1);
  throw new NotaryError(
    'input-invalid',
    `failed to download plugin from {input:pluginUrl}: only the HTTPS scheme is supported, but got ${scheme}`,
  );
}

function parseChecksum(text: string): string | undefined {
  if (text === '' || /^[0-9a-f]{64}$/i.test(text)) return text === '' ? undefined : text.toLowerCase();
  throw new NotaryError(
    'input-invalid',
    `{input:pluginChecksum} must be a SHA-256 in hex, 64 digits. Got ${quote(text)}`,
  );
}

/** Names of configuration values that are hidden from the log. */
const secretName = /(?:^|[^a-z])pin$|passw|passphrase|secret|token|credentials?$|(?:api|access|private)[_-]?key$/i;

function maskSecret(host: Host, key: string, value: string): void {
  if (secretName.test(key) && value !== '') host.mask(value);
}

/** `key=value` lines, split at the first `=`; secrets among the values are masked. */
async function parsePluginConfig(reader: InputReader, host: Host): Promise<PluginConfig> {
  const config = new Map<string, string>();
  for (const line of reader.lines('pluginConfig')) {
    const equals = line.indexOf('=');
    const [key, value] = [line.slice(0, equals), line.slice(equals + 1)];
    maskSecret(host, key, value);
    await reader.attempt(() => {
      if (equals <= 0 || value === '') throw malformedConfig('key-value pair requires "=" as separator');
      if (config.has(key)) throw malformedConfig(`duplicate key ${quote(key)}`);
    });
    config.set(key, value);
  }
  return config;
}

/** Without the line: it may hold a secret. */
function malformedConfig(reason: string): NotaryError {
  return new NotaryError('input-invalid', `could not parse {input:pluginConfig}: ${reason}`, {
    hint: 'Write one key=value per line in {input:pluginConfig}, each key once.',
  });
}
