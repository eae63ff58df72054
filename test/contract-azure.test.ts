// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputTable } from '../shared/inputs.ts';
import type { CommandName, InputRow } from '../shared/inputs.ts';
import { outputTable } from '../shared/outputs.ts';
import type { OutputRow } from '../shared/outputs.ts';
import { version } from '../shared/version.ts';
import { isVisible } from './support/azure-form.ts';
import { readTaskDefinition } from './support/azure-agent-task.ts';

const folder = join(import.meta.dirname, '..', 'ado-task');
const task = readTaskDefinition(folder);
const inputs = new Map(task.inputs.map((input) => [input.name, input]));
const rows: readonly InputRow[] = Object.values(inputTable);

/** Every input of the built-in Notation@0: name, type, default, option keys, group, own rule. */
const notationV0: readonly (readonly [string, string, string, string[], string, string])[] = [
  ['command', 'pickList', 'install', ['install', 'sign', 'verify'], '', ''],
  ['isCustomVersion', 'boolean', 'false', [], 'commandConfig', 'command = install'],
  ['version', 'string', '1.3.2', [], 'commandConfig', 'command = install && isCustomVersion = false'],
  ['url', 'string', '', [], 'commandConfig', 'command = install && isCustomVersion = true'],
  ['checksum', 'string', '', [], 'commandConfig', 'command = install && isCustomVersion = true'],
  ['artifactRefs', 'string', '', [], 'commandConfig', 'command = verify || command = sign'],
  ['trustPolicy', 'string', '', [], 'commandConfig', 'command = verify'],
  ['trustStore', 'string', '', [], 'commandConfig', 'command = verify'],
  ['timestampURL', 'string', '', [], 'timestamp', 'command = sign'],
  ['timestampRootCert', 'string', '', [], 'timestamp', 'command = sign'],
  ['plugin', 'pickList', 'azureKeyVault', ['azureKeyVault'], 'pluginConfig', ''],
  ['akvPluginVersion', 'string', '1.2.1', [], 'pluginConfig', 'plugin = azureKeyVault'],
  ['azurekvServiceConection', 'connectedService:AzureRM', '', [], 'pluginConfig', 'plugin = azureKeyVault'],
  ['keyid', 'string', '', [], 'pluginConfig', 'plugin = azureKeyVault'],
  ['caCertBundle', 'string', '', [], 'pluginConfig', 'plugin = azureKeyVault'],
  ['selfSigned', 'boolean', 'false', [], 'pluginConfig', 'plugin = azureKeyVault'],
  ['signatureFormat', 'pickList', 'cose', ['cose', 'jws'], 'advancedConfig', 'command = sign'],
  ['allowReferrersAPI', 'boolean', 'false', [], 'advancedConfig', 'command = sign || command = verify'],
];

/** Inputs of Notation@0 that its form marks as required, and which the conventional folders make optional here. */
const madeOptional = ['trustPolicy', 'trustStore'];
const requiredThere = ['command', 'version', 'url', 'checksum', 'plugin', 'akvPluginVersion', 'keyid'];

describe('the form of Notation@0', () => {
  it.each(notationV0)('[ADO-1] has %s as it was', (name, type, fallback, options, group, rule) => {
    const input = inputs.get(name);
    expect(input).toBeDefined();
    expect(input?.type).toBe(type);
    expect(String(input?.defaultValue)).toBe(fallback);
    expect(Object.keys(input?.options ?? {})).toEqual(expect.arrayContaining(options));
    expect(input?.groupName ?? '').toBe(group);
    // Inspecting is new and uses the artifacts too, as Azure Artifact Signing the connection.
    const added = / \|\| (?:command = inspect|plugin = azureArtifactSigning)$/;
    expect((input?.visibleRule ?? '').replace(added, '')).toBe(rule);
  });

  it('[ADO-1] requires no input that it did not require', () => {
    const required = task.inputs.filter((input) => input.required === true).map(({ name }) => name);
    const known = new Set(notationV0.map(([name]) => name));
    expect(required.filter((name) => known.has(name)).sort()).toEqual([...requiredThere].sort());
    for (const name of madeOptional) expect(inputs.get(name)?.required).toBe(false);
    // New required inputs belong to a choice that old YAML does not make.
    for (const name of required.filter((each) => !known.has(each))) {
      expect(inputs.get(name)?.visibleRule).toMatch(/^plugin = (?:localKey|azureArtifactSigning|namedKey)$/);
    }
  });

  it('[ADO-4] keeps the misspelt connection and takes the right spelling', () => {
    expect(inputs.get('azurekvServiceConection')?.aliases).toContain('azurekvServiceConnection');
  });

  it('has groups in the order of Notation@0', () => {
    expect(task.groups.map(({ name }) => name)).toEqual([
      'commandConfig',
      'timestamp',
      'pluginConfig',
      'advancedConfig',
    ]);
  });
});

describe('task.json and the tables', () => {
  it('has the inputs of the table and no other', () => {
    const names = rows.flatMap(({ azure }) => (azure === undefined ? [] : [azure]));
    expect([...inputs.keys()].filter((name) => name !== 'command').sort()).toEqual(names.sort());
  });

  it('has the defaults of the table', () => {
    for (const { azure, default: fallback } of rows) {
      if (azure !== undefined) expect(String(inputs.get(azure)?.defaultValue), azure).toBe(fallback?.azure ?? '');
    }
  });

  it('declares the outputs of the table, and may set nothing else but PATH', () => {
    const table: readonly OutputRow[] = Object.values(outputTable);
    const names = table.flatMap(({ azure }) => (azure === undefined ? [] : [azure])).sort();
    expect((task.outputVariables ?? []).map(({ name }) => name).sort()).toEqual(names);
    expect([...(task.restrictions?.settableVariables?.allowed ?? [])].sort()).toEqual([...names, 'PATH'].sort());
    // Declaring a name moves the variable below the step: later steps would no longer see these.
    expect(names).not.toContain('RESOURCE_URIS');
  });

  it('names outputs in camel case, as the host turns them', () => {
    for (const [name, row] of Object.entries<OutputRow>(outputTable)) {
      if (row.azure === undefined) continue;
      expect(row.azure).toBe(name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
    }
  });

  it('has the version of the product', () => {
    expect(`${task.version.Major}.${task.version.Minor}.${task.version.Patch}`).toBe(version);
  });
});

describe('the visible form', () => {
  const visible = (values: Record<string, string>): string[] =>
    task.inputs.filter(({ name }) => isVisible(task, name, values)).map(({ name }) => name);

  it.each<[CommandName, string]>([
    ['setup', 'install'],
    ['sign', 'sign'],
    ['verify', 'verify'],
    ['inspect', 'inspect'],
  ])('shows for %s exactly the inputs that it reads', (command, value) => {
    const shown = new Set([
      ...visible({ command: value, plugin: 'azureKeyVault', isCustomVersion: 'false' }),
      ...visible({ command: value, plugin: 'localKey', isCustomVersion: 'true' }),
      ...(value === 'sign' ? visible({ command: value, plugin: 'notationPlugin' }) : []),
      ...(value === 'sign' ? visible({ command: value, plugin: 'azureArtifactSigning' }) : []),
      ...(value === 'sign' ? visible({ command: value, plugin: 'namedKey' }) : []),
    ]);
    const read = rows.flatMap(({ azure, commands }) =>
      azure !== undefined && commands.includes(command) && !(azure === 'plugin' && command === 'verify') ? [azure] : [],
    );
    expect([...shown].sort()).toEqual(['command', ...read].sort());
  });

  it('asks for the key that was chosen', () => {
    const local = visible({ command: 'sign', plugin: 'localKey' });
    expect(local).toEqual(expect.arrayContaining(['plugin', 'privateKey', 'privateKeyPassword', 'certificateChain']));
    expect(local).not.toContain('keyid');
    expect(visible({ command: 'sign', plugin: 'azureKeyVault' })).not.toContain('privateKey');
  });

  it('has rules that the server accepts: one operator, no parentheses, known names, plain values', () => {
    const rules = [...task.inputs, ...task.groups].flatMap(({ visibleRule }) => visibleRule ?? []);
    for (const rule of rules) {
      expect(rule).not.toMatch(/[()]/);
      expect(rule.includes('&&') && rule.includes('||'), rule).toBe(false);
      for (const condition of rule.split(/&&|\|\|/)) {
        const [, name = '', value = ''] = /^\s*(\w+) = ([A-Za-z0-9]+)\s*$/.exec(condition) ?? [];
        expect(inputs.has(name), rule).toBe(true);
        const { options } = inputs.get(name) ?? {};
        if (options !== undefined) expect(Object.keys(options)).toContain(value);
      }
    }
  });
});

describe('task.json', () => {
  it('is a task of its own, on one file for both handlers', () => {
    expect(task.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(task.id).not.toBe('c7d56ba6-35a6-453d-8192-8b602bf234bd');
    expect(task.name).toMatch(/^[A-Za-z0-9]+$/);
    expect(task.name).not.toBe('Notation');
    expect(task.friendlyName.length).toBeLessThanOrEqual(40);
    expect(task.execution).toEqual({ Node24: { target: 'index.js' }, Node20_1: { target: 'index.js' } });
    // The first agent whose Node.js 20 and 24 are new enough for the libraries.
    expect(task.minimumAgentVersion).toBe('4.260.0');
  });

  it('explains every input but the obvious ones', () => {
    for (const { name, helpMarkDown = '', label } of task.inputs) {
      expect(label, name).not.toBe('');
      expect(helpMarkDown, name).not.toBe('');
    }
  });

  it('has an icon of 32 by 32 pixels', () => {
    const png = readFileSync(join(folder, 'icon.png'));
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([32, 32]);
  });
});
