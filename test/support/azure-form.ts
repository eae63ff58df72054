// SPDX-License-Identifier: Apache-2.0
import type { TaskDefinition } from './azure-agent-task.ts';

/** Whether the form shows an input with these values: the rule of its group and its own rule must both hold. */
export function isVisible(task: TaskDefinition, name: string, values: Readonly<Record<string, string>>): boolean {
  const input = task.inputs.find((candidate) => candidate.name === name);
  const group = task.groups.find((candidate) => candidate.name === input?.groupName);
  return holds(group?.visibleRule, values) && holds(input?.visibleRule, values);
}

/** Conditions joined by `||`, or else by `&&`; names and values are compared without regard to case. */
function holds(rule: string | undefined, values: Readonly<Record<string, string>>): boolean {
  if (rule === undefined) return true;
  if (rule.includes('||')) return rule.split('||').some((condition) => conditionHolds(condition, values));
  return rule.split('&&').every((condition) => conditionHolds(condition, values));
}

function conditionHolds(condition: string, values: Readonly<Record<string, string>>): boolean {
  const [, name = '', operator = '', wanted = ''] = /^\s*(\w+)\s*(!=|==|=)\s*(.*?)\s*$/.exec(condition) ?? [];
  const found = Object.entries(values).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? '';
  const equal = found.toLowerCase() === wanted.replace(/^"(.*)"$/, '$1').toLowerCase();
  return operator === '!=' ? !equal : equal;
}
