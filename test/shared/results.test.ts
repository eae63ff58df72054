// SPDX-License-Identifier: Apache-2.0
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../shared/run.ts';
import { createCertificateAuthority, type TestSigner } from '../fakes/certificate-authority.ts';
import { fakeHost, type FakeHost, type FakeHostOptions } from '../fakes/host.ts';
import { TestLayout } from '../fakes/layout-folder.ts';
import { startRegistry, type EmbeddedRegistry } from '../fakes/registry.ts';
import { issuedOf, revocableSigner } from '../fakes/revocable-chain.ts';
import { crl } from '../fakes/revocation-answers.ts';
import { startRevocationResponder, type RevocationResponder } from '../fakes/revocation-responder.ts';
import { startTimestampAuthority } from '../fakes/timestamp-authority.ts';
import { issueTimestampSigner } from '../fakes/timestamp-token.ts';
import { policyText, skipStatement, type StatementJson } from '../fakes/trust-policy.ts';
import { pushImage } from '../support/push-image.ts';

// What steps say of their work: every kind of result on both hosts. The fake host itself holds each of the JSON outputs against
// docs/results.schema.json.

type Inputs = NonNullable<FakeHostOptions['inputs']>;
type Item = Record<string, unknown> & { readonly signatures: readonly Record<string, unknown>[] };

const stranger = createCertificateAuthority({ name: 'stranger' }).issue();
const day = 24 * 60 * 60 * 1000;

describe.each(['github', 'azure'] as const)('the results of %s', (product) => {
  let registry: EmbeddedRegistry;
  let server: RevocationResponder;
  let workspace: string;
  let signer: TestSigner;
  beforeEach(async () => {
    registry = await startRegistry();
    server = await startRevocationResponder();
    workspace = mkdtempSync(join(tmpdir(), 'results-'));
    mkdirSync(join(workspace, 'temp'));
    signer = revocableSigner({ crls: [`${server.origin}/crl`] });
    server.serve('crl', { body: crl(issuedOf(signer)) });
    trust({});
  });
  afterEach(async () => {
    await registry.close();
    await server.stop();
    rmSync(workspace, { recursive: true });
  });

  function place(path: string, content: string): void {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    writeFileSync(join(workspace, path), content);
  }

  /** Trusts the root of `signer` by a strict policy, or what is said instead. */
  function trust(statement: StatementJson): void {
    place('truststore/x509/ca/acme/root.pem', signer.chain.at(-1)?.pem ?? '');
    place('policy/trustpolicy.json', policyText({ name: 'ours', ...statement }));
  }

  async function step(command: 'sign' | 'verify' | 'inspect', inputs: Inputs): Promise<FakeHost> {
    const host = fakeHost({ product, command, inputs, workspace, tempDirectory: join(workspace, 'temp') });
    await run(host);
    return host;
  }

  async function sign(inputs: Inputs, key = signer): Promise<FakeHost> {
    const given = { privateKey: key.privateKeyPem, certificateChain: key.chainPem, referrersSettle: '0' };
    const host = await step('sign', { ...given, ...inputs });
    expect(host.failures).toEqual([]);
    return host;
  }

  async function signedImage(inputs: Inputs = {}, key = signer): Promise<string> {
    const { reference } = await pushImage(registry.host, 'app');
    await sign({ artifacts: reference, ...inputs }, key);
    return reference;
  }

  function items(host: FakeHost, output = 'results'): readonly Item[] {
    return JSON.parse(host.outputs.get(output) ?? '') as Item[];
  }

  function itemOf(host: FakeHost, output = 'results'): Item {
    const [item, ...others] = items(host, output);
    if (item === undefined || others.length > 0) throw new Error('not one result');
    return item;
  }

  const all = (action: string, revocation = action) => ({
    ...{ integrity: action, authenticity: action, authenticTimestamp: action, expiry: action, revocation },
  });

  it('tell a signature that was made', async () => {
    const { reference } = await pushImage(registry.host, 'app');
    const host = await sign({ artifacts: reference, expiry: '24h' });
    expect(itemOf(host, 'signatures')).toMatchObject({ schemaVersion: 1, reference, source: 'input', warnings: [] });
  });

  it('tell a verified artifact: the statement and why, each validation, the signer, the times, what was asked', async () => {
    const reference = await signedImage({ expiry: '24h', userMetadata: 'build=1' });
    const host = await step('verify', { artifacts: reference, userMetadata: 'build=1' });
    const { subject, issuer } = issuedOf(signer).certificate.certificate;
    const server0 = `${server.origin}/crl`;
    expect(itemOf(host)).toMatchObject({
      ...{ schemaVersion: 1, requested: reference, reference, outcome: 'verified', warnings: [], expiring: [] },
      ...{ statement: 'ours', selectedBy: 'any-scope', scope: '*', level: 'strict', actions: all('enforce') },
      notices: [expect.stringMatching(/^the signature has no timestamp: it can be verified until 2/)],
      verifiedAt: expect.stringMatching(/Z$/) as unknown,
      signatures: [
        {
          outcome: 'verified',
          validations: [
            { type: 'integrity', action: 'enforce', result: 'passed' },
            { type: 'authenticity', result: 'passed', note: expect.stringContaining('trust store ca:acme') as unknown },
            { type: 'expiry', result: 'passed' },
            { type: 'authenticTimestamp', result: 'passed' },
            {
              type: 'revocation',
              result: 'passed',
              revocation: [
                { subject, status: 'good', checks: [{ method: 'crl', server: server0, result: 'good' }] },
                { status: 'not-revokable', reason: expect.stringContaining('neither') as unknown, checks: [] },
                { status: 'not-revokable', reason: 'the root of the chain', checks: [] },
              ],
            },
          ],
          signature: { userMetadata: { build: '1' }, certificates: [{ subject, issuer }, {}, {}] },
        },
      ],
    });
    expect(host.lines).toEqual(
      expect.arrayContaining([
        'trust policy statement: "ours", level strict, because its registryScopes have "*", and no other statement names this repository',
        expect.stringMatching(/^time of verification: 2.*Z$/),
        expect.stringMatching(/^signature sha256:[0-9a-f]+: verified$/),
        `  signer: ${subject}`,
        `  issuer: ${issuer}`,
        '  certificate valid: 2020-01-01T00:00:00Z to 2120-01-01T00:00:00Z',
        expect.stringMatching(/^ {2}signing time \(claimed\): 2/),
        expect.stringMatching(/^ {2}signature expires: 2/),
        `    "${subject}": good`,
        expect.stringMatching(/^ {6}CRL http:\/\/127.0.0.1:\d+\/crl: good, valid until 2/),
        expect.stringMatching(/^ {4}".*": nothing could be checked: the certificate names neither/),
        expect.stringMatching(/^ {4}".*": nothing could be checked: the root of the chain/),
        expect.stringMatching(/^the signature has no timestamp: it can be verified until 2/),
        expect.stringContaining(`Verified ${reference}, signed by ${subject}`),
      ]),
    );
    const [summary = ''] = host.summaries;
    expect(summary).toContain('✅ Verified 1 artifact');
    expect(summary).toContain('| Signature | Certificate | Revocation | Asked and answered |');
    expect(summary).toContain('nothing could be checked');
    expect(summary).toMatch(/CRL http&#58;.*\/crl&#58; good, valid until/);
    expect(host.warnings).toEqual([]);
  });

  it('tell a repository that is named by the policy, and a level with overrides', async () => {
    const reference = await signedImage();
    const [scope = ''] = reference.split('@');
    const signatureVerification = { level: 'strict', override: { revocation: 'skip' } };
    trust({ registryScopes: [scope], signatureVerification });
    const host = await step('verify', { artifacts: reference });
    const told = { outcome: 'verified', selectedBy: 'registry-scope', scope, level: 'custom' };
    expect(itemOf(host)).toMatchObject({ ...told, actions: all('enforce', 'skip') });
    expect(itemOf(host).signatures[0]?.['validations']).toContainEqual({
      ...{ type: 'revocation', action: 'skip', result: 'skipped' },
    });
    expect(host.lines).toContain(
      `trust policy statement: "ours", level custom, because its registryScopes have "${scope}"`,
    );
    expect(host.lines).toContain(
      'actions: integrity enforce, authenticity enforce, authenticTimestamp enforce, expiry enforce, revocation skip',
    );
  });

  it('tell a failure with its reason, what to do, and what was therefore not looked at', async () => {
    const reference = await signedImage({}, stranger);
    const host = await step('verify', { artifacts: reference });
    const error = expect.stringContaining('does not contain any trusted certificate') as unknown;
    const left = (type: string) => ({ type, action: 'enforce', result: 'not-performed' });
    expect(itemOf(host)).toMatchObject({
      ...{ outcome: 'failed', error, hint: expect.stringContaining('put the root certificate') as unknown },
      signatures: [
        {
          outcome: 'rejected',
          validations: [
            { type: 'integrity', result: 'passed' },
            { type: 'authenticity', result: 'failed', error, hint: expect.any(String) as unknown },
            ...['authenticTimestamp', 'expiry', 'revocation'].map(left),
          ],
        },
      ],
    });
    expect(host.lines).toContainEqual(expect.stringMatching(/^signature .*: rejected$/));
    expect(host.summaries[0]).toContain('❌ Verified 0 of 1 artifact: 1 failed');
  });

  it('tell other artifacts, user metadata that is missing, and more signatures than are looked at', async () => {
    const reference = await signedImage({ userMetadata: 'build=1' });
    const missing = await step('verify', { artifacts: reference, userMetadata: 'build=2' });
    expect(itemOf(missing).signatures).toMatchObject([
      { outcome: 'rejected', error: expect.stringMatching(/metadata/) as unknown },
    ]);
    await sign({ artifacts: reference }, stranger);
    const limited = await step('verify', { artifacts: reference, userMetadata: 'build=2', maxSignatures: '1' });
    expect(itemOf(limited)).toMatchObject({
      error: 'signature evaluation stopped. The configured limit of 1 signatures to verify per artifact exceeded',
    });
    expect(itemOf(limited).signatures).toHaveLength(1);
    expect(itemOf(await step('verify', { artifacts: reference, userMetadata: 'build=2' })).signatures).toHaveLength(2);
  });

  it('tell what the policy skips, and never call it verified', async () => {
    const reference = await signedImage();
    trust(skipStatement);
    const host = await step('verify', { artifacts: reference });
    expect(itemOf(host)).toMatchObject({ outcome: 'skipped', level: 'skip', actions: all('skip'), signatures: [] });
    expect(host.outputs.get('verified')).toBe('false');
    expect(host.summaries[0]).toContain('⚠️ Verified 0 of 1 artifact: 1 not verified (skip)');
  });

  it('[SEC-11] never call verified what was only logged', async () => {
    const reference = await signedImage();
    server.serve('crl', { status: 500 });
    trust({ signatureVerification: { level: 'permissive' } });
    const host = await step('verify', { artifacts: reference });
    const check = { method: 'crl', result: 'unknown', error: expect.stringContaining('500') as unknown };
    expect(itemOf(host)).toMatchObject({
      outcome: 'accepted',
      warnings: [expect.stringMatching(/^revocation was set to "log"/)],
      signatures: [
        {
          outcome: 'accepted',
          validations: expect.arrayContaining([
            expect.objectContaining({ type: 'revocation', action: 'log', result: 'logged' }),
          ]) as unknown,
        },
      ],
    });
    const [validation] = (itemOf(host).signatures[0]?.['validations'] as Item[]).filter(
      ({ type }) => type === 'revocation',
    );
    expect(validation).toMatchObject({ revocation: [{ status: 'unknown', checks: [check] }, {}, {}] });
    expect(host.outputs.get('verified')).toBe('false');
    const told = [...host.lines, ...host.summaries, host.outputs.get('results') ?? ''].join('\n');
    expect(told).not.toMatch(/"verified"|: verified|\| verified|^Verified|✅/m);
    expect(told).toContain('⚠️ Verified 0 of 1 artifact: 1 accepted with warnings');
    expect(host.lines).toContainEqual(expect.stringMatching(/^ {6}CRL .*: unknown: /));
  });

  it('tell unsigned and unknown apart', async () => {
    const { reference } = await pushImage(registry.host, 'app');
    const unsigned = itemOf(await step('verify', { artifacts: reference }));
    const none = expect.stringContaining('no signature is associated with') as unknown;
    expect(unsigned).toMatchObject({ outcome: 'failed', error: none, statement: 'ours', signatures: [] });
    const unknown = itemOf(await step('verify', { artifacts: `${registry.host}/none@sha256:${'0'.repeat(64)}` }));
    expect(unknown).toMatchObject({ outcome: 'error', artifact: null, statement: null, verifiedAt: null, level: null });
    trust({ registryScopes: ['other.example/app'] });
    const without = itemOf(await step('verify', { artifacts: reference }));
    expect(without).toMatchObject({ outcome: 'failed', statement: null, selectedBy: null, scope: null, actions: null });
  });

  it('tell revocation that is unknown or certain', async () => {
    const reference = await signedImage();
    server.serve('crl', { status: 500 });
    const revocation = (status: string) => ({
      outcome: 'failed',
      signatures: [
        {
          validations: expect.arrayContaining([
            expect.objectContaining({
              ...{ type: 'revocation', result: 'failed' },
              revocation: expect.arrayContaining([expect.objectContaining({ status })]) as unknown,
            }),
          ]) as unknown,
        },
      ],
    });
    expect(itemOf(await step('verify', { artifacts: reference }))).toMatchObject(revocation('unknown'));
    const { serialNumber } = signer.leaf.certificate;
    server.serve('crl', { body: crl({ ...issuedOf(signer), revoked: [{ serialNumber, reason: 1 }] }) });
    expect(itemOf(await step('verify', { artifacts: reference }))).toMatchObject(revocation('revoked'));
  });

  it('tell files, by the global policy and by one that is named', async () => {
    place('dist/app.zip', 'app');
    const statement = {
      ...{ name: 'files', globalPolicy: true, signatureVerification: { level: 'strict' } },
      ...{ trustStores: ['ca:acme'], trustedIdentities: ['*'] },
    };
    place('policy/trustpolicy.blob.json', JSON.stringify({ version: '1.0', trustPolicies: [statement] }));
    const signed = itemOf(await sign({ blobs: 'dist/*' }), 'signatures');
    expect(signed).toMatchObject({ reference: 'dist/app.zip', source: 'blobs', referrers: 'file' });
    expect(signed['file']).toMatch(/app\.zip\.(?:jws|cose)\.sig$/);
    const host = await step('verify', { blobs: 'dist/app.zip' });
    const told = { outcome: 'verified', artifact: null, statement: 'files', scope: null };
    const signatures = [
      { outcome: 'verified', file: expect.stringMatching(/app\.zip\.(?:jws|cose)\.sig$/) as unknown },
    ];
    expect(itemOf(host)).toMatchObject({ ...told, selectedBy: 'global-policy', signatures });
    const named = await step('verify', { blobs: 'dist/app.zip', blobPolicyName: 'files' });
    expect(itemOf(named)).toMatchObject({ ...told, selectedBy: 'policy-name' });
    const none = await step('verify', { blobs: 'dist/app.zip', blobPolicyName: 'none' });
    expect(itemOf(none)).toMatchObject({ outcome: 'failed', statement: null, signatures: [] });
    place('dist/other.zip', 'other');
    const unsigned = await step('verify', { blobs: 'dist/other.zip' });
    expect(itemOf(unsigned)).toMatchObject({ outcome: 'failed', statement: 'files', signatures: [] });
  });

  it('tell artifacts in OCI image layouts', async () => {
    const layout = new TestLayout();
    onTestFinished(() => {
      layout.remove();
    });
    cpSync(layout.path, join(workspace, 'out/app'), { recursive: true });
    trust({ registryScopes: ['local/app'] });
    const reference = `oci-layout:out/app@${layout.image.digest}`;
    const signed = itemOf(await sign({ artifacts: reference }), 'signatures');
    expect(signed).toMatchObject({ reference, referrers: 'layout-index' });
    const verified = itemOf(await step('verify', { artifacts: reference }));
    expect(verified).toMatchObject({
      outcome: 'verified',
      reference,
      selectedBy: 'registry-scope',
      scope: 'local/app',
    });
    const inspected = itemOf(await step('inspect', { artifacts: reference }), 'inspection');
    expect(inspected).toMatchObject({ reference, signatures: [{ summary: {} }], truncated: false });
  });

  it('tell what was inspected, what could not be, and that there is more', async () => {
    const reference = await signedImage({ userMetadata: 'a=b' });
    await sign({ artifacts: reference }, stranger);
    const missing = `${registry.host}/none@sha256:${'0'.repeat(64)}`;
    const host = await step('inspect', {
      artifacts: `${reference}\n${missing}`.replace('\n', product === 'azure' ? ',' : '\n'),
    });
    expect(items(host, 'inspection')).toMatchObject([
      {
        schemaVersion: 1,
        requested: reference,
        reference,
        signatures: [{ summary: {} }, { summary: {} }],
        truncated: false,
      },
      { schemaVersion: 1, requested: missing, error: expect.any(String) as unknown },
    ]);
    const limited = await step('inspect', { artifacts: reference, maxSignatures: '1' });
    expect(itemOf(limited, 'inspection')).toMatchObject({ signatures: [{}], truncated: true });
    expect(limited.warnings).toEqual([`${reference}: exceeded configured limit of max signatures 1 to examine`]);
  });

  it('[NP-390] refuse limits that are none', async () => {
    const name = { github: 'max_signatures', azure: 'maxSignatures' }[product];
    const days = { github: 'expiry_warning_days', azure: 'expiryWarningDays' }[product];
    const artifacts = `localhost:1/app@sha256:${'0'.repeat(64)}`;
    for (const value of ['0', '-1', '1.5', 'many', '10001', '1'.repeat(60)]) {
      const [failure] = (await step('verify', { artifacts, maxSignatures: value })).failures;
      expect(failure).toContain(`${name} must be a whole number from 1 to 10000. Got "${value.slice(0, 40)}`);
      expect((await step('inspect', { artifacts, maxSignatures: value })).failures[0]).toBe(failure);
    }
    const [failure] = (await step('verify', { artifacts, expiryWarningDays: '-1' })).failures;
    expect(failure).toContain(`${days} must be a whole number from 0 to 3650. Got "-1"`);
  });

  describe('when something ends soon', () => {
    const soon = new Date(Math.floor(Date.now() / 1000) * 1000 + 10 * day);
    const shown = soon.toISOString().replace('.000Z', 'Z');
    const ending = createCertificateAuthority({
      name: 'ending',
      root: { notAfter: soon },
      intermediate: { notAfter: soon },
    });

    it('warn of the signer, the CAs and the store, and of the signature that ends with them', async () => {
      signer = ending.issue({ notAfter: soon });
      place('truststore/x509/ca/acme/old.pem', stranger.chain.at(-1)?.pem ?? '');
      trust({});
      const reference = await signedImage();
      const host = await step('verify', { artifacts: reference });
      const [leaf, ca, root] = signer.chain.map(({ certificate: { subject } }) => subject);
      const expected = [
        `the signing certificate "${leaf}" expires at ${shown}`,
        `the CA certificate "${ca}" expires at ${shown}`,
        `the CA certificate "${root}" expires at ${shown}`,
        `the signature has no timestamp: it can be verified until ${shown}, when a certificate of its chain expires`,
      ];
      expect(itemOf(host)).toMatchObject({ outcome: 'verified', expiring: expected, notices: [] });
      expect(host.warnings).toEqual(expected.map((sentence) => `${reference}: ${sentence}`));
      expect(host.outputs.get('verified')).toBe('true');
      for (const text of ['signing certificate', 'the signature has no timestamp&#58;']) {
        expect(host.summaries[0]).toMatch(new RegExp(`^- ⚠️ .*${text}`, 'm'));
      }
      const later = itemOf(await step('verify', { artifacts: reference, expiryWarningDays: '9' }));
      expect(later).toMatchObject({ expiring: [], notices: [expected[3]] });
      const off = await step('verify', { artifacts: reference, expiryWarningDays: '0' });
      expect(itemOf(off)).toMatchObject({ expiring: [], notices: [expected[3]] });
      expect(off.warnings).toEqual([]);
    });

    it('warn of another certificate of the trust store', async () => {
      place('truststore/x509/ca/acme/old.pem', ending.root.pem);
      const reference = await signedImage();
      const [warning] = (await step('verify', { artifacts: reference })).warnings;
      const { subject } = ending.root.certificate;
      expect(warning).toBe(`${reference}: the certificate of trust store ca:acme "${subject}" expires at ${shown}`);
    });

    it('warn of the timestamp authority, and tell its time', async () => {
      const tsaAuthority = createCertificateAuthority({ name: 'ending TSA', intermediate: { notAfter: soon } });
      const tsaSigner = issueTimestampSigner({ notAfter: soon }, tsaAuthority);
      const tsa = await startTimestampAuthority({ token: { signer: tsaSigner } });
      onTestFinished(() => tsa.close());
      const timestampRootCert = tsaAuthority.root.pem;
      place('truststore/x509/tsa/clocks/root.pem', timestampRootCert);
      trust({ trustStores: ['ca:acme', 'tsa:clocks'] });
      const reference = await signedImage({ timestampUrl: tsa.url, timestampRootCert });
      const host = await step('verify', { artifacts: reference });
      const [leaf, ca] = tsaSigner.chain.map(({ certificate: { subject } }) => subject);
      expect(itemOf(host)).toMatchObject({
        outcome: 'verified',
        notices: [],
        expiring: [
          `the timestamp authority certificate "${leaf}" expires at ${shown}`,
          `the CA certificate of the timestamp authority "${ca}" expires at ${shown}`,
        ],
      });
      const validation = (itemOf(host).signatures[0]?.['validations'] as Record<string, unknown>[]).find(
        ({ timestamp }) => timestamp !== undefined,
      );
      expect(validation).toMatchObject({
        type: 'authenticTimestamp',
        timestamp: { earliest: expect.stringMatching(/Z$/) as unknown, certificates: [{ subject: leaf }, {}, {}] },
        revocation: [{ subject: leaf, status: 'not-revokable', checks: [] }, {}, {}],
      });
      expect(host.warnings).toHaveLength(2);
      expect(host.summaries[0]).toMatch(/by CN&#61;TSA|by CN=TSA/);
      // Without a tsa store the timestamp does not count.
      trust({});
      const [notice] = itemOf(await step('verify', { artifacts: reference }))['notices'] as string[];
      expect(notice).toMatch(/^the timestamp of the signature does not count/);
    });
  });
});
