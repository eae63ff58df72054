// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** A step of a documented workflow or pipeline. */
export interface DocumentedStep {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly task?: string;
  readonly name?: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, string>>;
}

interface ActionManifest {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** What task.json says of the Azure Pipelines task. */
export interface TaskManifest {
  readonly name: string;
  readonly version: Readonly<Record<'Major' | 'Minor' | 'Patch', number>>;
  readonly inputs: readonly { readonly name: string; readonly options?: Readonly<Record<string, string>> }[];
  readonly outputVariables: readonly { readonly name: string }[];
}

/** The manifest of the Azure Pipelines task. */
export function taskManifest(): TaskManifest {
  return JSON.parse(readFileSync(join(root, 'ado-task/task.json'), 'utf8')) as TaskManifest;
}

/** The code blocks of a language in a Markdown text. */
export function codeBlocks(markdown: string, language: string): string[] {
  const matches = markdown.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...matches].map(([, body = '']) => body);
}

/** The steps of all workflows and pipelines in a Markdown text. */
export function documentedSteps(markdown: string): DocumentedStep[] {
  const documents = codeBlocks(markdown, 'yaml').map(
    (text) => parse(text) as { jobs?: Record<string, { steps: DocumentedStep[] }>; steps?: DocumentedStep[] },
  );
  return documents.flatMap(({ jobs, steps }) => [
    ...(steps ?? []),
    ...Object.values(jobs ?? {}).flatMap((job) => job.steps),
  ]);
}

/** The steps that use an action of this repository. */
export function ownActions(steps: readonly DocumentedStep[]): DocumentedStep[] {
  return steps.filter(({ uses }) => uses?.startsWith('notation-pipelines/'));
}

/** The steps that use the task of this repository. */
export function ownTasks(steps: readonly DocumentedStep[]): DocumentedStep[] {
  return steps.filter(({ task }) => task?.startsWith(`${taskManifest().name}@`));
}

function actionManifest(uses: string): ActionManifest {
  const folder = uses.replace(/@.*$/, '').split('/').slice(2).join('/');
  const path = join(root, folder, 'action.yml');
  expect(existsSync(path), path).toBe(true);
  return parse(readFileSync(path, 'utf8')) as ActionManifest;
}

/** Fails unless every action of ours in a Markdown text, and every input and output of them, exists. */
export function expectKnownActions(markdown: string): void {
  const own = ownActions(documentedSteps(markdown));
  expect(own.length).toBeGreaterThan(0);
  for (const step of own) {
    const known = Object.keys(actionManifest(step.uses ?? '').inputs);
    for (const input of Object.keys(step.with ?? {})) expect(known).toContain(input);
  }
  for (const [, id = '', output = ''] of markdown.matchAll(/steps\.(\w+)\.outputs\.(\w+)/g)) {
    const manifest = actionManifest(own.find((step) => step.id === id)?.uses ?? '');
    expect(Object.keys(manifest.outputs ?? {})).toContain(output);
  }
}

/** Fails unless every input of our task in a Markdown text, its value where it has a list, and every output variable exists. */
export function expectKnownTasks(markdown: string): void {
  const manifest = taskManifest();
  const own = ownTasks(documentedSteps(markdown));
  expect(own.length).toBeGreaterThan(0);
  for (const step of own) {
    for (const [input, value] of Object.entries(step.inputs ?? {})) {
      const known = manifest.inputs.find(({ name }) => name === input);
      expect(known, input).toBeDefined();
      if (known?.options !== undefined) expect(Object.keys(known.options), input).toContain(value);
    }
  }
  const names = own.map(({ name }) => name);
  for (const [, step = '', output = ''] of markdown.matchAll(/\$\((\w+)\.(\w+)\)/g)) {
    if (predefined.has(step)) continue;
    expect(names).toContain(step);
    expect(manifest.outputVariables.map(({ name }) => name)).toContain(output);
  }
}

/** Before the dot of a variable that Azure Pipelines itself defines. */
const predefined = new Set(['Agent', 'Build', 'System', 'Pipeline']);
