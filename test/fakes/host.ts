// SPDX-License-Identifier: Apache-2.0
import type { Detection, Host, HostLog } from '../../shared/host.ts';
import type { CommandName, InputName } from '../../shared/inputs.ts';
import { outputProblem } from '../support/results-schema.ts';

export interface FakeHostOptions {
  readonly product?: Host['product'];
  readonly command?: CommandName;
  readonly inputs?: Partial<Record<InputName, string>>;
  readonly workspace?: string;
  readonly tempDirectory?: string;
  readonly detection?: Detection;
  readonly environment?: Host['environment'];
}

/** A host that keeps what it is told. */
export interface FakeHost extends Host {
  readonly lines: string[];
  readonly warnings: string[];
  readonly masks: string[];
  readonly outputs: Map<string, string>;
  readonly summaries: string[];
  readonly failures: string[];
  readonly results: string[];
}

const nothingDetected: Detection = { artifacts: [], rejected: [], channels: [], fix: 'name the artifacts' };

export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const lines: string[] = [];
  const warnings: string[] = [];
  const masks: string[] = [];
  const outputs = new Map<string, string>();
  const summaries: string[] = [];
  const failures: string[] = [];
  const results: string[] = [];
  const log: HostLog = {
    debug: () => undefined,
    info: (text) => lines.push(text),
    warning: (text) => warnings.push(text),
    error: (text) => lines.push(text),
    group: (title, work) => {
      lines.push(title);
      return work();
    },
  };
  return {
    ...{ lines, warnings, masks, outputs, summaries, failures, results, log },
    product: options.product ?? 'github',
    command: () => options.command ?? 'sign',
    input: (name) => options.inputs?.[name] ?? '',
    mask: (text) => masks.push(text),
    setOutput: (name, value) => {
      const problem = outputProblem(name, value);
      if (problem !== undefined) throw new Error(problem);
      outputs.set(name, value);
    },
    showSummary: (markdown) => {
      summaries.push(markdown);
      return Promise.resolve();
    },
    fail: (message) => failures.push(message),
    finish: (result) => results.push(result),
    workspace: options.workspace ?? '/nowhere',
    tempDirectory: options.tempDirectory ?? '/nowhere',
    environment: options.environment ?? {},
    conventions: { trustPolicy: ['policy/trustpolicy.json'], trustStore: 'truststore' },
    detectsFor: ['sign'],
    detectPushed: () => Promise.resolve(options.detection ?? nothingDetected),
    setup: () => Promise.resolve(),
  };
}
