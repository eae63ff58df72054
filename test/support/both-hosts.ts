// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inputTable, type InputName, type InputRow } from '../../shared/inputs.ts';
import { type AgentNode, AgentJob, packagedTask } from './azure-agent.ts';
import { startJob } from './github-runner.ts';

/** What is left of a step on either host. */
export interface HostedResult {
  readonly succeeded: boolean;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  readonly log: string;
  readonly summary: string;
  /** By the name of the GitHub output. */
  output(name: string): string;
}

export type HostedInputs = Readonly<Partial<Record<InputName, string>>>;

/** A job that runs the packaged product on one of the hosts, with inputs by the names of the table. */
export interface HostedJob {
  /** Folder of the conventional places: `.github` or `.pipeline`. */
  readonly configuration: string;
  /** Writes a file of the repository. */
  place(path: string, content: string | Uint8Array): void;
  step(command: 'sign' | 'verify' | 'inspect', inputs: HostedInputs): Promise<HostedResult>;
  dispose(): Promise<void>;
}

function named(product: 'github' | 'azure', inputs: HostedInputs): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => {
      const row: InputRow = inputTable[name as InputName];
      const own = row[product];
      if (own === undefined) throw new Error(`${product} has no input ${name}`);
      return [own, value];
    }),
  );
}

function placeIn(folder: string, path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** A job on a GitHub runner. */
export async function githubJob(): Promise<HostedJob> {
  const job = await startJob();
  return {
    configuration: '.github',
    place: (path, content) => {
      placeIn(job.workspace, path, content);
    },
    step: async (command, inputs) => {
      const result = await job.step({ action: `actions/${command}`, with: named('github', inputs) });
      return { ...result, output: (name) => result.outputs[name] ?? '' };
    },
    dispose: () => job.dispose(),
  };
}

/** A job on an Azure Pipelines agent. */
export function azureJob(node: AgentNode): HostedJob {
  const job = new AgentJob({ node });
  let steps = 0;
  return {
    configuration: '.pipeline',
    place: (path, content) => {
      placeIn(job.sources, path, content);
    },
    step: async (command, inputs) => {
      const name = `step${++steps}`;
      const plugin = command === 'sign' ? { plugin: 'localKey' } : {};
      const given = { command, ...plugin, ...named('azure', inputs) };
      const result = await job.run({ name, task: packagedTask, inputs: given });
      const outputName = (output: string) => output.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
      return {
        ...result,
        succeeded: result.result !== 'Failed',
        log: result.log.join('\n'),
        summary: result.summaries.map(({ markdown }) => markdown).join('\n'),
        output: (output) => job.variable(`${name}.${outputName(output)}`) ?? '',
      };
    },
    dispose: () => {
      job.dispose();
      return Promise.resolve();
    },
  };
}
