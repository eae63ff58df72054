// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { currentReadme } from '../scripts/readme.ts';
import { parseTrustPolicy } from '../shared/trust/policy.ts';
import { version } from '../shared/version.ts';
import { codeBlocks, expectKnownActions, expectKnownTasks, taskManifest } from './support/documented-steps.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('README', () => {
  it('has the tables of inputs and outputs as the sources have them', () => {
    expect(currentReadme(readme)).toBe(readme);
  });

  it('[GH-105] has workflows that refer to actions, inputs and outputs that exist', () => {
    expectKnownActions(readme);
  });

  it('has pipelines that refer to inputs and output variables that exist', () => {
    expectKnownTasks(readme);
  });

  it('shows a trust policy that is valid', () => {
    const [policy = ''] = codeBlocks(readme, 'json');
    expect(() => parseTrustPolicy(Buffer.from(policy), 'trustpolicy.json')).not.toThrow();
  });

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...readme.matchAll(/npm (?:run )?(demo|test|bench|check|[a-z]+:[a-z]+)\b/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(2);
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  it('speaks of the packages that are installed, and of all of them', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
    for (const name of Object.keys(dependencies)) expect(readme).toContain(`[${name}](`);
  });
});

describe('version', () => {
  it('is the same everywhere', () => {
    const { version: packaged } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    const { Major, Minor, Patch } = taskManifest().version;
    expect(packaged).toBe(version);
    expect(`${Major}.${Minor}.${Patch}`).toBe(version);
  });
});
