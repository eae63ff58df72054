// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { currentReadme } from '../scripts/readme.ts';
import { parseTrustPolicy } from '../shared/trust/policy.ts';
import { version } from '../shared/version.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

interface Manifest {
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface TaskManifest {
  readonly name: string;
  readonly version: Readonly<Record<'Major' | 'Minor' | 'Patch', number>>;
  readonly inputs: readonly { readonly name: string }[];
  readonly outputVariables: readonly { readonly name: string }[];
}

interface Step {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly task?: string;
  readonly name?: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, string>>;
}

function blocks(language: string): string[] {
  const matches = readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...matches].map(([, body = '']) => body);
}

const documents = blocks('yaml').map(
  (text) => parse(text) as { jobs?: Record<string, { steps: Step[] }>; steps?: Step[] },
);
const steps = documents.flatMap(({ jobs, steps: own }) => [
  ...(own ?? []),
  ...Object.values(jobs ?? {}).flatMap((job) => job.steps),
]);
const task = (): TaskManifest => JSON.parse(readFileSync(join(root, 'ado-task/task.json'), 'utf8')) as TaskManifest;

function actionManifest(uses: string): Manifest {
  const folder = uses.replace(/@.*$/, '').split('/').slice(2).join('/');
  const path = join(root, folder, 'action.yml');
  expect(existsSync(path), path).toBe(true);
  return parse(readFileSync(path, 'utf8')) as Manifest;
}

describe('README', () => {
  it('has the tables of inputs and outputs as the sources have them', () => {
    expect(currentReadme(readme)).toBe(readme);
  });

  it('[GH-105] has workflows that refer to actions, inputs and outputs that exist', () => {
    const own = steps.filter(({ uses }) => uses?.startsWith('notation-pipelines/'));
    expect(own.length).toBeGreaterThan(0);
    for (const step of own) {
      const manifest = actionManifest(step.uses ?? '');
      for (const input of Object.keys(step.with ?? {})) expect(Object.keys(manifest.inputs)).toContain(input);
    }
    for (const [, id = '', output = ''] of readme.matchAll(/steps\.(\w+)\.outputs\.(\w+)/g)) {
      const manifest = actionManifest(own.find((step) => step.id === id)?.uses ?? '');
      expect(Object.keys(manifest.outputs ?? {})).toContain(output);
    }
  });

  it('has pipelines that refer to inputs and output variables that exist', () => {
    const manifest = task();
    const own = steps.filter((step) => step.task?.startsWith(`${manifest.name}@`));
    expect(own.length).toBeGreaterThan(0);
    const names = manifest.inputs.map(({ name }) => name);
    for (const step of own) for (const input of Object.keys(step.inputs ?? {})) expect(names).toContain(input);
    for (const [, step = '', output = ''] of readme.matchAll(/\$\((\w+)\.(\w+)\)/g)) {
      expect(own.map(({ name }) => name)).toContain(step);
      expect(manifest.outputVariables.map(({ name }) => name)).toContain(output);
    }
  });

  it('shows a trust policy that is valid', () => {
    const [policy = ''] = blocks('json');
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
    const { Major, Minor, Patch } = task().version;
    expect(packaged).toBe(version);
    expect(`${Major}.${Minor}.${Patch}`).toBe(version);
  });
});
