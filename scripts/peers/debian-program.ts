// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { isInstalled, output } from './program.ts';

/**
 * Takes a program out of a Debian package without installing it, and returns its path. Needs apt-get and dpkg-deb, no
 * rights: the package lists are private ones in the same folder, from the sources that the system is configured for.
 */
export function debianProgram(name: string, path: string, folder: string, say: (line: string) => void): string {
  const program = join(folder, 'root', path);
  if (existsSync(program)) return program;
  if (!isInstalled('apt-get', ['--version']) || !isInstalled('dpkg-deb', ['--version'])) {
    const variable = `INTEROP_${name.toUpperCase().replace('-', '_')}`;
    throw new Error(
      `${name} is taken from its Debian package, and this is not Debian: name the program in ${variable}.`,
    );
  }
  say(`fetching the Debian package ${name}`);
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true });
  const options = [
    ['Dir::State::lists', join(folder, 'lists')],
    ['Dir::Cache', join(folder, 'cache')],
    ['APT::Sandbox::User', userInfo().username],
  ].flatMap(([key, value]) => ['-o', `${String(key)}=${String(value)}`]);
  output('apt-get', [...options, '-qq', 'update'], { cwd: folder });
  output('apt-get', [...options, '-qq', 'download', name], { cwd: folder });
  const archive = readdirSync(folder).find((file) => file.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt-get download ${name} left no package behind.`);
  output('dpkg-deb', ['-x', archive, 'root'], { cwd: folder });
  for (const part of ['lists', 'cache']) rmSync(join(folder, part), { recursive: true });
  return program;
}
