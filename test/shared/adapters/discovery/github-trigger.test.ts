// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { untrustedTrigger } from '../../../../shared/adapters/discovery/github-trigger.ts';

const folder = mkdtempSync(join(tmpdir(), 'trigger-'));
const path = join(folder, 'event.json');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function sides(head: string | undefined, base: string): object {
  const repo = head === undefined ? null : { full_name: head };
  return { pull_request: { head: { repo }, base: { repo: { full_name: base } } } };
}

describe('untrustedTrigger', () => {
  it.each([
    ['push', {}, undefined],
    ['workflow_dispatch', sides('evil/app', 'owner/app'), undefined],
    ['pull_request', sides('owner/app', 'owner/app'), undefined],
    ['pull_request', sides('evil/app', 'owner/app'), /from a fork/],
    ['pull_request', sides(undefined, 'owner/app'), /from a fork/],
    ['pull_request', {}, /from a fork/],
    ['pull_request', [], /from a fork/],
    ['pull_request_review', sides('evil/app', 'owner/app'), /from a fork/],
    ['pull_request_target', sides('owner/app', 'owner/app'), /pull_request_target/],
  ])('[GH-69] %s with %j', async (name, event, reason) => {
    writeFileSync(path, JSON.stringify(event));
    const found = await untrustedTrigger(name, path);
    if (reason === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(reason);
  });

  it('[GH-69] distrusts a pull request whose payload cannot be read', async () => {
    expect(await untrustedTrigger('pull_request', join(folder, 'missing.json'))).toMatch(/from a fork/);
    expect(await untrustedTrigger('pull_request', '')).toMatch(/from a fork/);
  });
});
