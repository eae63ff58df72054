// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cancelProcess } from './cancel-process.ts';

const root = join(import.meta.dirname, '..', '..');

/** An executable of Node.js for a handler. */
export interface AgentNode {
  readonly name: string;
  readonly path: string;
}

const executable = process.platform === 'win32' ? 'node.exe' : 'node';

/** Node.js 24, from the development dependencies. */
export const node24: AgentNode = {
  name: 'Node.js 24',
  path: realpathSync(join(root, 'node_modules', 'node', 'bin', executable)),
};

/** Node.js 24, and the one that is installed on this machine when it is another major version, such as the agent's 20. */
export function agentNodes(): AgentNode[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const installed = folders.map((folder) => join(folder, executable)).find((path) => existsSync(path));
  if (installed === undefined) return [node24];
  const major = execFileSync(installed, ['--print', 'process.versions.node.split(".")[0]'], {
    encoding: 'utf8',
  }).trim();
  return major === '24' ? [node24] : [node24, { name: `Node.js ${major}`, path: installed }];
}

/** What is left of the worker's own environment: enough for a program to start. */
export function baseEnvironment(home: string): Record<string, string> {
  if (process.platform !== 'win32') return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' };
  const systemRoot = process.env['SystemRoot'] ?? 'C:\\Windows';
  const path = `${systemRoot}\\system32;${systemRoot}`;
  return { PATH: path, SystemRoot: systemRoot, APPDATA: home, USERPROFILE: home, TEMP: home, TMP: home };
}

/** Starts `node <target>` with closed standard input; lines of both streams arrive in their order. */
export function runProcess(
  node: string,
  target: string,
  cwd: string,
  env: Record<string, string>,
  onLine: (line: string) => void,
  cancelled?: AbortSignal,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [target], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (cancelled !== undefined) cancelProcess(child, cancelled);
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        const lines = (rest + chunk).split(/\r\n|\n|\r/);
        rest = lines.pop() ?? '';
        lines.forEach(onLine);
      });
      stream.on('end', () => {
        if (rest !== '') onLine(rest);
      });
    }
    child.on('error', reject);
    child.on('close', resolve);
  });
}
