// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../shared/run.ts';
import { issueCertificate, type TestSigner } from '../fakes/certificate-authority.ts';
import { crlDistributionPoints, extendedKeyUsage } from '../fakes/certificate-extensions.ts';
import { fakeHost, type FakeHost, type FakeHostOptions } from '../fakes/host.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { issuedOf, revocableSigner } from '../fakes/revocable-chain.ts';
import { crl, ocspResponse } from '../fakes/revocation-answers.ts';
import { startRevocationResponder, type RevocationResponder } from '../fakes/revocation-responder.ts';
import { startTimestampAuthority } from '../fakes/timestamp-authority.ts';
import { issueTimestampSigner, timestampExtensions } from '../fakes/timestamp-token.ts';
import { policyText } from '../fakes/trust-policy.ts';
import { pushImage } from '../support/push-image.ts';

// Revocation through everything but the host.

let registry: EmbeddedRegistry;
let server: RevocationResponder;
let workspace: string;
let signer: TestSigner;
beforeEach(async () => {
  registry = await startRegistry();
  server = await startRevocationResponder();
  workspace = mkdtempSync(join(tmpdir(), 'revocation-'));
  for (const folder of ['truststore/x509/ca/acme', 'policy', 'temp']) {
    mkdirSync(join(workspace, folder), { recursive: true });
  }
});
afterEach(async () => {
  await registry.close();
  await server.stop();
  rmSync(workspace, { recursive: true });
});

async function step(command: 'sign' | 'verify', inputs: NonNullable<FakeHostOptions['inputs']>): Promise<FakeHost> {
  const host = fakeHost({ command, inputs, workspace, tempDirectory: join(workspace, 'temp') });
  await run(host);
  return host;
}

/** An image that `signer` has signed; its chain is trusted by a policy with this level. */
async function signedImage(level: unknown): Promise<string> {
  trust(level, ['ca:acme']);
  const { reference } = await pushImage(registry.host, 'app');
  const { privateKeyPem: privateKey, chainPem: certificateChain } = signer;
  expect((await step('sign', { artifacts: reference, privateKey, certificateChain })).failures).toEqual([]);
  return reference;
}

/** Trusts the root of `signer` by a policy with these stores. */
function trust(signatureVerification: unknown, trustStores: readonly string[]): void {
  writeFileSync(join(workspace, 'truststore/x509/ca/acme/root.pem'), signer.chain.at(-1)?.pem ?? '');
  const policy = policyText({ trustStores, trustedIdentities: ['*'], signatureVerification });
  writeFileSync(join(workspace, 'policy/trustpolicy.json'), policy);
}

interface ReportedCheck {
  readonly method: string;
  readonly result: string;
  readonly cached?: true;
}

/** What the `results` output says of the leaf. */
function reported(host: FakeHost) {
  interface Validation {
    readonly type: string;
    readonly revocation?: readonly { readonly status: string; readonly checks: readonly ReportedCheck[] }[];
  }
  const [result] = JSON.parse(host.outputs.get('results') ?? '') as {
    signatures: { validations: Validation[] }[];
  }[];
  const found = result?.signatures[0]?.validations.find(({ type }) => type === 'revocation');
  return found?.revocation?.[0];
}

const strict = { level: 'strict' };

describe('revocation', () => {
  it('passes a certificate that a CRL does not list, tells where that was read, and keeps the CRL for later steps', async () => {
    signer = revocableSigner({ crls: [`${server.origin}/crl`] });
    server.serve('crl', { body: crl(issuedOf(signer)) });
    const reference = await signedImage(strict);
    const first = await step('verify', { artifacts: reference });
    expect(first.failures).toEqual([]);
    expect(first.outputs.get('verified')).toBe('true');
    expect(first.lines.join('\n')).toContain(`certificates checked: 1`);
    expect(first.lines.join('\n')).toContain(`by CRL ${server.origin}/crl`);
    expect(reported(first)).toMatchObject({ status: 'good', checks: [{ method: 'crl', result: 'good' }] });
    const second = await step('verify', { artifacts: reference });
    expect(reported(second)?.checks[0]?.cached).toBe(true);
    expect(server.requests).toHaveLength(1);
    expect(readdirSync(join(workspace, 'temp'))).toContain('notation-crl-cache');
  });

  it('refuses a revoked certificate', async () => {
    signer = revocableSigner({ crls: [`${server.origin}/crl`] });
    const { serialNumber } = signer.leaf.certificate;
    server.serve('crl', { body: crl({ ...issuedOf(signer), revoked: [{ serialNumber, reason: 1 }] }) });
    const host = await step('verify', { artifacts: await signedImage(strict) });
    expect(host.failures[0]).toContain(
      'is revoked: certificate is revoked via CRL since 2024-01-01T00:00:00Z, reason keyCompromise',
    );
    expect(host.outputs.get('verified')).toBe('false');
  });

  it('[NP-335] refuses a certificate whose status is unknown, unless the policy only logs that', async () => {
    signer = revocableSigner({ ocsp: ['http://127.0.0.1:9/'] });
    const refused = await step('verify', { artifacts: await signedImage(strict) });
    expect(refused.failures[0]).toContain('revocation status is unknown: http://127.0.0.1:9/: error checking');
    const logged = await step('verify', {
      artifacts: await signedImage({ level: 'strict', override: { revocation: 'log' } }),
    });
    expect(logged.failures).toEqual([]);
    expect(logged.warnings.join('\n')).toContain('revocation was set to "log" and failed with error');
    expect(logged.outputs.get('verified')).toBe('false');
    expect(reported(logged)).toMatchObject({ status: 'unknown', checks: [{ method: 'ocsp', result: 'unknown' }] });
  });

  it('asks nobody where the policy skips it', async () => {
    signer = revocableSigner({ ocsp: [`${server.origin}/ocsp`], crls: [`${server.origin}/crl`] });
    const reference = await signedImage({ level: 'strict', override: { revocation: 'skip' } });
    expect((await step('verify', { artifacts: reference })).outputs.get('verified')).toBe('true');
    expect(server.requests).toEqual([]);
  });

  it('[NP-336][SEC-14] counts for the chain of a timestamp authority, when signing and when verifying', async () => {
    signer = revocableSigner();
    const extensions = [...timestampExtensions, crlDistributionPoints(`${server.origin}/crl`)];
    const tsaSigner = issueTimestampSigner({ extensions });
    const tsa = await startTimestampAuthority({ token: { signer: tsaSigner } });
    onTestFinished(() => tsa.close());
    const { serialNumber } = tsaSigner.leaf.certificate;
    const good = crl({ ...issuedOf(tsaSigner) });
    const revoked = crl({ ...issuedOf(tsaSigner), revoked: [{ serialNumber }] });

    server.serve('crl', { body: revoked });
    const { reference } = await pushImage(registry.host, 'app');
    const { privateKeyPem: privateKey, chainPem: certificateChain } = signer;
    const timestampRootCert = tsaSigner.chain.at(-1)?.pem ?? '';
    const inputs = { artifacts: reference, privateKey, certificateChain, timestampUrl: tsa.url, timestampRootCert };
    const refused = await step('sign', inputs);
    expect(refused.failures[0]).toContain('timestamping certificate with subject "CN=TSA,C=US" is revoked');

    rmSync(join(workspace, 'temp/notation-crl-cache'), { recursive: true });
    server.serve('crl', { body: good });
    expect((await step('sign', inputs)).failures).toEqual([]);
    rmSync(join(workspace, 'temp/notation-crl-cache'), { recursive: true });
    server.serve('crl', { body: revoked });
    trust({ level: 'strict', override: { authenticTimestamp: 'log' } }, ['ca:acme', 'tsa:clocks']);
    mkdirSync(join(workspace, 'truststore/x509/tsa/clocks'), { recursive: true });
    writeFileSync(join(workspace, 'truststore/x509/tsa/clocks/root.pem'), timestampRootCert);
    const logged = await step('verify', { artifacts: reference });
    expect(logged.failures).toEqual([]);
    expect(logged.warnings.join('\n')).toContain('timestamping certificate with subject "CN=TSA,C=US" is revoked');
    trust(strict, ['ca:acme', 'tsa:clocks']);
    expect((await step('verify', { artifacts: reference })).failures[0]).toContain('"CN=TSA,C=US" is revoked');
  });

  it('trusts only responders that the specification allows when asked to be strict', async () => {
    signer = revocableSigner({ ocsp: [`${server.origin}/ocsp`] });
    const { issuer } = issuedOf(signer);
    const extensions = [extendedKeyUsage(['codeSigning'])];
    const lax = issueCertificate('leaf', { subject: 'CN=lax responder', extensions }, issuer);
    server.serve('ocsp', { body: ocspResponse({ ...issuedOf(signer), signer: lax }) });
    const reference = await signedImage(strict);
    expect((await step('verify', { artifacts: reference })).outputs.get('verified')).toBe('true');
    const { failures } = await step('verify', { artifacts: reference, strictness: 'strict' });
    expect(failures[0]).toContain('lacks the extended key usage OCSPSigning');
  });
});
