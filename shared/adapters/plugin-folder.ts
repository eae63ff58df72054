// SPDX-License-Identifier: Apache-2.0
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { NotaryError, messageOf } from '../errors.ts';
import { type PluginName, pluginFileName } from '../plugin/name.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Notation's plugin folder (reference 6.1); undefined when the environment does not tell. */
export function notationPluginFolder(environment: Environment, platform: string): string | undefined {
  const given = environment['NOTATION_LIBEXEC'] ?? '';
  if (given !== '') return join(given, 'plugins');
  const configuration = userConfigFolder(environment, platform);
  return configuration === undefined ? undefined : join(configuration, 'notation', 'plugins');
}

/** Notation's configuration folder (reference 6.1), perhaps relative; undefined when the environment does not tell. */
export function notationConfigFolder(environment: Environment, platform: string): string | undefined {
  const given = environment['NOTATION_CONFIG'] ?? '';
  if (given !== '') return given;
  const configuration = userConfigFolder(environment, platform);
  return configuration === undefined ? undefined : join(configuration, 'notation');
}

/** Go's `os.UserConfigDir`. */
function userConfigFolder(environment: Environment, platform: string): string | undefined {
  const value = (name: string): string | undefined => (environment[name] === '' ? undefined : environment[name]);
  if (platform === 'win32') return value('APPDATA') ?? value('AppData');
  const home = value('HOME');
  if (platform === 'darwin') return home === undefined ? undefined : join(home, 'Library', 'Application Support');
  const xdg = value('XDG_CONFIG_HOME');
  if (xdg !== undefined) return isAbsolute(xdg) ? xdg : undefined;
  return home === undefined ? undefined : join(home, '.config');
}

/**
 * The executable file of a plugin in a plugin folder; links are followed, as by the reference. Throws `plugin-unavailable`
 * with the reference's text.
 */
export async function findInstalledPlugin(folder: string, name: PluginName, platform: string): Promise<string> {
  const path = join(folder, name, pluginFileName(name, platform));
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (cause) {
    const text = `plugin executable file is either not found or inaccessible: ${messageOf(cause)}`;
    throw new NotaryError('plugin-unavailable', text, { cause });
  }
  if (isFile) return path;
  throw new NotaryError('plugin-unavailable', `plugin executable file is not a regular file: ${path}`);
}
