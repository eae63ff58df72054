// SPDX-License-Identifier: Apache-2.0
/**
 * Runs the conformance suite of the OCI distribution specification against the embedded registry:
 * `node scripts/conformance.ts PROGRAM`, where PROGRAM is a build of the suite. Exits with the suite's own status.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRegistry } from '../test/fakes/registry.ts';

const [program] = process.argv.slice(2);
if (program === undefined) throw new Error('usage: node scripts/conformance.ts PROGRAM');

const registry = await startRegistry();
const results = mkdtempSync(join(tmpdir(), 'conformance-'));
try {
  const env = {
    OCI_REGISTRY: registry.host,
    OCI_TLS: 'disabled',
    OCI_RESULTS_DIR: results,
    OCI_LOG: 'error',
    HOME: results,
    PATH: '',
  };
  const suite = spawn(program, [], { env, stdio: 'inherit' });
  const [status] = (await once(suite, 'close')) as [number | null];
  console.log(`${registry.requests.length} requests`);
  process.exitCode = status ?? 1;
} finally {
  await registry.close();
  rmSync(results, { recursive: true, force: true });
}
