// SPDX-License-Identifier: Apache-2.0
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { pluginEnvironment, runPlugin } from '../../../shared/adapters/plugin-process.ts';
import { NotaryError } from '../../../shared/errors.ts';
import { type Reaction, ScriptedPlugin } from '../../fakes/plugin.ts';

const plugins: ScriptedPlugin[] = [];
afterEach(() => {
  for (const plugin of plugins.splice(0)) plugin.remove();
});

function reacting(reaction: Reaction): ScriptedPlugin {
  const plugin = new ScriptedPlugin({ reactions: { 'get-plugin-metadata': reaction } });
  plugins.push(plugin);
  return plugin;
}

/** What asking for metadata fails with. */
async function failureOf(reaction: Reaction, options = {}): Promise<NotaryError> {
  try {
    await reacting(reaction).open(options).getMetadata(new Map());
  } catch (thrown) {
    if (thrown instanceof NotaryError) return thrown;
    throw thrown;
  }
  return expect.fail('it did not fail');
}

describe('runPlugin', () => {
  it('[KEY-76] sends the request as one line and closes the input', async () => {
    const plugin = reacting({});
    await plugin.open().getMetadata(new Map([['a', 'line\nbreak']]));
    const [call] = plugin.calls();
    expect(call?.input).toBe('{"pluginConfig":{"a":"line\\nbreak"}}');
    expect(call?.directory).toBe(plugin.folder);
  });

  it('[NP-360] [KEY-81] tells the message of an error that the plugin reports, with what to do about its code', async () => {
    const stderr = JSON.stringify({ errorCode: 'ACCESS_DENIED', errorMessage: 'no', errorMetadata: { a: 'b' } });
    const error = await failureOf({ exit: 1, stderr: `${stderr}\n` });
    expect(error).toMatchObject({ code: 'plugin-failed', message: 'no' });
    expect(error.hint).toContain('permission to use the key. a=b');
  });

  it("[KEY-81] tells the message of an error with a code of the plugin's own", async () => {
    const error = await failureOf({
      exit: 1,
      stderr: '{"errorCode":"Forbidden","errorMessage":"Caller is not authorized"}',
    });
    expect(error.message).toBe('Caller is not authorized');
    expect((await failureOf({ exit: 1, stderr: '{"errorCode":"THROTTLED"}' })).message).toBe(
      'plugin scripted reported THROTTLED',
    );
  });

  it('[NP-361] [KEY-81] tells the exit status when the plugin gives no reason', async () => {
    const error = await failureOf({ exit: 1 });
    expect(error.message).toBe('plugin scripted failed to execute get-plugin-metadata: exit status 1');
    expect(error.hint).toContain('compatible with this machine');
    expect((await failureOf({ exit: 7 })).message).toContain('exit status 7');
  });

  it('[NP-362] [KEY-81] tells why a reason that is not JSON, or empty JSON, is malformed', async () => {
    const error = await failureOf({ exit: 1, stderr: 'panic: nothing works' });
    expect(error.message).toMatch(/^plugin scripted failed .* its error is malformed: /);
    expect(error.hint).toContain('panic: nothing works');
    expect((await failureOf({ exit: 1, stderr: '{}' })).message).toContain('incomplete json');
  });

  it.each<[string, unknown]>([
    ['text', 'usage: x'],
    ['text before JSON', 'debug\n{}'],
    ['JSON then garbage', '{"name":"x"} trailing'],
    ['nothing', ''],
    ['another type', [1]],
    ['a wrong field', { name: 5 }],
  ])('[NP-363] [KEY-82] [SEC-33] refuses %s as an answer, and shows how it begins', async (_, stdout) => {
    const error = await failureOf({ stdout });
    expect(error.code).toBe('plugin-failed');
    expect(error.message).toBe('failed to unmarshal the response of get-plugin-metadata command for plugin scripted');
    expect(error.hint).toContain(typeof stdout === 'string' ? JSON.stringify(stdout) : 'begins with');
  });

  it.each(['stdout', 'stderr'] as const)('[NP-364] [KEY-83] refuses more than 64 MiB on %s', async (stream) => {
    const error = await failureOf({ flood: { stream, bytes: 64 * 1024 * 1024 + 1 } });
    expect(error.message).toBe(
      'plugin scripted printed more than 67108864 bytes (get-plugin-metadata) and was stopped',
    );
  });

  it.each(['stdout', 'stderr'] as const)('[KEY-83] [SEC-33] stops endless output on %s', async (stream) => {
    const error = await failureOf({ flood: { stream, bytes: -1 } }, { outputLimit: 100_000 });
    expect(error.message).toContain('printed more than 100000 bytes');
  });

  it('[KEY-83] [SEC-33] stops a plugin that never ends, with what it started', async () => {
    const plugin = reacting({ hang: true });
    await expect(plugin.open({ timeout: 1500 }).getMetadata(new Map())).rejects.toThrow(
      'did not answer within 2 seconds',
    );
    await expect.poll(() => plugin.survivors(), { timeout: 10_000 }).toEqual([]);
  });

  it('[SEC-33] stops what a plugin leaves behind', async () => {
    const plugin = reacting({ leaves: true });
    await expect(plugin.open().getMetadata(new Map())).rejects.toThrow('left a process behind');
    await expect.poll(() => plugin.survivors(), { timeout: 10_000 }).toEqual([]);
  });

  it('[SEC-33] tells the signal that ended a plugin', async () => {
    expect((await failureOf({ signal: 'SIGKILL' })).message).toContain('signal SIGKILL');
  });

  it('[KEY-85] shows standard error of a success at debug level only', async () => {
    const shown: string[] = [];
    const plugin = reacting({ stderr: 'a note\n' });
    await plugin.open({ debug: (text: string) => shown.push(text) }).getMetadata(new Map());
    expect(shown).toEqual(['plugin scripted wrote: a note']);
  });

  it('[KEY-89] has a hint for each reason why a file cannot be started', async () => {
    const plugin = reacting({});
    const start = async (name: string, content: string, mode: number): Promise<unknown> => {
      const path = join(plugin.folder, name);
      writeFileSync(path, content);
      chmodSync(path, mode);
      const options = { environment: {}, directory: plugin.folder };
      return runPlugin({ name: 'x', path }, 'describe-key', Buffer.from('{}'), options).catch(
        (thrown: unknown) => thrown,
      );
    };
    expect(await start('a', '#!/bin/sh\n', 0o600)).toMatchObject({
      code: 'plugin-failed',
      hint: expect.stringContaining('noexec') as unknown,
    });
    expect(await start('b', '\x7fELF of another machine', 0o700)).toMatchObject({
      hint: expect.stringContaining(process.arch) as unknown,
    });
    expect(await start('c', '#!/nowhere/ld-linux\n', 0o700)).toMatchObject({
      hint: expect.stringContaining('glibc') as unknown,
    });
  });
});

describe('pluginEnvironment', () => {
  it('[KEY-94] [SEC-34] passes on what key services need, and no secret of the job', () => {
    const needed = {
      PATH: '/bin',
      HOME: '/h',
      AWS_SECRET_ACCESS_KEY: 's',
      VAULT_TOKEN: 't',
      AZURE_CLIENT_SECRET: 'c',
      SM_HOST: 'h',
    };
    const withheld = {
      ...{
        INPUT_PRIVATE_KEY: 'k',
        'INPUT_PLUGIN-CONFIG': 'x',
        GITHUB_TOKEN: 't',
        GH_TOKEN: 't',
        SYSTEM_ACCESSTOKEN: 't',
      },
      ...{
        ACTIONS_RUNTIME_TOKEN: 't',
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
        NOTATION_PASSWORD: 'p',
        NOTATION_USERNAME: 'u',
      },
      ...{
        ENDPOINT_AUTH_x: 'e',
        SECRET_x: 's',
        SECUREFILE_TICKET_x: 's',
        GITHUB_ENV: 'f',
        GITHUB_PATH: 'f',
        GITHUB_OUTPUT: 'f',
      },
      ...{ DOCKER_AUTH_CONFIG: '{}', NODE_OPTIONS: '--require x', undefined },
    };
    expect(pluginEnvironment({ ...needed, ...withheld })).toEqual(needed);
  });

  it('[KEY-94] is what the plugin sees', async () => {
    const plugin = reacting({});
    const environment = {
      PATH: process.env['PATH'],
      VAULT_ADDR: 'v',
      INPUT_PRIVATE_KEY: 'secret',
      GITHUB_TOKEN: 'secret',
    };
    await plugin.open({ environment }).getMetadata(new Map());
    expect(plugin.calls()[0]?.environment).toMatchObject({ VAULT_ADDR: 'v' });
    expect(JSON.stringify(plugin.calls()[0]?.environment)).not.toContain('secret');
  });
});
