// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { actions, manifestOf, manifestPath } from '../scripts/action-manifests.ts';
import { inputTable } from '../shared/inputs.ts';
import type { CommandName, InputRow } from '../shared/inputs.ts';
import { outputTable } from '../shared/outputs.ts';
import type { OutputRow } from '../shared/outputs.ts';

const root = join(import.meta.dirname, '..');

interface Manifest {
  readonly name: string;
  readonly description: string;
  readonly branding: { readonly icon: string; readonly color: string };
  readonly inputs: Readonly<
    Record<string, { description: string; required: boolean; default?: string; deprecationMessage?: string }>
  >;
  readonly outputs: Readonly<Record<string, { description: string }>>;
  readonly runs: { readonly using: string; readonly main: string };
}

const manifests = actions.map((action) => {
  const text = readFileSync(join(root, manifestPath(action)), 'utf8');
  return { ...action, text, manifest: parse(text) as Manifest };
});

/** Inputs of the predecessor, notation-action 1.2.2, with their defaults. */
const predecessor: Readonly<Record<CommandName, Readonly<Record<string, string | undefined>>>> = {
  setup: { version: '1.3.2', url: undefined, checksum: undefined },
  sign: {
    plugin_name: undefined,
    plugin_url: undefined,
    plugin_checksum: undefined,
    key_id: undefined,
    target_artifact_reference: undefined,
    signature_format: 'jws',
    plugin_config: undefined,
    allow_referrers_api: 'false',
    force_referrers_tag: undefined,
    timestamp_url: undefined,
    timestamp_root_cert: undefined,
  },
  verify: {
    target_artifact_reference: undefined,
    trust_policy: undefined,
    trust_store: undefined,
    allow_referrers_api: 'false',
  },
  inspect: {},
};

describe.each(manifests)('[GH-104] $folder/action.yml', ({ folder, commands, manifest, text, ...action }) => {
  it('is what the tables of inputs and outputs give', () => {
    expect(text).toBe(manifestOf({ folder, commands, ...action }));
  });

  it('runs on node24 from the packaged bundle', () => {
    expect(manifest.runs.using).toBe('node24');
    const main = join(root, dirname(manifestPath({ folder, commands, ...action })), manifest.runs.main);
    expect(main).toBe(join(root, 'dist/action', `${folder === '' ? 'main' : (commands[0] ?? '')}.js`));
  });

  it('has branding and texts that the Marketplace takes', () => {
    expect(manifest.branding).toEqual({ icon: 'shield', color: 'blue' });
    expect(manifest.description.length).toBeLessThanOrEqual(125);
    for (const { description } of [...Object.values(manifest.inputs), ...Object.values(manifest.outputs)]) {
      expect(description).not.toBe('');
    }
  });

  it('has exactly the inputs of its commands, none of them required by the runner', () => {
    const rows = Object.values(inputTable).filter((row: InputRow) =>
      row.commands.some((each) => commands.includes(each)),
    );
    const wanted = rows.flatMap((row: InputRow) => row.github ?? []);
    expect(
      Object.keys(manifest.inputs)
        .filter((name) => name !== 'command')
        .sort(),
    ).toEqual([...wanted].sort());
    expect('command' in manifest.inputs).toBe(folder === '');
    for (const [name, input] of Object.entries(manifest.inputs)) expect(input.required, name).toBe(false);
  });

  it('has exactly the outputs of its commands', () => {
    const rows = Object.values(outputTable).filter((row: OutputRow) =>
      row.commands.some((each) => commands.includes(each)),
    );
    const wanted = rows.flatMap((row: OutputRow) => row.github ?? []);
    expect(Object.keys(manifest.outputs).sort()).toEqual([...wanted].sort());
  });

  it('has every input of notation-action with its default', () => {
    for (const command of commands) {
      for (const [name, text] of Object.entries(predecessor[command])) {
        expect(Object.keys(manifest.inputs)).toContain(name);
        expect(manifest.inputs[name]?.default, name).toBe(text);
      }
    }
  });

  it('deprecates only what notation-action deprecated', () => {
    const deprecated = Object.entries(manifest.inputs).filter(([, input]) => input.deprecationMessage !== undefined);
    for (const [name] of deprecated) expect(name).toBe('allow_referrers_api');
  });
});

describe('[GH-104] the actions', () => {
  it('have different names, so that the one of the root is unique', () => {
    expect(new Set(manifests.map(({ manifest }) => manifest.name)).size).toBe(manifests.length);
  });

  it('are the root and one for each command', () => {
    expect(actions.map(({ folder }) => folder)).toEqual([
      '',
      'actions/setup',
      'actions/sign',
      'actions/verify',
      'actions/inspect',
    ]);
  });

  it('have inputs and outputs that the code reads and sets, and no others', () => {
    const files = ['actions', 'shared'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(root, folder, name)),
    );
    const code = files
      .filter((path) => path.endsWith('.ts') && !/shared.(?:inputs|outputs)\.ts$/.test(path))
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n');
    for (const [name, row] of Object.entries<InputRow>(inputTable)) {
      if (row.github !== undefined)
        expect(code, name).toMatch(new RegExp(`['"]${name}['"]|input\\(['"]${row.github}['"]`));
    }
    const set = new Set([...code.matchAll(/setOutput\('(\w+)'/g)].map(([, name]) => name));
    const named = Object.entries<OutputRow>(outputTable).flatMap(([name, row]) =>
      row.github === undefined ? [] : [name],
    );
    expect([...set].sort()).toEqual(named.sort());
  });
});
