// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startInternet } from '../fakes/internet.ts';
import type { FakeInternet } from '../fakes/internet.ts';
import { startRegistry } from '../fakes/registry.ts';
import type { EmbeddedRegistry } from '../fakes/registry.ts';
import { startJob } from '../support/github-runner.ts';
import type { GitHubJob, StepResult } from '../support/github-runner.ts';
import { createSigner, keyInputs } from '../support/github-trust.ts';
import { pushImage } from '../support/push-image.ts';
import type { PushedImage } from '../support/push-image.ts';

const { signer } = createSigner();
const login = 'proxy-user:proxy-pass-1';

let registry: EmbeddedRegistry;
let internet: FakeInternet;
let guarded: FakeInternet;
let image: PushedImage;
let job: GitHubJob;
/** `registry.example/team/app@<digest>`, by way of a proxy only. */
let reference = '';
beforeAll(async () => {
  registry = await startRegistry();
  const hosts = { 'registry.example': registry.port, 'ghcr.io': registry.port };
  internet = await startInternet({ hosts });
  guarded = await startInternet({ hosts, login });
  image = await pushImage(registry.host, 'team/app');
  reference = `registry.example/team/app@${image.index.digest}`;
});
afterAll(async () => {
  await internet.close();
  await guarded.close();
  await registry.close();
});
beforeEach(async () => {
  job = await startJob();
  registry.requests.length = 0;
});
afterEach(async () => {
  registry.options.auth = { kind: 'none' };
  await job.dispose();
});

/** The environment of a job that trusts the authority of the servers behind the proxy. */
async function behind(network: FakeInternet, variables: Record<string, string>): Promise<Record<string, string>> {
  await job.writeWorkspaceFile('ca.pem', network.ca);
  return { NODE_EXTRA_CA_CERTS: `${job.workspace}/ca.pem`, ...variables };
}

function sign(target: string, env: Record<string, string>, inputs: Record<string, string> = {}): Promise<StepResult> {
  // Nobody else signs here: the registries behind these names would be watched for seconds.
  const common = { target_artifact_reference: target, referrers_settle: '0' };
  return job.step({ action: 'actions/sign', with: { ...keyInputs(signer), ...common, ...inputs }, env });
}

describe('proxies', () => {
  it.each(['https_proxy', 'HTTPS_PROXY'])('[GH-95] %s is used for registries by HTTPS', async (name) => {
    const before = internet.asked.length;
    const result = await sign(reference, await behind(internet, { [name]: internet.proxy }));
    expect(result).toMatchObject({ exitCode: 0, errors: [], outputs: { references: reference } });
    expect(new Set(internet.asked.slice(before))).toEqual(new Set(['registry.example:443']));
  });

  it('[GH-95] the lower-case variable goes before the other, as the runner sets both', async () => {
    const variables = { https_proxy: internet.proxy, HTTPS_PROXY: 'http://127.0.0.1:9' };
    expect((await sign(reference, await behind(internet, variables))).exitCode).toBe(0);
  });

  it.each<[string, string]>([
    ['no_proxy', 'registry.example'],
    ['NO_PROXY', '.other.example, registry.example'],
    ['no_proxy', 'example'],
    ['no_proxy', '*'],
  ])('[GH-95] %s: %s keeps hosts from the proxy', async (name, list) => {
    const before = internet.asked.length;
    const result = await sign(reference, await behind(internet, { https_proxy: internet.proxy, [name]: list }));
    expect(result.exitCode).toBe(1);
    expect(result.errors).toEqual([expect.stringContaining('registry.example')]);
    expect(internet.asked).toHaveLength(before);
  });

  it('[GH-95] a registry on this machine is never asked for at a proxy', async () => {
    const before = internet.asked.length;
    const variables = { http_proxy: internet.proxy, https_proxy: internet.proxy };
    expect((await sign(image.reference, await behind(internet, variables))).exitCode).toBe(0);
    expect(internet.asked).toHaveLength(before);
  });

  it('[GH-95] a proxy may ask for a login, which nobody else gets to see', async () => {
    const proxy = guarded.proxy.replace('//', `//${login}@`);
    const result = await sign(reference, await behind(guarded, { https_proxy: proxy }));
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(guarded.authorizations.at(-1)).toBe(`Basic ${Buffer.from(login).toString('base64')}`);
    expect(registry.requests.some(({ headers }) => 'proxy-authorization' in headers)).toBe(false);
    expect(result.raw).not.toContain('proxy-pass-1');
  });

  it('[GH-95] a wrong login at the proxy is told as that, without the password', async () => {
    const proxy = guarded.proxy.replace('//', '//proxy-user:wrong-pass-2@');
    const { exitCode, errors, raw } = await sign(reference, await behind(guarded, { https_proxy: proxy }));
    expect(exitCode).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('registry.example');
    expect(errors[0]).toMatch(/proxy/);
    expect(raw).not.toContain('wrong-pass-2');
  });
});

describe('private authorities', () => {
  it('[GH-96] are trusted by NODE_EXTRA_CA_CERTS, which the error names where it is missing', async () => {
    const env = await behind(internet, { https_proxy: internet.proxy });
    expect((await sign(reference, env)).exitCode).toBe(0);
    const { exitCode, errors } = await sign(reference, { https_proxy: internet.proxy });
    expect(exitCode).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('The certificate of registry.example is not trusted here');
    expect(errors[0]).toContain('NODE_EXTRA_CA_CERTS');
  });
});

describe('ghcr.io', () => {
  const token = 'ghs_0123456789abcdef';

  async function signOnGhcr(actions: readonly ('pull' | 'push')[]): Promise<StepResult> {
    registry.options.auth = {
      kind: 'bearer',
      users: [{ name: 'octocat', password: token, actions }],
      realm: 'https://ghcr.io/token',
    };
    const env = await behind(internet, { https_proxy: internet.proxy, GITHUB_ACTOR: 'octocat' });
    return sign(`ghcr.io/team/app@${image.index.digest}`, env, { github_token: token });
  }

  it("[GH-82] needs no login but the job's token", async () => {
    const result = await signOnGhcr(['pull', 'push']);
    expect(result).toMatchObject({ exitCode: 0, errors: [] });
    expect(result.log).not.toContain(token);
  });

  it('[GH-82] without packages: write the error gives the line to add', async () => {
    const { exitCode, errors, log } = await signOnGhcr(['pull']);
    expect(exitCode).toBe(1);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('permissions: packages: write');
    expect(log).not.toContain(token);
  });

  it("[GH-82] no other registry gets the job's token", async () => {
    registry.options.auth = { kind: 'basic', users: [{ name: 'octocat', password: token }] };
    const env = await behind(internet, { https_proxy: internet.proxy, GITHUB_ACTOR: 'octocat' });
    const { exitCode, errors } = await sign(reference, env, { github_token: token });
    expect(exitCode).toBe(1);
    expect(errors[0]).toContain('registry.example asks for a login');
    expect(registry.requests.some(({ headers }) => headers['authorization'] !== undefined)).toBe(false);
  });
});
