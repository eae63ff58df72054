// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { agentNodes } from '../support/azure-agent.ts';
import type { AgentNode } from '../support/azure-agent.ts';
import { AzureScene } from '../support/azure-scene.ts';
import type { SceneOptions } from '../support/azure-scene.ts';
import { cancelAt, filesWith } from '../support/cancel-at.ts';
import { pushImage } from '../support/push-image.ts';

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();

let registry: EmbeddedRegistry;
let app = '';
let digest = '';
beforeAll(async () => {
  registry = await startRegistry();
  const image = await pushImage(registry.host, 'team/app');
  app = image.reference;
  digest = image.index.digest;
});
afterAll(() => registry.close());

const scenes: AzureScene[] = [];
function open(options: Partial<SceneOptions> = {}): AzureScene {
  const scene = new AzureScene({ authority, signer, ...options });
  scenes.push(scene);
  return scene;
}
let scene: AzureScene;
beforeEach(() => {
  scene = open();
  registry.requests.length = 0;
});
afterEach(() => {
  registry.options.faults = [];
  for (const each of scenes.splice(0)) each.dispose();
});

describe('the result', () => {
  it('[ADO-84] of a success is told by nothing but the end, and no handled failure has an exit code', async () => {
    const good = await scene.sign({ artifactRefs: app }, 'good');
    expect(good).toMatchObject({ result: 'Succeeded', exitCode: 0 });
    const results = good.commands
      .filter(({ name }) => name === 'task.complete')
      .map(({ properties }) => properties.get('result'));
    expect(results.filter((result) => result !== 'Succeeded')).toEqual([]);
    const failing = [
      { artifactRefs: 'nonsense' },
      { artifactRefs: app, privateKey: 'missing.pem' },
      { command: 'sing' },
      {},
    ];
    for (const [index, inputs] of failing.entries()) {
      const failed = await scene.sign(inputs, `failed${index}`);
      expect(failed).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(failed.errors).toHaveLength(1);
    }
  });

  it('[ADO-85] of a defect before the step begins is a failure with its message, no stack', async () => {
    const variables = { 'Agent.ProxyUrl': 'http://localhost:9', 'Agent.ProxyBypassList': 'no JSON' };
    const { result, exitCode, errors } = await open({ variables }).sign({ artifactRefs: app });
    expect({ result, exitCode }).toEqual({ result: 'Failed', exitCode: 0 });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('JSON');
    expect(errors[0]).not.toMatch(/^\s+at /m);
  });
});

describe('messages', () => {
  it.each(['100%', 'a]b', 'a;b=c', '%0A%25', 'Prüfung 信頼 😀', '%AZP25'])(
    '[ADO-88] with %j arrive as they were written',
    async (text) => {
      const { errors } = await scene.verify({ artifactRefs: app, trustPolicy: `${text}.json` });
      expect(errors).toHaveLength(1);
      expect(errors[0]).toContain(`${text}.json`);
    },
  );

  it('[ADO-88] of several lines stay one message, in their order', async () => {
    const { errors } = await scene.sign({ artifactRefs: 'A,B\r\nC' });
    expect(errors).toHaveLength(1);
    expect(errors[0]?.split('\n').length).toBeGreaterThan(2);
    expect(errors[0]).not.toContain('%0');
  });
});

describe('a release of the classic kind', () => {
  it('[ADO-97] is sent no command that only builds have', async () => {
    const release = open({ variables: { 'System.HostType': 'release', 'Release.ReleaseId': '7' } });
    const result = await release.sign({ artifactRefs: app });
    expect(result).toMatchObject({ result: 'Succeeded', complaints: [] });
    const areas = new Set(result.commands.map(({ name }) => name.split('.')[0]));
    expect([...areas]).toEqual(['task']);
  });
});

describe('a cancelled job', () => {
  it('[ADO-92] ends the step at once, leaves no secret on disk, and no half-written index', async () => {
    const tag = digest.replace(':', '-');
    const cancelled = cancelAt(registry, 'PUT', new RegExp(tag));
    const started = performance.now();
    const result = await scene.sign({ artifactRefs: app, allowReferrersAPI: 'false' }, 'sign', { cancelled });
    expect(result.result).toBe('Failed');
    // The agent would send SIGTERM after 7.5 seconds.
    expect(performance.now() - started).toBeLessThan(7_500);
    expect(filesWith(signer.privateKeyPem, scene.job.temp)).toEqual([]);
    const stored = registry.storage.repository('team/app');
    expect(stored.tag(tag)).toBeUndefined();
    registry.options.faults = [];
    expect(await scene.sign({ artifactRefs: app, allowReferrersAPI: 'false' }, 'again')).toMatchObject({
      result: 'Succeeded',
      errors: [],
    });
    expect((await scene.verify({ artifactRefs: app })).result).toBe('Succeeded');
  });
});

describe.each(agentNodes())('the package on $name', (node: AgentNode) => {
  it('[ADO-98] runs where there is nothing but itself', async () => {
    const alone = open({ node });
    expect(await alone.sign({ artifactRefs: app })).toMatchObject({ result: 'Succeeded', errors: [] });
    expect(await alone.verify({ artifactRefs: app })).toMatchObject({ result: 'Succeeded', errors: [] });
    const work = dirname(alone.job.temp);
    expect(readdirSync(join(work, '_tasks'))).toHaveLength(1);
    for (let folder = join(work, '_tasks'); folder !== dirname(folder); folder = dirname(folder)) {
      expect(existsSync(join(folder, 'node_modules')), folder).toBe(false);
    }
  });
});
