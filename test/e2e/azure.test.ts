// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { agentNodes, packagedTask } from '../support/azure-agent.ts';
import { AzureScene } from '../support/azure-scene.ts';
import { pushImage } from '../support/push-image.ts';

const authority = createCertificateAuthority({ name: 'Acme' });
const signer = authority.issue();
const other = `sha256:${'b'.repeat(64)}`;

let registry: EmbeddedRegistry;
/** `localhost:<port>/team/app@<digest>`, pushed as `1.0`. */
let app = '';
let digest = '';
let second = '';

beforeAll(async () => {
  registry = await startRegistry();
  const image = await pushImage(registry.host, 'team/app', { tag: '1.0', content: 'app' });
  app = image.reference;
  digest = image.index.digest;
  second = (await pushImage(registry.host, 'team/second', { tag: '1.0', content: 'second' })).reference;
});
afterAll(() => registry.close());

function nameOf(reference: string): string {
  return reference.slice(0, reference.indexOf('@'));
}

function digestOf(reference: string): string {
  return reference.slice(reference.indexOf('@') + 1);
}

describe.each(agentNodes())('the packaged task on $name', (node) => {
  let scene: AzureScene;
  beforeEach(() => {
    scene = new AzureScene({ node, authority, signer });
    registry.requests.length = 0;
  });
  afterEach(() => {
    scene.dispose();
  });

  describe('compatibility', () => {
    it('[ADO-3] runs YAML of a Notation@0 verify unchanged', async () => {
      await scene.sign({ artifactRefs: app, allowReferrersAPI: 'false' });
      const result = await scene.verify({
        artifactRefs: app,
        trustPolicy: './.pipeline/trustpolicy/trustpolicy.json',
        trustStore: './.pipeline/truststore/',
        allowReferrersAPI: 'true',
      });
      expect(result).toMatchObject({ result: 'Succeeded', exitCode: 0, errors: [], complaints: [] });
      expect(scene.job.variable('verify.Status')).toBe('Succeeded');
      expect(scene.job.variable('verify.verified')).toBe('true');
    });

    it('[ADO-2] takes the inputs of a Notation@0 sign, says what its connection lacks, and signs with no other key', async () => {
      const connection = {
        id: '33333333-3333-4333-8333-333333333333',
        name: 'my-subscription',
        scheme: 'ServicePrincipal',
      };
      const url = 'https://management.azure.com/';
      const vault = new AzureScene({ node, authority, signer, endpoints: [{ ...connection, url, parameters: {} }] });
      try {
        const result = await vault.job.run({
          name: 'sign',
          task: packagedTask,
          inputs: {
            command: 'sign',
            artifactRefs: app,
            azureSubscription: 'my-subscription',
            keyid: 'https://contoso.vault.azure.net/keys/release/0123456789abcdef0123456789abcdef',
            selfSigned: 'true',
          },
        });
        expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
        expect(result.errors[0]).toMatch(/service connection .* cannot be used: it has no tenantid/);
        expect(registry.requests).toEqual([]);
      } finally {
        vault.dispose();
      }
    });

    it('[ADO-5] installs without a command, takes any letter case, and lists the commands for another', async () => {
      const missing = await scene.job.run({ name: 'none', task: packagedTask });
      expect(missing).toMatchObject({ result: 'Succeeded', warnings: [expect.stringContaining('no Notation CLI')] });
      expect((await scene.sign({ command: 'Sign', artifactRefs: app })).result).toBe('Succeeded');
      const unknown = await scene.sign({ command: 'singe' }, 'unknown');
      expect(unknown).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(unknown.errors).toEqual([expect.stringMatching(/install, sign, verify.*'singe'/)]);
    });

    it('[ADO-6] tells its status as an output variable of the step only', async () => {
      await scene.sign({ artifactRefs: app }, 'good');
      await scene.sign({ artifactRefs: `${app},${app}` }, 'doubtful');
      await scene.sign({ artifactRefs: `${nameOf(app)}@${other}` }, 'bad');
      const status = (step: string): string | undefined => scene.job.variable(`${step}.Status`);
      expect([status('good'), status('doubtful'), status('bad')]).toEqual(['Succeeded', 'Warning', 'Failed']);
      for (const name of ['Status', 'references', 'digest', 'signatures']) {
        expect(scene.job.variable(name)).toBeUndefined();
      }
    });

    it('[ADO-7] passes over inputs of another command', async () => {
      const result = await scene.sign({
        artifactRefs: app,
        trustPolicy: 'no/such/file.json',
        trustStore: 'no/such/folder',
        isCustomVersion: 'maybe',
        url: 'not an address',
        version: '0.0.0.0',
      });
      expect(result).toMatchObject({ result: 'Succeeded', errors: [], warnings: [] });
    });
  });

  describe('references', () => {
    it('[ADO-17] signs one digest, which verifies', async () => {
      const signed = await scene.sign({ artifactRefs: app, allowReferrersAPI: '' });
      expect(signed).toMatchObject({ result: 'Succeeded', exitCode: 0, errors: [], warnings: [], complaints: [] });
      expect(scene.signed()).toEqual([app]);
      expect(scene.job.variable('sign.digest')).toBe(digest);
      expect(scene.job.variable('sign.signatureDigest')).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(JSON.parse(scene.job.variable('sign.signatures') ?? '')).toMatchObject([
        { reference: app, envelopeMediaType: 'application/cose', source: 'input' },
      ]);
      const verified = await scene.verify({ artifactRefs: '$(sign.references)' });
      expect(verified).toMatchObject({ result: 'Succeeded', errors: [] });
    });

    it('[ADO-18] takes commas, blanks, line breaks and a trailing comma', async () => {
      const third = (await pushImage(registry.host, 'team/third', { content: 'third' })).reference;
      const result = await scene.sign({ artifactRefs: `\n ${app} ,\r\n${second}\n\n  ${third} , ,\n` });
      expect(result).toMatchObject({ result: 'Succeeded', errors: [], warnings: [] });
      expect(scene.signed()).toEqual([app, second, third]);
    });

    it('[ADO-19] takes a repeated artifact once, with one warning', async () => {
      const result = await scene.sign({ artifactRefs: `${app},${app}` });
      expect(result).toMatchObject({ result: 'Succeeded', warnings: [expect.stringContaining('more than once')] });
      expect(scene.signed()).toEqual([app]);
      expect(scene.job.variable('sign.Status')).toBe('Warning');
    });

    it('[ADO-20] resolves a tag once, and names the digest', async () => {
      const result = await scene.sign({ artifactRefs: `${registry.host}/team/app:1.0` });
      expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
      expect(result.warnings).toEqual([expect.stringMatching(new RegExp(`:1\\.0 is a tag.*${digest}`))]);
      expect(registry.lines().filter((line) => line.endsWith('/team/app/manifests/1.0'))).toHaveLength(1);
      expect(scene.signed()).toEqual([app]);
      expect(scene.job.variable('sign.Status')).toBe('Warning');
    });

    it('[ADO-21] [ADO-23] tells all wrong inputs at once, before any network call', async () => {
      const wrong = [
        `${registry.host}/Team/App@${digest}`,
        `${registry.host}/team/app@`,
        `${registry.host}/team/app`,
        `${registry.host}/team/app@sha256:123`,
        `${registry.host}/team/app@sha512:${'a'.repeat(64)}`,
        `team@${digest}`,
      ];
      const result = await scene.sign({ artifactRefs: wrong.join(','), signatureFormat: 'pkcs7', expiry: 'soon' });
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors).toHaveLength(1);
      for (const text of [...wrong, 'signatureFormat', 'pkcs7', 'expiry', 'soon'])
        expect(result.errors[0]).toContain(text);
      expect(result.errors[0]).toContain('team/app'); // the lower-case spelling, as a hint
      expect(registry.requests).toEqual([]);
    });

    it('[ADO-23] takes a sha512 digest as the grammar does, and asks the registry for it', async () => {
      const result = await scene.sign({ artifactRefs: `${nameOf(app)}@sha512:${'a'.repeat(128)}` });
      expect(result.result).toBe('Failed');
      expect(registry.lines().some((line) => line.includes('/manifests/sha512:'))).toBe(true);
    });

    it('[ADO-22] says that a variable in an input is not defined', async () => {
      const result = await scene.sign({ artifactRefs: `${nameOf(app)}@$(digest)` });
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors[0]).toMatch(/artifactRefs contains \$\(digest\)/);
      expect(registry.requests).toEqual([]);
    });

    it('[ADO-24] speaks plain HTTP only to localhost and to registries that are named', async () => {
      const byAddress = app.replace('localhost', '127.0.0.1');
      const refused = await scene.sign({ artifactRefs: byAddress }, 'refused');
      expect(refused.result).toBe('Failed');
      expect(refused.errors[0]).toContain('insecureRegistries');
      expect(registry.requests).toEqual([]);
      const asked = await scene.sign(
        { artifactRefs: byAddress, insecureRegistries: `127.0.0.1:${registry.port}` },
        'asked',
      );
      expect(asked.result).toBe('Succeeded');
    });

    it('[ADO-24] asks to leave a scheme out of a reference', async () => {
      const result = await scene.sign({ artifactRefs: `http://${app}` });
      expect(result.errors[0]).toContain('Leave out http://');
      expect(registry.requests).toEqual([]);
    });
  });

  describe('what Docker@2 has pushed', () => {
    it('[ADO-25] [ADO-37] is signed: one tag, told after task.complete', async () => {
      const pushed = await scene.push([{ repository: nameOf(app), tags: ['1.0'], digest }]);
      const commands = pushed.commands.map(({ name, properties }) => properties.get('variable') ?? name);
      expect(commands.indexOf('RESOURCE_URIS')).toBeGreaterThan(commands.indexOf('task.complete'));
      expect(scene.job.variable('RESOURCE_URIS')).toBe(`https://${app}`);
      const result = await scene.sign();
      expect(result).toMatchObject({ result: 'Succeeded', errors: [], warnings: [], complaints: [] });
      expect(scene.signed()).toEqual([app]);
      const detection = JSON.parse(scene.job.variable('sign.detection') ?? '') as { artifacts: unknown[] };
      expect(detection.artifacts).toMatchObject([{ reference: app, source: 'RESOURCE_URIS', tags: ['1.0'] }]);
    });

    it('is verified too', async () => {
      await scene.push([{ repository: nameOf(app), tags: ['1.0'], digest }]);
      await scene.sign();
      expect((await scene.verify()).result).toBe('Succeeded');
      expect(scene.job.variable('verify.references')).toBe(app);
    });

    it('[ADO-26] two tags of one image are one signature', async () => {
      await scene.push([{ repository: nameOf(app), tags: ['1.0', 'latest'], digest }]);
      expect((await scene.sign()).result).toBe('Succeeded');
      expect(JSON.parse(scene.job.variable('sign.signatures') ?? '')).toHaveLength(1);
    });

    it('[ADO-27] two registries in one push are two signatures', async () => {
      const elsewhere = await startRegistry();
      try {
        const copy = await pushImage(elsewhere.host, 'team/app', { tag: '1.0', content: 'app' });
        await scene.push([
          { repository: nameOf(app), tags: ['1.0'], digest },
          { repository: nameOf(copy.reference), tags: ['1.0'], digest },
        ]);
        expect((await scene.sign()).result).toBe('Succeeded');
        expect(scene.signed()).toEqual([app, copy.reference]);
      } finally {
        await elsewhere.close();
      }
    });

    it('[ADO-28] two push steps are both found', async () => {
      await scene.push([{ repository: nameOf(app), tags: ['1.0'], digest }]);
      await scene.push([{ repository: nameOf(second), tags: ['1.0'], digest: digestOf(second) }]);
      expect(scene.job.variable('RESOURCE_URIS')).toBe(`https://${second}`);
      expect((await scene.sign()).result).toBe('Succeeded');
      expect(scene.signed().sort()).toEqual([app, second].sort());
    });

    it('[ADO-29] nothing: says where it looked, and which line to add', async () => {
      const result = await scene.sign();
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors).toHaveLength(1);
      expect(result.errors[0]).toMatch(/RESOURCE_URIS \(not set.*push logs of Docker@2 \(no folder task_outputs/);
      expect(result.errors[0]).toContain('artifactRefs: ');
      expect(registry.requests).toEqual([]);
    });

    it('[ADO-30] a deep repository is found in the log, whatever Docker@2 makes of it', async () => {
      const deep = (await pushImage(registry.host, 'a/b/c/d', { content: 'deep' })).reference;
      await scene.push([{ repository: nameOf(deep), tags: ['1.0'], digest: digestOf(deep) }]);
      expect(scene.job.variable('RESOURCE_URIS')).toContain('https://docker.io/library/localhost@');
      expect((await scene.sign({}, 'misread')).result).toBe('Succeeded');
      expect(scene.signed('misread')).toEqual([deep]);
      scene.job.print(['##vso[task.setvariable variable=RESOURCE_URIS]']);
      expect((await scene.sign()).result).toBe('Succeeded');
      expect(scene.signed()).toEqual([deep]);
    });

    it('[ADO-31] an empty entry before others, and blanks, do not matter', async () => {
      scene.job.print([`##vso[task.setvariable variable=RESOURCE_URIS],  https://${app} ,`]);
      const result = await scene.sign();
      expect(result).toMatchObject({ result: 'Succeeded', warnings: [] });
      expect(scene.signed()).toEqual([app]);
    });

    it('[ADO-32] an entry without digest is told, and others are signed', async () => {
      scene.job.print([
        `##vso[task.setvariable variable=RESOURCE_URIS]https://${nameOf(second)}@sha256:,https://${app}`,
      ]);
      const result = await scene.sign();
      expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
      expect(result.warnings).toEqual([expect.stringMatching(/team\/second@sha256:.*digest is empty/)]);
      expect(scene.signed()).toEqual([app]);
      expect(scene.job.variable('sign.Status')).toBe('Warning');
    });

    it('[ADO-32] alone, a quiet push fails with the reason', async () => {
      await scene.push([{ repository: nameOf(app), tags: ['1.0'], digest }], true);
      expect(scene.job.variable('RESOURCE_URIS')).toBe(`https://${nameOf(app)}@sha256:`);
      const result = await scene.sign();
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors[0]).toContain('digest is empty');
    });

    it('[ADO-33] entries with another scheme or none are told, and left out', async () => {
      scene.job.print([`##vso[task.setvariable variable=RESOURCE_URIS]oci://${second},${second},https://${app}`]);
      const result = await scene.sign();
      expect(result.result).toBe('Succeeded');
      expect(result.warnings).toHaveLength(2);
      expect(scene.signed()).toEqual([app]);
    });

    it.each(['library/x', 'user/x'])('[ADO-34] docker.io/%s reaches registry-1.docker.io', async (repository) => {
      const asked: string[] = [];
      const proxy = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', (data) => {
          asked.push(data.toString('latin1').split('\r\n')[0] ?? '');
          socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const behindProxy = new AzureScene({ node, authority, signer, variables: { HTTPS_PROXY: url } });
      try {
        behindProxy.job.print([
          `##vso[task.setvariable variable=RESOURCE_URIS]https://docker.io/${repository}@${digest}`,
        ]);
        expect((await behindProxy.sign()).result).toBe('Failed');
        expect(new Set(asked)).toEqual(new Set(['CONNECT registry-1.docker.io:443 HTTP/1.1']));
      } finally {
        behindProxy.dispose();
        proxy.close();
      }
    });

    it('[ADO-35] one digest in two repositories is two artifacts', async () => {
      const copy = (await pushImage(registry.host, 'team/copy', { tag: '1.0', content: 'app' })).reference;
      expect(digestOf(copy)).toBe(digest);
      scene.job.print([`##vso[task.setvariable variable=RESOURCE_URIS]https://${app},https://${copy}`]);
      expect((await scene.sign()).result).toBe('Succeeded');
      expect(scene.signed()).toEqual([app, copy]);
    });

    it('[ADO-36] is passed over entirely when artifactRefs is given', async () => {
      await scene.push([{ repository: nameOf(second), tags: ['1.0'], digest: digestOf(second) }]);
      scene.job.print(['##vso[task.setvariable variable=RESOURCE_URIS]nonsense']);
      const result = await scene.sign({ artifactRefs: app });
      expect(result).toMatchObject({ result: 'Succeeded', warnings: [] });
      expect(scene.signed()).toEqual([app]);
      expect(registry.lines().some((line) => line.includes('team/second'))).toBe(false);
      expect(scene.job.variable('sign.detection')).toBeUndefined();
    });

    it('[ADO-38] hostile entries are rejected, and never repeated as they are', async () => {
      const hostile = `https://r.io/a##vso[task.setvariable variable=HACKED]yes@${digest}`;
      const escaped = hostile.replaceAll(']', '%5D');
      scene.job.print([
        `##vso[task.setvariable variable=RESOURCE_URIS]${escaped},https://$(whoami);x/y@${digest},https://${app}`,
      ]);
      expect(scene.job.variable('RESOURCE_URIS')).toContain(hostile);
      const result = await scene.sign();
      expect(result).toMatchObject({ result: 'Succeeded', complaints: [] });
      expect(scene.signed()).toEqual([app]);
      expect(scene.job.variable('HACKED')).toBeUndefined();
      expect(result.warnings).toHaveLength(2);
      const shown = [
        ...result.log,
        scene.job.variable('sign.detection') ?? '',
        ...result.summaries.map(({ markdown }) => markdown),
      ];
      expect(shown.join('\n')).not.toMatch(/##vso|\$\(whoami\)/);
    });

    it('[ADO-39] foreign files beside the logs change nothing', async () => {
      await scene.push([{ repository: nameOf(app), tags: ['1.0'], digest }]);
      const folder = join(scene.job.temp, 'task_outputs');
      writeFileSync(join(folder, 'push_1.txt'), Buffer.from([0, 255, 254, 10, 91]));
      writeFileSync(
        join(folder, 'build_1.txt'),
        `The push refers to repository [r.io/a]\n1: digest: ${other} size: 1\n`,
      );
      mkdirSync(join(folder, 'push_2.txt'));
      expect((await scene.sign()).result).toBe('Succeeded');
      expect(scene.signed()).toEqual([app]);
    });
  });

  describe('several artifacts', () => {
    it('[ADO-72] are all tried, and told in their order', async () => {
      const missing = `${nameOf(app)}@${other}`;
      const result = await scene.sign({ artifactRefs: [app, missing, second].join(',') });
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors).toEqual([expect.stringContaining('1 of 3 artifacts')]);
      expect(result.errors[0]).toContain(missing);
      expect(scene.signed()).toEqual([app, second]);
      expect(result.summaries).toHaveLength(1);
      expect(result.summaries[0]?.markdown).toContain('2 of 3');
    });

    it('[ADO-82] of which one is unsigned: everything is told, one failure at the end', async () => {
      const unsigned = (await pushImage(registry.host, 'team/unsigned', { content: 'unsigned' })).reference;
      await scene.sign({ artifactRefs: app });
      const result = await scene.verify({ artifactRefs: `${unsigned},${app}` });
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors).toEqual([expect.stringContaining(unsigned)]);
      expect(scene.job.variable('verify.verified')).toBe('false');
      expect(scene.job.variable('verify.references')).toBe(app);
      expect(result.summaries[0]?.markdown).toContain('1 of 2');
    });
  });

  describe('verify', () => {
    it('finds the policy in .pipeline/trustpolicy.json too', async () => {
      rmSync(join(scene.job.sources, '.pipeline', 'trustpolicy'), { recursive: true });
      scene.write('.pipeline/trustpolicy.json', policyText({}));
      await scene.sign({ artifactRefs: app });
      expect((await scene.verify({ artifactRefs: app })).result).toBe('Succeeded');
    });

    it('[ADO-76] leaves the home folder of the agent as it is', async () => {
      await scene.sign({ artifactRefs: app });
      await scene.verify({ artifactRefs: app });
      expect(readdirSync(scene.job.home)).toEqual([]);
    });
  });

  describe('inspect', () => {
    it('shows the signatures without any policy', async () => {
      rmSync(join(scene.job.sources, '.pipeline'), { recursive: true });
      scene.write('.pipeline/signing-chain.pem', signer.chainPem);
      const image = (await pushImage(registry.host, 'team/inspected', { content: 'inspected' })).reference;
      await scene.sign({ artifactRefs: image });
      const result = await scene.job.run({
        name: 'look',
        task: packagedTask,
        inputs: { command: 'inspect', artifactRefs: image },
      });
      expect(result).toMatchObject({ result: 'Succeeded', errors: [] });
      expect(result.log.join('\n')).toContain('application/cose');
      expect(JSON.parse(scene.job.variable('look.inspection') ?? '')).toHaveLength(1);
    });
  });

  describe('the agent', () => {
    it('[ADO-86] never sees the key, also with System.Debug', async () => {
      const password = 'correct-horse-battery';
      const verbose = new AzureScene({ node, authority, signer, debug: true, secrets: { password } });
      try {
        const result = await verbose.sign({ artifactRefs: app });
        expect(result).toMatchObject({ result: 'Succeeded', leaks: [] });
        await verbose.sign({ artifactRefs: app, privateKeyPassword: '$(password)' }, 'again');
        const key = signer.privateKeyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
        const told = result.printed.filter((line) => !line.startsWith('##vso[task.setsecret]'));
        for (const line of [...key, password]) expect(told.join('\n')).not.toContain(line);
      } finally {
        verbose.dispose();
      }
    });

    it('masks a key that the masker does not know, line by line', async () => {
      scene.write('key.pem', signer.privateKeyPem);
      const result = await scene.sign({ artifactRefs: app, privateKey: 'key.pem' });
      const secrets = result.commands.filter(({ name }) => name === 'task.setsecret').map(({ data }) => data);
      const key = signer.privateKeyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
      expect(secrets).toEqual(expect.arrayContaining(key));
    });

    it('[ADO-87] does not take foreign text as a command', async () => {
      const subject = 'C=US,ST=WA,O=Acme,CN=##vso[task.setvariable variable=HACKED]yes';
      const hostile = new AzureScene({ node, authority, signer: authority.issue({ subject }) });
      try {
        const image = (await pushImage(registry.host, 'team/hostile', { content: 'hostile' })).reference;
        const signed = await hostile.sign({ artifactRefs: image });
        expect(signed).toMatchObject({ result: 'Succeeded', complaints: [] });
        const verified = await hostile.verify({ artifactRefs: image });
        expect(verified).toMatchObject({ result: 'Succeeded', complaints: [] });
        // Printing an output in a later step is harmless as well, and what it says is unchanged.
        const signatures = hostile.job.variable('sign.signatures') ?? '';
        expect(hostile.job.print([signatures]).complaints).toEqual([]);
        expect(JSON.parse(signatures)).toMatchObject([
          { signer: expect.stringContaining('##vso[task.setvariable') as string },
        ]);
        expect(hostile.job.variable('HACKED')).toBeUndefined();
      } finally {
        hostile.dispose();
      }
    });

    it('[ADO-89] finds a summary after the end, of another name for each step', async () => {
      const first = await scene.sign({ artifactRefs: app }, 'first');
      const again = await scene.sign({ artifactRefs: app }, 'again');
      const names = [...first.summaries, ...again.summaries].map(({ name }) => name);
      expect(new Set(names).size).toBe(2);
      expect(first.summaries[0]?.markdown).toContain('Signed 1 artifact');
    });

    it('[ADO-90] may restrict commands: the step succeeds without summary', async () => {
      const key = { privateKey: '$(signingKey)', certificateChain: '.pipeline/signing-chain.pem' };
      const inputs = { command: 'sign', artifactRefs: app, ...key };
      const result = await scene.job.run({ name: 'sign', task: packagedTask, inputs, restricted: true });
      expect(result).toMatchObject({ result: 'Succeeded', complaints: ['refused task.uploadsummary'], summaries: [] });
      expect(scene.job.variable('sign.Status')).toBe('Succeeded');
    });

    it('[ADO-91] may refuse our variables: a warning, no failure', async () => {
      const key = { privateKey: '$(signingKey)', certificateChain: '.pipeline/signing-chain.pem' };
      const inputs = { command: 'sign', artifactRefs: app, ...key };
      const result = await scene.job.run({ name: 'sign', task: packagedTask, inputs, settableVariables: ['other'] });
      expect(result.result).toBe('Succeeded');
      expect(result.complaints).toContain('setting the variable Status is not allowed');
    });

    it('[ADO-93] must have a temporary folder', async () => {
      rmSync(scene.job.temp, { recursive: true });
      const result = await scene.sign({ artifactRefs: app });
      expect(result).toMatchObject({ result: 'Failed', exitCode: 0 });
      expect(result.errors).toEqual([expect.stringContaining('Agent.TempDirectory cannot be used')]);
    });

    it('[ADO-96] gives the same for inputs that are empty, blank or absent', async () => {
      const blank = await scene.sign({
        artifactRefs: app,
        expiry: '  ',
        userMetadata: '',
        signatureFormat: '',
        plugin: ' ',
      });
      expect(blank).toMatchObject({ result: 'Succeeded', errors: [], warnings: [] });
    });
  });
});
