// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJob } from './github-runner.ts';
import type { GitHubJob, StepResult } from './github-runner.ts';
import { parseCommand } from './runner-log.ts';

let job: GitHubJob;
beforeEach(async () => {
  job = await startJob();
});
afterEach(async () => {
  await job.dispose();
});

/** Runs a script as the main of an action. */
async function runScript(text: string, inputs: Record<string, string> = {}): Promise<StepResult> {
  const main = await job.writeWorkspaceFile(`script-${Math.random()}.mjs`, text);
  return job.step({ action: 'actions/setup', main: `${job.workspace}/${main}`, with: inputs });
}

describe('the runner harness', () => {
  it.each([
    '::set-output name=a::b',
    '  ::add-path::/evil',
    'text ##[error]b',
    'a\r::set-env name=PATH::b',
    '::stop-commands::secret-token',
  ])('refuses a step that prints %j', async (line) => {
    await expect(runScript(`console.error(${JSON.stringify(line)})`)).rejects.toThrow(/unexpected command/);
  });

  it('shows what is no command as text', async () => {
    const { log, commands } = await runScript(
      "console.log('a ::error::b\\n::unknown::c\\n##[unknown]d\\n::error without end')",
    );
    expect(log.split('\n')).toEqual(['a ::error::b', '::unknown::c', '##[unknown]d', '::error without end']);
    expect(commands).toEqual([]);
  });

  it('hides secrets in later steps too, and in the summary', async () => {
    await runScript("console.log('::add-mask::s3cr%25et')");
    const { log, summary } = await runScript(`
      import { appendFileSync } from 'node:fs';
      console.log('it is s3cr%et');
      appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'it is s3cr%et');`);
    expect([log, summary]).toEqual(['it is ***', 'it is ***']);
  });

  it('gives inputs with their defaults, and warns about unknown and deprecated ones', async () => {
    const { log, warnings } = await runScript('console.log(process.env.INPUT_VERSION, process.env["INPUT_A-B"])', {
      'a-b': 'x',
    });
    expect(log).toBe('1.3.2 x');
    expect(warnings).toEqual([expect.stringContaining("Unexpected input(s) 'a-b'")]);
  });

  it('gives nothing of the environment of the tests', async () => {
    process.env['HARNESS_LEAK'] = 'leaked';
    const { log } = await runScript(
      'console.log(process.env.HARNESS_LEAK, Object.keys(process.env).filter((name) => /npm|VITEST/i.test(name)).length)',
    );
    delete process.env['HARNESS_LEAK'];
    expect(log).toBe('undefined 0');
  });

  it('carries paths and variables to later steps, and drops a summary that is too large', async () => {
    const { errors, summary } = await runScript(`
      import { appendFileSync } from 'node:fs';
      appendFileSync(process.env.GITHUB_ENV, 'LATER=yes\\n');
      appendFileSync(process.env.GITHUB_PATH, '/tools\\n');
      appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'x'.repeat(1024 * 1024 + 1));`);
    expect(errors).toHaveLength(1);
    expect(summary).toBe('');
    const { log } = await runScript('console.log(process.env.LATER, process.env.PATH.startsWith("/tools"))');
    expect(log).toBe('yes true');
  });

  it('fails a step by its exit code', async () => {
    expect(await runScript('process.exitCode = 3')).toMatchObject({ exitCode: 3, succeeded: false });
  });
});

describe('parseCommand', () => {
  it.each([
    [
      '::error file=a%2Cb,line=3::x%0Ay%25',
      { name: 'error', properties: { file: 'a,b', line: '3' }, data: 'x\ny%', syntax: '::' },
    ],
    ['\u00a0 ::debug::', { name: 'debug', properties: {}, data: '', syntax: '::' }],
    [
      'x ##[warning file=a%5D;line=3]y',
      { name: 'warning', properties: { file: 'a]', line: '3' }, data: 'y', syntax: '##[' },
    ],
    ['x ::error::y', undefined],
    ['::error', undefined],
    ['##[error', undefined],
  ])('reads %j', (line, command) => {
    expect(parseCommand(line)).toEqual(command);
  });
});
