// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { prepareConformance } from '../../scripts/peers/conformance.ts';
import { startRegistry } from '../fakes/registry.ts';
import { runProgram } from './support/run-program.ts';

it('[REG-92] the embedded registry passes the OCI conformance suite without a failure', async () => {
  const program = prepareConformance((line) => {
    console.error(`interop: ${line}`);
  });
  const registry = await startRegistry();
  const directory = mkdtempSync(join(tmpdir(), 'conformance-'));
  onTestFinished(async () => {
    await registry.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const environment = {
    OCI_REGISTRY: registry.host,
    OCI_TLS: 'disabled',
    OCI_RESULTS_DIR: directory,
    OCI_LOG: 'error',
    HOME: directory,
    PATH: '',
  };
  const { status, stdout, stderr } = await runProgram(program, [], { environment, directory });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^ *FAIL\.+: +0$/m);
  expect(stdout).toMatch(/^ *Error\.+: +0$/m);
  expect(stdout).not.toMatch(/: +(?:FAIL|Error)$/m);
  expect(status).toBe(0);
  // Many times as many requests as the suite's categories: it has really run.
  expect(registry.requests.length).toBeGreaterThan(500);
});
