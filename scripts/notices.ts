// SPDX-License-Identifier: Apache-2.0
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The part of a package.json that a notice shows. */
interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The text of THIRD_PARTY_NOTICES: name, version, licence and licence text of every package that modules come from. */
export async function thirdPartyNotices(root: string, modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.flatMap((module) => packageFolder(module) ?? []));
  const notices: string[] = [];
  for (const folder of [...folders].sort()) notices.push(await notice(join(root, folder)));
  return `This bundle contains the following packages.\n\n${notices.join('\n')}`;
}

/** `node_modules/name` or `node_modules/@scope/name`, the innermost one, relative to the root. */
function packageFolder(module: string): string | undefined {
  const path = module.replaceAll('\\', '/');
  const start = path.indexOf('node_modules/');
  if (start < 0) return undefined;
  const inner = path.lastIndexOf('node_modules/') + 'node_modules/'.length;
  const [first = '', second = ''] = path.slice(inner).split('/');
  return path.slice(start, inner) + (first.startsWith('@') ? `${first}/${second}` : first);
}

async function notice(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  ) as PackageManifest;
  const title = `${name} ${version} (${license ?? 'see its text'})`;
  return `${'-'.repeat(80)}\n${title}\n\n${await licenceText(folder)}\n`;
}

async function licenceText(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^(?:licen[cs]e|notice|copying)/i.test(name)).sort();
  const texts: string[] = [];
  for (const name of names) texts.push((await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n').trim());
  return texts.length > 0 ? texts.join('\n\n') : 'The package carries no licence file.';
}
