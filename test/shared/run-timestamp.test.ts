// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../shared/run.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { fakeHost, type FakeHost, type FakeHostOptions } from '../fakes/host.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { startTimestampAuthority, type TimestampAuthority } from '../fakes/timestamp-authority.ts';
import { tsaAuthority } from '../fakes/timestamp-token.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { pushImage } from '../support/push-image.ts';

// Signing and verifying with timestamps through everything but the host.

const authority = createCertificateAuthority({ name: 'acme' });
const signer = authority.issue();

let registry: EmbeddedRegistry;
let tsa: TimestampAuthority;
let workspace: string;
beforeEach(async () => {
  registry = await startRegistry();
  tsa = await startTimestampAuthority();
  workspace = mkdtempSync(join(tmpdir(), 'timestamps-'));
  const stores = { 'ca/acme': authority.root, 'tsa/clocks': tsaAuthority.root };
  for (const [name, { pem }] of Object.entries(stores)) {
    mkdirSync(join(workspace, 'truststore/x509', name), { recursive: true });
    writeFileSync(join(workspace, 'truststore/x509', name, 'root.pem'), pem);
  }
  mkdirSync(join(workspace, 'policy'));
  writeFileSync(
    join(workspace, 'policy/trustpolicy.json'),
    policyText({ trustStores: ['ca:acme', 'tsa:clocks'], signatureVerification: { level: 'strict' } }),
  );
});
afterEach(async () => {
  await registry.close();
  await tsa.close();
  rmSync(workspace, { recursive: true });
});

async function step(command: 'sign' | 'verify', inputs: NonNullable<FakeHostOptions['inputs']>): Promise<FakeHost> {
  const host = fakeHost({ command, inputs, workspace });
  await run(host);
  return host;
}

function sign(artifacts: string, inputs: NonNullable<FakeHostOptions['inputs']> = {}): Promise<FakeHost> {
  const key = { privateKey: signer.privateKeyPem, certificateChain: signer.chainPem };
  const timestamps = { timestampUrl: tsa.url, timestampRootCert: tsaAuthority.root.pem };
  return step('sign', { artifacts, ...key, ...timestamps, ...inputs });
}

describe('timestamps', () => {
  it.each(['jws', 'cose'])('are asked for when signing, and verified: %s', async (signatureFormat) => {
    const { reference } = await pushImage(registry.host, 'app');
    const signed = await sign(reference, { signatureFormat });
    expect(signed.failures).toEqual([]);
    expect(signed.outputs.get('signatures')).toContain('"timestamped":true');
    expect(tsa.exchanges).toHaveLength(1);
    const verified = await step('verify', { artifacts: reference });
    expect(verified.failures).toEqual([]);
    expect(verified.outputs.get('verified')).toBe('true');
    expect(verified.lines.join('\n')).toMatch(/timestamped at \S+ by "CN=TSA,C=US"/);
  });

  it('are demanded by a policy with a tsa store', async () => {
    const { reference } = await pushImage(registry.host, 'app');
    expect((await sign(reference, { timestampUrl: '', timestampRootCert: '' })).failures).toEqual([]);
    const verified = await step('verify', { artifacts: reference });
    expect(verified.failures[0]).toContain('no timestamp countersignature was found in the signature envelope');
    expect(verified.failures[0]).toContain('Sign with timestamp_url');
  });

  it('stop the signing when they cannot be had: nothing is pushed', async () => {
    const { reference } = await pushImage(registry.host, 'app');
    tsa.behaviour = { status: 503 };
    const before = registry.requests.length;
    const signed = await sign(reference);
    expect(registry.requests.slice(before).filter(({ method }) => method !== 'GET' && method !== 'HEAD')).toEqual([]);
    expect(signed.failures[0]).toContain(`timestamp: POST "${tsa.url}": https response bad status: 503`);
    expect((await step('verify', { artifacts: reference })).failures[0]).toContain('no signature is associated with');
  });

  it('come from the second authority when the first is down, with a warning', async () => {
    const { reference } = await pushImage(registry.host, 'app');
    const signed = await sign(reference, { timestampUrl: `http://127.0.0.1:9/\n${tsa.url}` });
    expect(signed.failures).toEqual([]);
    expect(signed.warnings.join('\n')).toContain(`${tsa.url} was used instead`);
  });

  it('[GH-14] are refused half given, in the words of the host', async () => {
    const { failures } = await sign('registry.example/app@sha256:00', { timestampRootCert: '' });
    expect(failures[0]).toContain('timestamp_url is set, missing input timestamp_root_cert');
  });
});
