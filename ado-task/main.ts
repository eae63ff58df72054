// SPDX-License-Identifier: Apache-2.0
import { accessSync, constants } from 'node:fs';
import { safeText } from './safe-text.ts';
import { takeSecretInputs } from './secret-inputs.ts';

/** Runs the step. azure-pipelines-task-lib reads the environment when it loads, so what must come first stands before. */
async function main(): Promise<void> {
  const problem = temporaryFolderProblem(process.env['AGENT_TEMPDIRECTORY']);
  if (problem !== undefined) {
    // Without that folder task-lib cannot load, so its commands are written out.
    failStep(problem);
    return;
  }
  const secretInputs = takeSecretInputs(process.env);
  // task-lib prints a debug line for all it does; without System.Debug nobody can see them.
  process.env['DISTRIBUTEDTASK_TASKS_NODE_SKIPDEBUGLOGSWHENDEBUGMODEOFF'] ??= 'true';
  const { AzurePipelinesHost } = await import('./host.ts');
  const { run } = await import('../shared/index.ts');
  await run(new AzurePipelinesHost(secretInputs));
}

function temporaryFolderProblem(folder: string | undefined): string | undefined {
  if (folder === undefined || folder.trim() === '')
    return 'Agent.TempDirectory is not set: this task needs an Azure Pipelines agent.';
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (thrown) {
    return `Agent.TempDirectory cannot be used: ${reasonOf(thrown)}`;
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Everything else that can go wrong is told by `run`. */
function failStep(problem: string): void {
  const text = safeText(problem).replaceAll('\n', ' ');
  process.stdout.write(`##vso[task.issue type=error;]${text}\n##vso[task.complete result=Failed;]${text}\n`);
}

main().catch((thrown: unknown) => {
  failStep(`The task cannot start: ${reasonOf(thrown)}`);
});
