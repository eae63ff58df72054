// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NotaryError, messageOf } from '../errors.ts';
import { type PluginName, pluginFileName } from '../plugin/name.ts';
import type { Log } from '../ports.ts';
import { quote } from '../primitives/quote.ts';
import { findInstalledPlugin, notationPluginFolder } from './plugin-folder.ts';
import { placePlugin } from './plugin-install.ts';
import type { PluginProgram } from './plugin-process.ts';

/** Where a plugin may come from. */
export interface PluginSource {
  readonly name: PluginName;
  /** An archive or an executable file; only together with `checksum`. */
  readonly url: URL | undefined;
  /** SHA-256 in lower-case hex, of the download or of the installed executable file. */
  readonly checksum: string | undefined;
  /** Whether the plugin in Notation's plugin folder may be run whatever its hash. */
  readonly trustInstalled: boolean;
}

/** Finds plugins that may be run, each once. */
export interface PluginStore {
  /** Throws `plugin-unavailable`, `download-failed`, `checksum-mismatch` or `malformed`. */
  locate(source: PluginSource): Promise<PluginProgram>;
  /** Removes what was installed. */
  close(): Promise<void>;
}

export interface PluginStoreOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** Plugins are placed below it, in a private folder. */
  readonly tempDirectory: string;
  readonly download: (url: URL, limit: number) => Promise<Uint8Array>;
  readonly log: Log;
}

/** The reference's bound of a download and of an executable. */
const maxPluginBytes = 256 * 1024 * 1024;

export function openPluginStore(options: PluginStoreOptions): PluginStore {
  let folder: Promise<string> | undefined;
  const located = new Map<string, Promise<PluginProgram>>();
  const privateFolder = (): Promise<string> => (folder ??= mkdtemp(join(options.tempDirectory, 'notation-plugins-')));
  return {
    locate: (source) => {
      const program = located.get(source.name) ?? locate(source, options, privateFolder);
      located.set(source.name, program);
      return program;
    },
    close: async () => {
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}

async function locate(
  source: PluginSource,
  options: PluginStoreOptions,
  privateFolder: () => Promise<string>,
): Promise<PluginProgram> {
  const { name, checksum, url } = source;
  const installed = await lookUp(source, options);
  if (installed.path !== undefined && source.trustInstalled) return { name, path: installed.path };
  const place = async (bytes: Uint8Array): Promise<PluginProgram> => ({
    name,
    path: await placePlugin(bytes, name, await privateFolder(), options.platform),
  });
  if (installed.path !== undefined && checksum !== undefined) {
    const bytes = await readExecutable(installed.path);
    // What was hashed is run, not what may stand there by then.
    if (bytes !== undefined && sha256(bytes) === checksum) return place(bytes);
    options.log.info(
      `The installed plugin ${installed.path} has not the SHA-256 of {input:pluginChecksum} and is not run`,
    );
  }
  if (url === undefined || checksum === undefined) throw notAllowed(source, installed, options.platform);
  options.log.info(`Downloading plugin ${name} from ${url.origin}${url.pathname}`);
  const bytes = await options.download(url, maxPluginBytes);
  const actual = sha256(bytes);
  if (actual !== checksum) throw otherChecksum(checksum, actual);
  return place(bytes);
}

interface Installed {
  readonly path?: string;
  readonly problem?: NotaryError;
}

async function lookUp({ name }: PluginSource, { environment, platform }: PluginStoreOptions): Promise<Installed> {
  const folder = notationPluginFolder(environment, platform);
  if (folder === undefined) return {};
  try {
    return { path: await findInstalledPlugin(folder, name, platform) };
  } catch (thrown) {
    if (thrown instanceof NotaryError) return { problem: thrown };
    throw thrown;
  }
}

async function readExecutable(path: string): Promise<Uint8Array | undefined> {
  try {
    return (await stat(path)).size < maxPluginBytes ? await readFile(path) : undefined;
  } catch (cause) {
    throw new NotaryError('plugin-unavailable', `plugin executable file cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function otherChecksum(expected: string, actual: string): NotaryError {
  const text = `plugin SHA-256 checksum does not match user input. Expecting ${expected}, got ${actual}`;
  return new NotaryError('checksum-mismatch', text, {
    hint: 'The download was not run. If its address always holds the newest release, it has changed: correct {input:pluginChecksum} once you know that the new one is right.',
  });
}

function notAllowed(
  { name, trustInstalled, checksum }: PluginSource,
  { path, problem }: Installed,
  platform: string,
): NotaryError {
  if (path === undefined) {
    return new NotaryError('plugin-unavailable', problem?.message ?? `plugin ${quote(name)} is not installed`, {
      hint: `Give {input:pluginUrl} and {input:pluginChecksum} of ${pluginFileName(name, platform)} together with {input:pluginName}.`,
      cause: problem,
    });
  }
  const reason =
    checksum === undefined && !trustInstalled
      ? 'nothing says that it is the right one'
      : 'its SHA-256 is not that of {input:pluginChecksum}';
  return new NotaryError('plugin-unavailable', `the installed plugin ${path} is not run: ${reason}`, {
    hint: 'Give the SHA-256 of this file as {input:pluginChecksum}, or set {input:trustInstalledPlugin}: true if nobody but its administrator can write on this machine.',
  });
}
