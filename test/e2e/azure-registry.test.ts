// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startInternet } from '../fakes/internet.ts';
import type { FakeInternet } from '../fakes/internet.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import type { RegistryUser } from '../fakes/registry/options.ts';
import { AzureScene } from '../support/azure-scene.ts';
import type { SceneOptions } from '../support/azure-scene.ts';
import { writeCredentialHelper } from '../support/credential-helper.ts';
import { pushImage } from '../support/push-image.ts';

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();
const alice: RegistryUser = { name: 'alice', password: 'pass-word-1', identityToken: 'identity-token-of-alice' };
const basic = (pair: string): string => Buffer.from(pair).toString('base64');

let registry: EmbeddedRegistry;
let internet: FakeInternet;
let scene: AzureScene;
/** `localhost:<port>/team/app@<digest>`. */
let app = '';
let digest = '';
beforeAll(async () => {
  registry = await startRegistry();
  const hosts = { 'registry-1.docker.io': registry.port, 'myacr.example': registry.port };
  internet = await startInternet({ hosts, login: 'agent:proxy pass/1' });
  const image = await pushImage(registry.host, 'team/app', { tag: '1.0' });
  app = image.reference;
  digest = image.index.digest;
});
afterAll(async () => {
  await internet.close();
  await registry.close();
});
beforeEach(() => {
  scene = new AzureScene({ authority, signer });
  registry.options.auth = { kind: 'bearer', users: [alice] };
  registry.requests.length = 0;
});
afterEach(() => {
  scene.dispose();
  registry.options.auth = { kind: 'none' };
});

/** What `Docker@2` with `command: login` leaves: a folder of its own, and DOCKER_CONFIG for the steps that follow. */
function dockerLogin(document: object, target = scene): void {
  const folder = join(target.job.temp, 'DockerConfig_1732188000000');
  mkdirSync(folder, { recursive: true });
  const more = { HttpHeaders: { 'X-Meta-Source-Client': 'VSTS' } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...document, ...more }));
  target.job.print([`##vso[task.setvariable variable=DOCKER_CONFIG]${folder}`]);
}

function login(key: string, target = scene): void {
  dockerLogin({ auths: { [key]: { auth: basic('alice:pass-word-1'), email: 'ServicePrincipal@AzureRM' } } }, target);
}

/** A job of an agent that reaches the internet through its proxy only. */
function behindAgentProxy(options: Partial<SceneOptions> = {}): AzureScene {
  const behind = new AzureScene({
    ...{ authority, signer, debug: true },
    secrets: { 'Agent.ProxyPassword': 'proxy pass/1' },
    ...options,
    variables: { 'Agent.ProxyUrl': internet.proxy, 'Agent.ProxyUsername': 'agent', ...options.variables },
  });
  behind.write('ca.pem', internet.ca);
  return behind;
}

describe('after a login with Docker@2', () => {
  it.each([
    ['[ADO-40] an address', (host: string) => `https://${host}`],
    ['[ADO-41] a bare host', (host: string) => host],
    ['[ADO-41] an address with a path', (host: string) => `https://${host}/v2/`],
  ])('%s as key of the credentials is found', async (_, key) => {
    login(key(registry.host));
    const result = await scene.sign({ artifactRefs: app });
    expect(result).toMatchObject({ result: 'Succeeded', errors: [], leaks: [] });
  });

  it('[ADO-41] https://index.docker.io/v1/ is the key of Docker Hub', async () => {
    const behind = behindAgentProxy();
    try {
      registry.options.auth = { kind: 'basic', users: [alice] };
      login('https://index.docker.io/v1/', behind);
      const inputs = { artifactRefs: `docker.io/team/app@${digest}`, referrersSettle: '0' };
      behind.job.print([`##vso[task.setvariable variable=NODE_EXTRA_CA_CERTS]${join(behind.job.sources, 'ca.pem')}`]);
      expect(await behind.sign(inputs)).toMatchObject({ result: 'Succeeded', errors: [] });
      expect(behind.signed()).toEqual([`docker.io/team/app@${digest}`]);
    } finally {
      behind.dispose();
    }
  });

  it('[ADO-42] an empty DOCKER_CONFIG is as good as none: the home folder counts', async () => {
    mkdirSync(join(scene.job.home, '.docker'));
    const document = { auths: { [registry.host]: { auth: basic('alice:pass-word-1') } } };
    writeFileSync(join(scene.job.home, '.docker', 'config.json'), JSON.stringify(document));
    scene.job.print(['##vso[task.setvariable variable=DOCKER_CONFIG]']);
    expect(await scene.sign({ artifactRefs: app })).toMatchObject({ result: 'Succeeded', errors: [] });
  });

  it('[ADO-43] when the step that pushed has logged out again, the error explains that, and two ways out', async () => {
    login(registry.host);
    scene.job.print(['##vso[task.setvariable variable=DOCKER_CONFIG]']);
    const { result, errors } = await scene.sign({ artifactRefs: app });
    expect(result).toBe('Failed');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`${registry.host} asks for a login and no credentials were found`);
    expect(errors[0]).toContain('a Docker@2 step with containerRegistry has logged out again when it ended');
    expect(errors[0]).toContain('Docker@2 step with command: login');
    expect(errors[0]).toContain('registryUsername and registryPassword');
  });

  it.each(['credsStore', 'credHelpers'])(
    '[ADO-44] the program of %s is asked with the host on its input',
    async (key) => {
      const bin = join(scene.job.home, 'bin');
      writeCredentialHelper(bin, 'test', { [registry.host]: alice });
      scene.job.print([`##vso[task.prependpath]${bin}`]);
      dockerLogin(key === 'credsStore' ? { credsStore: 'test' } : { credHelpers: { [registry.host]: 'test' } });
      const result = await scene.sign({ artifactRefs: app });
      expect(result).toMatchObject({ result: 'Succeeded', errors: [], leaks: [] });
      expect(readFileSync(join(bin, 'asked'), 'utf8')).toBe(`${registry.host}\n`);
      expect(result.log.join('\n')).not.toContain('pass-word-1');
    },
  );

  it('[ADO-44] a program that fails is told with what it says', async () => {
    const bin = join(scene.job.home, 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'docker-credential-locked'), '#!/bin/sh\necho keychain is locked\nexit 1\n', {
      mode: 0o755,
    });
    scene.job.print([`##vso[task.prependpath]${bin}`]);
    dockerLogin({ credsStore: 'locked' });
    const { result, errors } = await scene.sign({ artifactRefs: app });
    expect(result).toBe('Failed');
    expect(errors).toEqual([
      expect.stringContaining(`docker-credential-locked failed for ${registry.host}: keychain is locked`),
    ]);
  });

  it.each<[string, object]>([
    ['an identitytoken', { auth: basic('x:'), identitytoken: alice.identityToken }],
    [
      'a refresh token as password of the user of zeros',
      { auth: basic(`00000000-0000-0000-0000-000000000000:${alice.identityToken ?? ''}`) },
    ],
  ])('[ADO-45] %s is exchanged at the token server', async (_, entry) => {
    dockerLogin({ auths: { [registry.host]: entry } });
    const result = await scene.sign({ artifactRefs: app });
    expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(registry.lines().some((line) => line.includes('/token'))).toBe(true);
    expect(result.log.join('\n')).not.toContain(alice.identityToken);
  });
});

describe('logins', () => {
  it('[ADO-46] are taken from registryUsername and registryPassword', async () => {
    const secret = new AzureScene({ authority, signer, secrets: { registryPassword: 'pass-word-1' } });
    try {
      const inputs = { registryUsername: 'alice', registryPassword: '$(registryPassword)' };
      const result = await secret.sign({ artifactRefs: app, ...inputs });
      expect(result).toMatchObject({ result: 'Succeeded', errors: [], leaks: [] });
    } finally {
      secret.dispose();
    }
  });

  it('[ADO-49] are not needed to verify what everybody may read', async () => {
    registry.options.auth = { kind: 'bearer', users: [alice], anonymous: ['pull'] };
    login(registry.host);
    await scene.sign({ artifactRefs: app });
    scene.job.print(['##vso[task.setvariable variable=DOCKER_CONFIG]']);
    expect(await scene.verify({ artifactRefs: app })).toMatchObject({ result: 'Succeeded', errors: [] });
  });

  it.each(['basic', 'bearer'] as const)('[ADO-50] are sent as %s, and a wrong one is not repeated', async (kind) => {
    registry.options.auth = { kind, users: [alice] };
    login(registry.host);
    expect(await scene.sign({ artifactRefs: app }, 'right')).toMatchObject({ result: 'Succeeded', errors: [] });
    dockerLogin({ auths: { [registry.host]: { auth: basic('alice:wrong-pass-2') } } });
    const { result, errors, printed } = await scene.sign({ artifactRefs: app }, 'wrong');
    expect(result).toBe('Failed');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(`${registry.host} refused the credentials from`);
    expect(errors[0]).toContain('config.json');
    const told = printed.filter((line) => !line.startsWith('##vso[task.setsecret]'));
    expect(told.join('\n')).not.toContain('wrong-pass-2');
  });
});

describe('the network of the agent', () => {
  it('[ADO-94] its proxy, with user and password, and its authorities are used', async () => {
    const before = internet.asked.length;
    registry.options.auth = { kind: 'none' };
    const behind = behindAgentProxy();
    const withAuthority = behindAgentProxy({ variables: { 'Agent.CAInfo': join(behind.job.sources, 'ca.pem') } });
    try {
      const inputs = { artifactRefs: `myacr.example/team/app@${digest}`, referrersSettle: '0' };
      const untrusted = await behind.sign(inputs);
      expect(untrusted.errors).toEqual([expect.stringContaining('NODE_EXTRA_CA_CERTS')]);
      const result = await withAuthority.sign(inputs);
      expect(result).toMatchObject({ result: 'Succeeded', errors: [], warnings: [], leaks: [] });
      expect(new Set(internet.asked.slice(before))).toEqual(new Set(['myacr.example:443']));
      expect(internet.authorizations.at(-1)).toBe(`Basic ${basic('agent:proxy pass/1')}`);
      expect(registry.requests.some(({ headers }) => 'proxy-authorization' in headers)).toBe(false);
    } finally {
      behind.dispose();
      withAuthority.dispose();
    }
  });

  it('[ADO-94] hosts of the bypass list are not asked for at the proxy', async () => {
    const before = internet.asked.length;
    const list = JSON.stringify(['myacr\\.example', '(a|b)c']);
    const behind = behindAgentProxy({ variables: { 'Agent.ProxyBypassList': list } });
    try {
      const result = await behind.sign({ artifactRefs: `myacr.example/team/app@${digest}` });
      expect(result.result).toBe('Failed');
      expect(result.log.join('\n')).toContain('although its bypass list has (a|b)c');
      expect(internet.asked).toHaveLength(before);
    } finally {
      behind.dispose();
    }
  });
});
