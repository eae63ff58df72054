// SPDX-License-Identifier: Apache-2.0
// npm run test:interop [-- vitest arguments]: prepares the real programs, then runs the tests against them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { prepareOracle } from './peers/oracle.ts';
import { preparePeers } from './peers/peers.ts';

const root = join(import.meta.dirname, '..');

function say(line: string): void {
  console.log(`interop: ${line}`);
}

/** A missing program is a failure everywhere: an interop test that did not run proves nothing. */
function main(): number {
  const started = performance.now();
  try {
    prepareOracle(say);
    for (const [name, peer] of Object.entries(preparePeers(say))) say(`${name} ${peer.version}`);
  } catch (error) {
    console.error(`interop: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  say(`ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--config', 'vitest.interop.config.ts', ...process.argv.slice(2)];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

process.exitCode = main();
