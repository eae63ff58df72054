// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as core from '@actions/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GitHubHost } from '../../actions/host.ts';
import { inputTable } from '../../shared/inputs.ts';
import { inputVariable } from '../support/github-runner.ts';
import { readKeyValues } from '../support/runner-files.ts';
import { RunnerLog } from '../support/runner-log.ts';

let folder = '';
let output = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-'));
  output = join(folder, 'output');
  writeFileSync(output, '');
  vi.stubEnv('GITHUB_OUTPUT', output);
  vi.stubEnv('RUNNER_TEMP', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true });
});

/** Runs something of the host and reads what it prints as the runner would. */
function printed(work: (host: GitHubHost) => void): RunnerLog {
  let text = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    work(new GitHubHost('sign'));
  } finally {
    write.mockRestore();
  }
  const log = new RunnerLog(new Set());
  for (const line of text.split(/\r\n|\r|\n/).slice(0, -1)) log.line(line);
  return log;
}

describe('GitHubHost.command', () => {
  it.each([
    ['', 'setup'],
    ['setup', 'setup'],
    ['sign', 'sign'],
    ['verify', 'verify'],
    ['inspect', 'inspect'],
    [' sign ', 'sign'],
  ])('[GH-3] takes the command input of the root action, %j, as %s', (text, command) => {
    vi.stubEnv('INPUT_COMMAND', text);
    expect(new GitHubHost().command()).toBe(command);
  });

  it('refuses another command and lists those it has', () => {
    vi.stubEnv('INPUT_COMMAND', 'Sign');
    expect(() => new GitHubHost().command()).toThrow('command must be one of setup, sign, verify, inspect. Got "Sign"');
  });

  it('is that of the action, whatever the input says', () => {
    vi.stubEnv('INPUT_COMMAND', 'verify');
    expect(new GitHubHost('sign').command()).toBe('sign');
  });
});

describe('GitHubHost.input', () => {
  it('[GH-83] reads INPUT_ variables, trimmed', () => {
    vi.stubEnv('INPUT_TARGET_ARTIFACT_REFERENCE', '\n  ghcr.io/o/app:1 \r\n');
    expect(new GitHubHost('sign').input('artifacts')).toBe('ghcr.io/o/app:1');
  });

  it('[GH-83] maps names as @actions/core does, hyphens kept', () => {
    for (const name of ['target-ref', 'lower case', 'MiXed_1']) {
      vi.stubEnv(inputVariable(name), 'x');
      expect(core.getInput(name)).toBe('x');
    }
    expect(inputVariable('target-ref')).toBe('INPUT_TARGET-REF');
  });

  it('[GH-83] takes an empty text as not given, and has no inputs of the other host', () => {
    vi.stubEnv('INPUT_EXPIRY', '');
    vi.stubEnv('INPUT_SELFSIGNED', 'true');
    expect(new GitHubHost('sign').input('expiry')).toBe('');
    expect(new GitHubHost('sign').input('selfSigned')).toBe('');
    expect(Object.keys(inputTable)).toContain('selfSigned');
  });
});

describe('GitHubHost.setOutput', () => {
  it('[GH-85] round-trips any text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('a\nb', '100%25', 'x<<EOF\nEOF', 'ghadelimiter_x\n::error::y'),
    );
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        writeFileSync(output, '');
        new GitHubHost('sign').setOutput('results', value);
        const [[name, read] = []] = [...(await readKeyValues(output))];
        expect(name).toBe('results');
        // The file has no way to tell line ends apart.
        expect(read).toBe(value.replaceAll('\r\n', '\n'));
      }),
      { examples: [['a\nb'], ['%0A'], ['']] },
    );
  });

  it('[GH-89] says clearly when outputs cannot be written', () => {
    rmSync(output);
    expect(() => {
      new GitHubHost('sign').setOutput('results', 'x');
    }).toThrow('the output results cannot be set: the file of GITHUB_OUTPUT cannot be written');
    vi.stubEnv('GITHUB_OUTPUT', undefined);
    expect(() => {
      new GitHubHost('sign').setOutput('results', 'x');
    }).toThrow('GITHUB_OUTPUT is not set');
  });
});

describe('GitHubHost.mask', () => {
  const pem = [
    '-----BEGIN PRIVATE KEY-----',
    'MIGHAgEAMBMGByqGSM49',
    'AgEGCCqGSM49AwEHBG0wawIB',
    'x==',
    '-----END PRIVATE KEY-----',
  ];

  it('[GH-86] masks every line of a secret, and nothing that would ruin the log', () => {
    const log = printed((host) => {
      host.mask(pem.join('\r\n'));
      host.mask('abc');
      host.mask('');
    });
    expect([...log.masks]).toEqual(['MIGHAgEAMBMGByqGSM49', 'AgEGCCqGSM49AwEHBG0wawIB']);
    expect(log.shown).toEqual([]);
    expect(log.mask(`{"key":"${pem.join('\\n')}"}`)).not.toContain('MIGH');
  });

  it('[GH-86] masks a text with characters that commands escape', () => {
    const log = printed((host) => {
      host.mask('p%ss:w,rd');
      host.log.info('the password is p%ss:w,rd');
    });
    expect(log.shown).toEqual(['the password is ***']);
  });
});

describe('GitHubHost.log', () => {
  const hostile = 'CN=x\r::error::a\u2028##[add-mask]b\n::stop-commands::t\n##[set-env name=PATH]c\n\u001b[2J\u202e';

  it('[GH-84] prints foreign text inert, in every kind of line', () => {
    const log = printed((host) => {
      host.log.info(hostile);
      host.log.warning(hostile);
      host.log.error(hostile);
      host.fail(hostile);
    });
    expect(log.commands.map(({ name, syntax }) => `${syntax}${name}`)).toEqual(['::warning', '::error', '::error']);
    expect(log.masks.size).toBe(0);
    expect(log.shown.join('\n')).toContain('\\u{1b}[2J\\u{202e}');
  });

  it('[GH-90] prints debug lines only when the runner debugs', () => {
    expect(
      printed((host) => {
        host.log.debug('x');
      }).raw,
    ).toEqual([]);
    vi.stubEnv('RUNNER_DEBUG', '1');
    expect(
      printed((host) => {
        host.log.debug('x');
      }).commands,
    ).toMatchObject([{ name: 'debug', data: 'x' }]);
  });

  it('[GH-88] annotates at most ten times, and prints the rest', () => {
    const log = printed((host) => {
      for (let count = 1; count <= 30; count++) host.log.warning(`warning ${count}`);
      for (let count = 1; count <= 30; count++) host.log.error(`error ${count}`);
      host.fail('failed');
    });
    expect(log.commands.filter(({ name }) => name === 'warning')).toHaveLength(9);
    expect(log.commands.filter(({ name }) => name === 'error')).toHaveLength(10);
    expect(log.commands.at(-1)?.data).toBe('failed');
    expect(log.shown).toContain('Warning: warning 30');
  });

  it('closes a group when its work fails', async () => {
    const host = new GitHubHost('sign');
    let text = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    await expect(host.log.group('a\nb', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    write.mockRestore();
    expect(text.replaceAll('\r\n', '\n')).toBe('::group::a\\u{a}b\n::endgroup::\n');
  });
});

describe('GitHubHost.finish', () => {
  it('fails the step only when it failed', () => {
    const host = new GitHubHost('sign');
    host.finish('succeeded');
    host.finish('warning');
    expect(process.exitCode).toBeUndefined();
    host.finish('failed');
    expect(process.exitCode).toBe(1);
  });
});

describe('GitHubHost.showSummary', () => {
  it('[GH-89] never fails', async () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', join(folder, 'missing', 'summary'));
    await expect(new GitHubHost('sign').showSummary('x')).resolves.toBeUndefined();
    vi.stubEnv('GITHUB_STEP_SUMMARY', join(folder, 'summary'));
    await new GitHubHost('sign').showSummary('x');
    expect(readFileSync(join(folder, 'summary'), 'utf8')).toBe('x\n');
  });
});
