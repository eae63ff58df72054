// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { appendSummary } from '../../actions/job-summary.ts';

const folder = mkdtempSync(join(tmpdir(), 'summary-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function written(markdown: string): Promise<Buffer> {
  const path = join(folder, 'summary.md');
  writeFileSync(path, '');
  await appendSummary(path, markdown);
  return readFileSync(path);
}

describe('appendSummary', () => {
  it('writes Markdown as it is', async () => {
    expect((await written('# Signed 1 artifact\n\n| a | b |')).toString()).toBe('# Signed 1 artifact\n\n| a | b |\n');
  });

  it.each([
    ['lines', '| row | row |\n'.repeat(100_000)],
    ['one line', 'x'.repeat(2_000_000)],
    ['characters of several bytes', '😀'.repeat(400_000)],
  ])('[GH-88] cuts a summary of %s that is too large, and says so', async (_, markdown) => {
    const bytes = await written(markdown);
    expect(bytes.length).toBeLessThanOrEqual(1024 * 1024);
    expect(bytes.length).toBeGreaterThan(1024 * 1024 - 200);
    expect(bytes.toString()).toMatch(/does not fit into a job summary/);
  });

  it('appends to what is there', async () => {
    const path = join(folder, 'two.md');
    await appendSummary(path, 'one');
    await appendSummary(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  });

  it('[GH-89] throws without a file, for the host to pass over', async () => {
    await expect(appendSummary('', 'x')).rejects.toThrow(/GITHUB_STEP_SUMMARY/);
    await expect(appendSummary(join(folder, 'missing', 'x.md'), 'x')).rejects.toThrow(/ENOENT/);
  });
});
