// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCredentials } from '../../../../shared/adapters/registry/credentials.ts';
import { errorOf } from '../../../support/registry-client.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const masked: string[] = [];

function find(registry: string, environment: Record<string, string>) {
  masked.length = 0;
  const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
  return createCredentials({ environment, log, mask: (secret) => void masked.push(secret) }).find(registry);
}

function write(name: string, document: unknown): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

function auths(registry: string, pair: string) {
  return { auths: { [registry]: { auth: Buffer.from(pair).toString('base64') } } };
}

describe('createCredentials', () => {
  it('[REG-45] reads DOCKER_CONFIG, and the home folder when it is empty', async () => {
    write('docker/config.json', auths('r', 'a:1'));
    write('.docker/config.json', auths('r', 'b:2'));
    const own = await find('r', { DOCKER_CONFIG: join(folder, 'docker'), HOME: folder });
    expect(own).toMatchObject({
      credential: { kind: 'basic', username: 'a' },
      source: join(folder, 'docker', 'config.json'),
    });
    expect(await find('r', { DOCKER_CONFIG: '', HOME: folder })).toMatchObject({ credential: { username: 'b' } });
    expect(await find('r', { USERPROFILE: folder })).toMatchObject({ credential: { username: 'b' } });
  });

  it('[REG-45] says where it looked when there is nothing', async () => {
    const lookup = await find('r', { HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') });
    expect(lookup).toEqual({
      credential: undefined,
      source: undefined,
      lookedAt: [
        'NOTATION_USERNAME and NOTATION_PASSWORD',
        join(folder, '.docker', 'config.json'),
        join(folder, 'run', 'containers', 'auth.json'),
      ],
      loggedOut: false,
    });
    expect((await find('r', {})).lookedAt).toHaveLength(1);
  });

  it('[REG-52] takes NOTATION_*, the docker file, DOCKER_AUTH_CONFIG and podman in that order', async () => {
    write('docker/config.json', auths('r', 'file:1'));
    const podman = write('auth.json', auths('p', 'podman:1'));
    const environment = {
      DOCKER_CONFIG: join(folder, 'docker'),
      DOCKER_AUTH_CONFIG: JSON.stringify({
        auths: { ...auths('r', 'variable:1').auths, ...auths('v', 'variable:1').auths },
      }),
      REGISTRY_AUTH_FILE: podman,
    };
    expect(await find('r', environment)).toMatchObject({ credential: { username: 'file' } });
    expect(await find('v', environment)).toMatchObject({
      credential: { username: 'variable' },
      source: 'DOCKER_AUTH_CONFIG',
    });
    expect(await find('p', environment)).toMatchObject({ credential: { username: 'podman' }, source: podman });
    const notation = { ...environment, NOTATION_USERNAME: 'n', NOTATION_PASSWORD: 'x' };
    expect(await find('r', notation)).toMatchObject({ credential: { kind: 'basic', username: 'n' } });
    expect(await find('r', { NOTATION_PASSWORD: 'x' })).toMatchObject({ credential: { kind: 'refresh' } });
  });

  it('[REG-54] [SEC-36] masks secrets, also in the form in which they are sent', async () => {
    write('.docker/config.json', auths('r', 'user:pass'));
    const lookup = await find('r', { HOME: folder });
    expect(masked).toEqual(['pass', Buffer.from('user:pass').toString('base64')]);
    expect(JSON.stringify(lookup)).not.toContain('"pass"');
  });

  it('[SEC-38] leaves the docker configuration as it is', async () => {
    const path = write('.docker/config.json', auths('r', 'u:p'));
    const before = readFileSync(path);
    await find('r', { HOME: folder });
    expect(readFileSync(path)).toEqual(before);
  });

  it('names a file that cannot be used', async () => {
    mkdirSync(join(folder, '.docker', 'config.json'), { recursive: true });
    const error = await errorOf(find('r', { HOME: folder }));
    expect(error.code).toBe('registry-unauthorized');
    expect(error.message).toContain(join(folder, '.docker', 'config.json'));
  });

  it('refuses a file of more than a MiB', async () => {
    write('.docker/config.json', ' '.repeat(1024 * 1024 + 1));
    expect((await errorOf(find('r', { HOME: folder }))).code).toBe('registry-limit');
  });
});

// A helper on Windows is an .exe, which a test cannot write.
if (process.platform !== 'win32') describe('credential helpers', helperTests);

/** A helper that writes what it was asked to a file and answers with a text. */
function helper(name: string, answer: string, status = 0): string {
  const path = join(folder, `docker-credential-${name}`);
  const script = `#!/bin/sh\necho "$1 $(cat)" >> '${join(folder, 'asked')}'\nprintf '%s' '${answer}'\nexit ${status}\n`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
  return path;
}

function helperTests(): void {
  const path = () => ({ PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`, HOME: folder });
  const answer = '{"ServerURL":"r","Username":"u","Secret":"s3cret"}';

  it('[REG-46] asks the helper instead of auths, with no way back', async () => {
    write('.docker/config.json', { ...auths('r', 'a:1'), credsStore: 'fake' });
    helper('fake', answer);
    expect(await find('r', path())).toMatchObject({ credential: { kind: 'basic', username: 'u' } });
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('get r\n');
    helper('fake', 'credentials not found in native keychain', 1);
    expect((await find('r', path())).credential).toBeUndefined();
  });

  it('[REG-47] tells a failing helper from an empty one', async () => {
    write('.docker/config.json', { credHelpers: { r: 'fake' } });
    helper('fake', 'keychain is locked', 1);
    const failing = await errorOf(find('r', path()));
    expect(failing).toMatchObject({
      code: 'registry-unauthorized',
      message: 'docker-credential-fake failed for r: keychain is locked',
    });
    write('.docker/config.json', { credHelpers: { r: 'missing' } });
    expect((await errorOf(find('r', path()))).message).toContain(
      'docker-credential-missing, which the docker configuration names, is not on the PATH',
    );
    write('.docker/config.json', { credHelpers: { r: 'fake' } });
    helper('fake', 'not json s3cret');
    const garbled = await errorOf(find('r', path()));
    expect(garbled.message).toBe('docker-credential-fake did not answer with JSON');
    expect(garbled.cause).toBeUndefined();
  });

  it('[REG-48] understands identity tokens, and asks once per registry', async () => {
    write('.docker/config.json', { credsStore: 'fake' });
    helper('fake', '{"Username":"<token>","Secret":"identity"}');
    const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
    const credentials = createCredentials({ environment: path(), log, mask: () => undefined });
    const lookups = await Promise.all([credentials.find('r'), credentials.find('r'), credentials.find('docker.io')]);
    expect(lookups[0]).toMatchObject({ credential: { kind: 'refresh' } });
    expect(readFileSync(join(folder, 'asked'), 'utf8').split('\n').sort()).toEqual([
      '',
      'get https://index.docker.io/v1/',
      'get r',
    ]);
  });

  it.each(['../x', 'a;b', '', '-x', 'a b', 'a/b', '$(id)'])('[REG-49] refuses the helper name %j', async (suffix) => {
    write('.docker/config.json', { credHelpers: { r: suffix } });
    expect((await errorOf(find('r', path()))).message).toContain('is not a name');
  });
}
