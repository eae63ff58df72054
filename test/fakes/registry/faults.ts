// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault, FaultRule } from './options.ts';

/** Finds the faults that strike a request, and counts them. */
export class FaultPlan {
  readonly #matched = new Map<FaultRule, number>();

  strike(rules: readonly FaultRule[], method: string, path: string): readonly Fault[] {
    return rules.flatMap((rule) => (this.#strikes(rule, method, path) ? [rule.fault] : []));
  }

  #strikes(rule: FaultRule, method: string, path: string): boolean {
    if (rule.method !== undefined && rule.method !== method) return false;
    if (rule.path !== undefined && !rule.path.test(path)) return false;
    if (rule.probability !== undefined && Math.random() >= rule.probability) return false;
    const count = (this.#matched.get(rule) ?? 0) + 1;
    this.#matched.set(rule, count);
    const skip = rule.skip ?? 0;
    return count > skip && count <= skip + (rule.times ?? Number.POSITIVE_INFINITY);
  }
}

export async function pause(time: number | readonly [number, number] | undefined): Promise<void> {
  if (time === undefined) return;
  await sleep(typeof time === 'number' ? time : time[0] + Math.random() * (time[1] - time[0]));
}
