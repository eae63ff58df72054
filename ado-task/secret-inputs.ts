// SPDX-License-Identifier: Apache-2.0

/** Inputs that hold secrets, by their name in task.json. */
const secretInputNames = ['privateKey', 'privateKeyPassword', 'registryPassword'] as const;

/**
 * Takes the secret inputs out of the environment. To be called before azure-pipelines-task-lib loads: its `getInput` prints
 * every value it reads as a debug line, and child processes would inherit what is left in the environment.
 */
export function takeSecretInputs(environment: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  for (const name of secretInputNames) {
    const key = `INPUT_${name.toUpperCase()}`;
    taken.set(name, environment[key] ?? '');
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the one way to remove an environment variable
    delete environment[key];
  }
  return taken;
}
