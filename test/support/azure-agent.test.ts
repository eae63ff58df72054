// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAgentCommand } from './azure-agent-command.ts';
import { AgentJob } from './azure-agent.ts';

describe('parseAgentCommand', () => {
  it('reads name, properties and data, and undoes the escapes', () => {
    const command = parseAgentCommand('##vso[task.setvariable variable=A%3BB;IsOutput=true;empty=;]x%0D%0Ay%5D%AZP25');
    expect(command?.name).toBe('task.setvariable');
    expect([...(command?.properties ?? [])]).toEqual([
      ['variable', 'A;B'],
      ['isoutput', 'true'],
    ]);
    expect(command?.data).toBe('x\r\ny]%');
  });

  it('finds the prefix anywhere, the first bracket after it, and characters that are skipped', () => {
    expect(parseAgentCommand('noise ##vso[task.debug]a]b')?.data).toBe('a]b');
    expect(parseAgentCommand('##v\u00adso[task.debug]a')?.name).toBe('task.debug');
  });

  it.each(['##vso[task]x', '##vso[task.debug', '##vso', 'plain', ''])('takes %j for no command', (line) => {
    expect(parseAgentCommand(line)).toBeUndefined();
  });
});

/** Prints what it is given as input `lines`, and then its environment, in a form that holds no command. */
const echo = `
for (const line of JSON.parse(process.env.INPUT_LINES)) console.log(line);
console.log('environment ' + Buffer.from(JSON.stringify(process.env)).toString('base64'));
process.exitCode = Number(process.env.INPUT_EXIT);
`;

const definition = {
  id: '00000000-0000-4000-8000-000000000000',
  name: 'Echo',
  version: { Major: 1, Minor: 2, Patch: 3 },
  groups: [],
  inputs: [
    { name: 'lines', type: 'string', label: '', defaultValue: '[]' },
    { name: 'exit', type: 'string', label: '', defaultValue: '0', aliases: ['exitCode'] },
    { name: 'connection', type: 'connectedService:AzureRM', label: '' },
  ],
  outputVariables: [{ name: 'Declared', description: '' }],
  execution: { Node20_1: { target: 'index.js' } },
};

describe('AgentJob', () => {
  let folder = '';
  let job: AgentJob;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'echo-task-'));
    writeFileSync(join(folder, 'index.js'), echo);
    writeFileSync(join(folder, 'task.json'), JSON.stringify(definition));
    const endpoint = { id: 'guid', name: 'mine', url: 'https://a/', scheme: 'ServicePrincipal' };
    job = new AgentJob({
      variables: { 'My.Name': 'value' },
      secrets: { token: 'very-secret' },
      endpoints: [{ ...endpoint, parameters: { serviceprincipalkey: 'endpoint-secret' } }],
    });
  });
  afterEach(() => {
    job.dispose();
    rmSync(folder, { recursive: true });
  });

  async function run(lines: string[], inputs: Record<string, string> = {}, name = 'echo') {
    const result = await job.run({ name, task: { folder }, inputs: { lines: JSON.stringify(lines), ...inputs } });
    const line = result.printed.find((each) => each.startsWith('environment '));
    const json = Buffer.from(line?.slice('environment '.length) ?? '', 'base64').toString();
    const environment = JSON.parse(json) as Record<string, string>;
    return { ...result, environment };
  }

  it('gives a task the environment of an agent, from nothing', async () => {
    const { environment } = await run([], { connection: 'mine' });
    expect(environment).toMatchObject({
      INPUT_CONNECTION: 'guid',
      INPUT_EXIT: '0',
      ENDPOINT_AUTH_PARAMETER_guid_SERVICEPRINCIPALKEY: 'endpoint-secret',
      ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION: 'OAuth',
      MY_NAME: 'value',
      SECRET_TOKEN: 'very-secret',
      SYSTEM_DEFAULTWORKINGDIRECTORY: job.sources,
      AGENT_TEMPDIRECTORY: job.temp,
      TF_BUILD: 'True',
    });
    expect(environment['VITEST']).toBeUndefined();
    expect(environment['PATH']).not.toContain('node_modules');
  });

  it('expands variables in inputs once, trims, and takes aliases in any letter case', async () => {
    const { environment } = await run([], { EXITCODE: ' 0 ', other: '$(my.name) $(token) $(missing)' });
    expect(environment).toMatchObject({ INPUT_EXIT: '0', INPUT_OTHER: 'value very-secret $(missing)' });
  });

  it('masks what it knows, and tells what it does not', async () => {
    const { log, leaks } = await run([
      'the very-secret and endpoint-secret',
      '##vso[task.setsecret]other-secret',
      'other-secret',
    ]);
    expect(log.slice(0, 2)).toEqual(['the *** and ***', '***']);
    expect(leaks).toEqual([]);
    job.masker.add('first line\nanother line of a secret');
    expect((await run(['another line of a secret'], {}, 'next')).leaks).toEqual(['another line of a secret']);
  });

  it('keeps variables for later steps, outputs below their step', async () => {
    await run([
      '##vso[task.setvariable variable=plain]1',
      '##vso[task.setvariable variable=out;isOutput=true]2',
      '##vso[task.setvariable variable=Declared]3',
      '##vso[task.prependpath]/extra',
    ]);
    expect([job.variable('plain'), job.variable('out'), job.variable('Declared')]).toEqual(['1', undefined, undefined]);
    const { environment } = await run([], {}, 'next');
    expect(environment).toMatchObject({ PLAIN: '1', ECHO_OUT: '2', ECHO_DECLARED: '3' });
    expect(environment['PATH']?.startsWith('/extra')).toBe(true);
  });

  it.each([
    [['##vso[task.complete result=Failed;]x'], 'Failed'],
    [
      ['##vso[task.complete result=SucceededWithIssues;]x', '##vso[task.complete result=Succeeded;]'],
      'SucceededWithIssues',
    ],
    [['##vso[task.complete result=failed;]x'], 'Failed'],
    [['##vso[task.issue type=error;]x'], 'Succeeded'],
    [['##vso[task.unknown]x'], 'Failed'],
    [['##vso[unknown.event]x'], 'Succeeded'],
    [['##vso[task.uploadsummary]/no/such/file'], 'Failed'],
    [['##vso[task.setvariable]x'], 'Failed'],
  ])('takes %j as %s', async (lines, result) => {
    expect((await run(lines)).result).toBe(result);
  });

  it('fails a step by its exit code, and takes standard error as log', async () => {
    expect((await run([], { exit: '3' })).result).toBe('Failed');
    expect((await run([], {}, 'next')).result).toBe('Succeeded');
  });

  it('refuses system variables', async () => {
    const { complaints } = await run(['##vso[task.setvariable variable=Agent.TempDirectory]/x']);
    expect(complaints).toEqual(['Agent.TempDirectory is read-only']);
  });
});
