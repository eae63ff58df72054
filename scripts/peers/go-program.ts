// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goModules } from './peer.ts';
import { isInstalled, output } from './program.ts';

/** A program of a Go module whose versions are pinned by test/interop/peers/<name>/go.mod and go.sum. */
export interface GoProgram {
  readonly package: string;
  readonly linkerFlags?: string;
  /** Build tags. */
  readonly tags?: string;
  /** Folder of the module where it is another one. */
  readonly module?: string;
}

/** Builds a program into a folder, unless this very version is there, and returns its path. */
export function goProgram(name: string, row: GoProgram, folder: string, say: (line: string) => void): string {
  const module = row.module ?? join(goModules, name);
  const program = join(folder, name);
  const stampFile = join(folder, 'stamp');
  const stamp = stampOf(module, row);
  if (existsSync(program) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return program;

  if (!isInstalled('go', ['version'])) {
    const variable = `INTEROP_${name.toUpperCase()}`;
    throw new Error(`${name} is built with Go: install Go 1.25 or newer, or name the program in ${variable}.`);
  }
  say(`building ${row.package === '.' ? name : row.package}`);
  mkdirSync(folder, { recursive: true });
  const args = ['build', '-buildvcs=false', '-trimpath', '-o', program];
  if (row.linkerFlags !== undefined) args.push('-ldflags', row.linkerFlags);
  if (row.tags !== undefined) args.push('-tags', row.tags);
  // Without C nothing but Go is needed. GOFLAGS of the user could change what is built.
  output('go', [...args, row.package], { cwd: module, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' } });
  writeFileSync(stampFile, stamp);
  return program;
}

/** Changes whenever what is built changes. */
function stampOf(module: string, row: GoProgram): string {
  const hash = createHash('sha256').update(JSON.stringify(row));
  for (const file of readdirSync(module).sort()) hash.update(readFileSync(join(module, file)));
  return hash.digest('hex');
}

/** What go.mod of a program requires. */
export function goModuleFile(name: string): string {
  return /^require .*/m.exec(readFileSync(join(goModules, name, 'go.mod'), 'utf8'))?.[0] ?? '';
}
