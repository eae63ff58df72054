// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TaskInput {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly type: string;
  readonly required?: boolean;
  readonly defaultValue?: string | boolean;
  readonly options?: Readonly<Record<string, string>>;
  readonly visibleRule?: string;
  readonly groupName?: string;
  readonly label: string;
  readonly helpMarkDown?: string;
}

/** The parts of a task.json that the agent and the form read. */
export interface TaskDefinition {
  readonly id: string;
  readonly name: string;
  readonly friendlyName: string;
  readonly minimumAgentVersion: string;
  readonly version: { readonly Major: number; readonly Minor: number; readonly Patch: number };
  readonly groups: readonly { readonly name: string; readonly visibleRule?: string }[];
  readonly inputs: readonly TaskInput[];
  readonly outputVariables?: readonly { readonly name: string; readonly description: string }[];
  readonly restrictions?: { readonly settableVariables?: { readonly allowed: readonly string[] } };
  readonly execution: Readonly<Record<string, { readonly target: string }>>;
}

export function readTaskDefinition(folder: string): TaskDefinition {
  return JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')) as TaskDefinition;
}

/** `System.DefaultWorkingDirectory` as the environment names it. */
export function environmentName(name: string): string {
  return name.replace(/[. ]/g, '_').toUpperCase();
}

/**
 * The inputs of a step: defaults of the definition overlaid with what YAML gives, by canonical name, trimmed. Names are
 * matched without regard to case, and aliases count; what the definition does not know is passed on as it is.
 */
export function inputsOf(definition: TaskDefinition, given: Readonly<Record<string, string>>): Map<string, string> {
  const inputs = new Map(definition.inputs.map(({ name, defaultValue = '' }) => [name, String(defaultValue).trim()]));
  for (const [name, value] of Object.entries(given)) {
    const wanted = name.toLowerCase();
    const input = definition.inputs.find(
      (candidate) =>
        candidate.name.toLowerCase() === wanted || candidate.aliases?.some((alias) => alias.toLowerCase() === wanted),
    );
    inputs.set(input?.name ?? name, value.trim());
  }
  return inputs;
}
