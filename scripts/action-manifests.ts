// SPDX-License-Identifier: Apache-2.0
/** Writes every action.yml from the tables of inputs and outputs: `node scripts/action-manifests.ts`. A test compares them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { inputTable } from '../shared/inputs.ts';
import type { CommandName, InputRow } from '../shared/inputs.ts';
import { outputTable } from '../shared/outputs.ts';
import type { OutputRow } from '../shared/outputs.ts';

/** One action of this repository. */
interface Action {
  /** Folder from the root of the repository, '' for the root itself. */
  readonly folder: string;
  readonly name: string;
  readonly description: string;
  readonly main: string;
  readonly commands: readonly CommandName[];
}

const commands = {
  setup: 'Install the Notation CLI for later steps; sign and verify do not need it',
  sign: 'Sign container images and other OCI artifacts with Notary Project signatures',
  verify: 'Verify Notary Project signatures of container images and other OCI artifacts',
  inspect: 'Show the Notary Project signatures of container images and other OCI artifacts',
} as const satisfies Record<CommandName, string>;

const names = Object.keys(commands) as CommandName[];

/** Every action: one for each command, and the root with all of them. */
export const actions: readonly Action[] = [
  {
    folder: '',
    name: 'Notation Pipelines',
    description: 'Sign and verify container images and other OCI artifacts with Notary Project signatures',
    main: 'dist/action/main.js',
    commands: names,
  },
  ...names.map((command) => ({
    folder: `actions/${command}`,
    name: `Notation Pipelines: ${command}`,
    description: commands[command],
    main: `../../dist/action/${command}.js`,
    commands: [command],
  })),
];

/** The text of an action.yml. */
export function manifestOf(action: Action): string {
  const manifest = {
    name: action.name,
    description: action.description,
    branding: { icon: 'shield', color: 'blue' },
    inputs: { ...commandInput(action), ...inputsOf(action) },
    outputs: outputsOf(action),
    runs: { using: 'node24', main: action.main },
  };
  return `# SPDX-License-Identifier: Apache-2.0\n${stringify(manifest, { lineWidth: 0, singleQuote: true })}`;
}

function commandInput({ folder }: Action): object {
  if (folder !== '') return {};
  return { command: { description: `What to do: ${names.join(', ')}.`, required: false, default: 'setup' } };
}

function inputsOf(action: Action): object {
  const rows = Object.values(inputTable).filter((row: InputRow) =>
    row.commands.some((each) => action.commands.includes(each)),
  );
  return Object.fromEntries(
    rows.flatMap((row: InputRow) => (row.github === undefined ? [] : [[row.github, inputOf(row)]])),
  );
}

/** Nothing is required for the runner: what is not given is detected, has a conventional place, or gets an error that explains. */
function inputOf({ description, default: defaults, deprecation }: InputRow): object {
  return {
    description,
    required: false,
    ...(defaults?.github === undefined ? {} : { default: defaults.github }),
    ...(deprecation === undefined ? {} : { deprecationMessage: deprecation }),
  };
}

function outputsOf(action: Action): object {
  const rows = Object.values(outputTable).filter((row: OutputRow) =>
    row.commands.some((each) => action.commands.includes(each)),
  );
  return Object.fromEntries(
    rows.flatMap((row: OutputRow) =>
      row.github === undefined ? [] : [[row.github, { description: row.description }]],
    ),
  );
}

/** Where the manifest of an action is, from the root of the repository. */
export function manifestPath(action: Action): string {
  return join(action.folder, 'action.yml');
}

if (import.meta.filename === process.argv[1]) {
  const root = join(import.meta.dirname, '..');
  for (const action of actions) await writeFile(join(root, manifestPath(action)), manifestOf(action));
}
