// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('npm run demo ends with every step as it should be', async () => {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'demo.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 16 * 1024 * 1024 });
  expect(stdout).toContain('Every step did what it should.');
  expect(stdout).toContain('content descriptor mismatch');
}, 120_000);
