// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../shared/run.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { type FakeHost, type FakeHostOptions, fakeHost } from '../fakes/host.ts';
import { type EmbeddedRegistry, startRegistry } from '../fakes/registry.ts';
import { policyText, skipStatement } from '../fakes/trust-policy.ts';
import { pushImage } from '../support/push-image.ts';

// What the Notation CLI prints and how it ends, as a step of a pipeline has it.

const authority = createCertificateAuthority({ name: 'acme' });
const signer = authority.issue();
const stranger = createCertificateAuthority({ name: 'strangers' }).issue();

let registry: EmbeddedRegistry;
let workspace: string;
let app: string;
beforeEach(async () => {
  registry = await startRegistry();
  workspace = mkdtempSync(join(tmpdir(), 'as-the-cli-'));
  for (const folder of ['truststore/x509/ca/acme', 'policy', 'temp']) {
    mkdirSync(join(workspace, folder), { recursive: true });
  }
  writeFileSync(join(workspace, 'truststore/x509/ca/acme/root.pem'), authority.root.pem);
  trust({});
  app = (await pushImage(registry.host, 'app')).reference;
});
afterEach(async () => {
  await registry.close();
  rmSync(workspace, { recursive: true });
});

type Inputs = NonNullable<FakeHostOptions['inputs']>;

function trust(statement: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(workspace, 'policy/trustpolicy.json'), policyText(statement));
}

async function step(
  command: 'sign' | 'verify' | 'inspect',
  inputs: Inputs = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<FakeHost> {
  const host = fakeHost({ command, inputs: { artifacts: app, ...inputs }, workspace, tempDirectory: tempFolder() });
  await run(Object.assign(host, { environment }));
  return host;
}

function tempFolder(): string {
  return join(workspace, 'temp');
}

const keyOf = ({ privateKeyPem: privateKey, chainPem: certificateChain }: typeof signer) => ({
  privateKey,
  certificateChain,
});

async function sign(by = signer, inputs: Inputs = {}): Promise<FakeHost> {
  const host = await step('sign', { ...keyOf(by), ...inputs });
  expect(host.failures).toEqual([]);
  return host;
}

describe('verify', () => {
  it('[NP-386] [SEC-11] warns of every failure that is only logged, and calls nothing verified', async () => {
    await sign(stranger);
    trust({ signatureVerification: { level: 'audit' } });
    const host = await step('verify');
    expect(host.failures).toEqual([]);
    expect(host.results).toEqual(['warning']);
    expect(host.warnings).toEqual([
      `${app}: authenticity was set to "log" and failed with error: the signature's certificate chain does not contain any trusted certificate`,
    ]);
    expect(host.outputs.get('verified')).toBe('false');
    expect(host.outputs.get('references')).toBe(app);
    const [result] = JSON.parse(host.outputs.get('results') ?? '') as { readonly warnings: string[] }[];
    expect(result?.warnings).toEqual([expect.stringContaining('does not contain any trusted certificate')]);
    const [summary = ''] = host.summaries;
    expect(summary).toContain('Verified 0 of 1 artifact');
    expect(summary).toContain('accepted with warnings');
    expect(summary).not.toContain('✅');
    for (const line of [...host.lines, summary]
      .join('\n')
      .split('\n')
      .filter((text) => text.includes(app))) {
      expect(line).not.toMatch(/(?:successfully|plainly) verified|: verified\b/i);
    }
  });

  it('[NP-387] [SEC-11] warns when the policy says skip, and calls nothing verified', async () => {
    trust(skipStatement);
    const host = await step('verify');
    expect(host.failures).toEqual([]);
    expect(host.results).toEqual(['warning']);
    expect(host.warnings.join()).toMatch(/skip/);
    expect(host.outputs.get('verified')).toBe('false');
    expect(host.outputs.get('references')).toBe('');
    expect(host.summaries.join()).not.toContain('✅');
  });

  it("[NP-388] fails with the CLI's sentence when no signature verifies", async () => {
    await sign(stranger);
    const host = await step('verify');
    expect(host.results).toEqual(['failed']);
    expect(host.failures).toEqual([
      expect.stringContaining(`signature verification failed for all the signatures associated with ${app}`),
    ]);
    expect(host.outputs.get('verified')).toBe('false');
  });

  it.each(['0', '-1', 'x'])('[NP-390] refuses to look at %s signatures', async (maxSignatures) => {
    await sign();
    const host = await step('verify', { maxSignatures });
    expect(host.results).toEqual(['failed']);
    expect(host.failures.join()).toContain('max_signatures');
    expect(host.outputs.get('verified')).not.toBe('true');
  });

  it('[NP-400] takes its policy from where it says, whatever NOTATION_CONFIG is', async () => {
    await sign(stranger);
    const elsewhere = join(workspace, 'elsewhere');
    mkdirSync(join(elsewhere, 'truststore'), { recursive: true });
    writeFileSync(join(elsewhere, 'trustpolicy.json'), policyText(skipStatement));
    writeFileSync(join(elsewhere, 'config.json'), '{"signatureFormat":"cose"}');
    const environment = { NOTATION_CONFIG: elsewhere, NOTATION_EXPERIMENTAL: '1' };
    expect((await step('verify', {}, environment)).results).toEqual(['failed']);
  });
});

describe('nothing to do', () => {
  it.each(['verify', 'sign'] as const)('[SEC-7] is no success of %s, where an input names nothing', async (command) => {
    for (const name of ['artifacts', 'blobs'] as const) {
      const inputs = { artifacts: '', ...(command === 'sign' ? keyOf(signer) : {}), [name]: '# none yet\n\n' };
      const host = await step(command, inputs);
      expect(host.results).toEqual(['failed']);
      expect(host.failures).toEqual([expect.stringMatching(/artifact|blobs has no line that names a file/)]);
      expect(host.outputs.get('verified')).toBeUndefined();
    }
  });
});

describe('sign', () => {
  const timestampUrl = 'http://127.0.0.1:1/';

  it.each<readonly [what: string, inputs: Inputs, message: string]>([
    ['[NP-391] a key of a plugin, and no plugin', { keyId: 'k' }, 'plugin_name is required'],
    [
      '[NP-392] a key of a plugin, and one of its own',
      { ...keyOf(signer), keyId: 'k', pluginName: 'p' },
      'are both given',
    ],
    ['[NP-393] a TSA without its root', { ...keyOf(signer), timestampUrl }, 'timestamp_root_cert'],
  ])('refuses %s', async (_, inputs, message) => {
    registry.requests.length = 0;
    const host = await step('sign', inputs);
    expect(host.results).toEqual(['failed']);
    expect(host.failures).toEqual([expect.stringContaining(message)]);
    expect(registry.lines()).toEqual([]);
  });

  it('[NP-399] [NP-400] asks no environment variable whether it may, nor in which format', async () => {
    const config = join(workspace, 'config');
    mkdirSync(config);
    writeFileSync(join(config, 'config.json'), '{"signatureFormat":"cose"}');
    const host = await step('sign', keyOf(signer), { NOTATION_CONFIG: config, NOTATION_EXPERIMENTAL: '0' });
    expect(host.failures).toEqual([]);
    const seen = await step('inspect');
    expect(seen.outputs.get('inspection')).toContain('application/jose+json');
    expect(seen.outputs.get('inspection')).not.toContain('application/cose');
  });
});

describe('inspect', () => {
  it('[NP-398] has an empty list for an artifact without signatures', async () => {
    const host = await step('inspect');
    expect(host.results).toEqual(['succeeded']);
    const [artifact] = JSON.parse(host.outputs.get('inspection') ?? '') as { readonly signatures: unknown }[];
    expect(artifact?.signatures).toEqual([]);
  });
});
