// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { NotaryError } from '../../shared/errors.ts';
import type { VerificationOutcome } from '../../shared/validation/outcome.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { crlDistributionPoints, defaultExtensions, ocspServers } from '../fakes/certificate-extensions.ts';
import { signEnvelope, tamper } from '../fakes/signed-envelope.ts';
import { policyOf, skipStatement } from '../fakes/trust-policy.ts';
import { Scenario, acme, signer } from '../fakes/verification.ts';

const strangers = createCertificateAuthority({ name: 'strangers' });
const stranger = strangers.issue();

function failure(outcome: VerificationOutcome): string {
  if (outcome.outcome !== 'failed') throw new Error(`the outcome is ${outcome.outcome}`);
  return outcome.error;
}

function levelPolicy(level: string, override?: Readonly<Record<string, string>>) {
  return policyOf({ signatureVerification: { level, ...(override === undefined ? {} : { override }) } });
}

describe('verifyArtifact', () => {
  let scenario: Scenario;
  beforeEach(() => {
    scenario = new Scenario();
  });

  function blobRequests(): string[] {
    return scenario.repository.requests.filter((request) => request.startsWith('blob'));
  }

  it('verifies a signature, and tells everything that led there', async () => {
    const signature = scenario.sign({ format: 'cose', signingAgent: 'agent/1' });
    const outcome = await scenario.verify();
    expect(outcome).toMatchObject({
      outcome: 'verified',
      requested: 'what the user wrote',
      reference: scenario.reference,
      artifact: { digest: scenario.artifact.digest },
      statement: 'default',
      scope: '*',
      level: { name: 'strict' },
      warnings: [],
    });
    expect(outcome.signatures).toHaveLength(1);
    expect(outcome.signatures[0]).toMatchObject({
      digest: signature.digest,
      verified: true,
      signature: {
        envelopeMediaType: 'application/cose',
        signingScheme: 'notary.x509',
        algorithm: 'ECDSA-SHA-256',
        signingTime: '2026-01-01T00:00:00Z',
        signingAgent: 'agent/1',
        timestamped: false,
      },
    });
    expect(outcome.signatures[0]?.validations).toEqual([
      { type: 'integrity', action: 'enforce', note: 'EC-256 signature (ES256) over the received bytes' },
      {
        type: 'authenticity',
        action: 'enforce',
        note: 'certificate "CN=acme Root,O=acme,ST=WA,C=US" is in trust store ca:acme; the signer is trusted identity "*"',
      },
      { type: 'expiry', action: 'enforce', note: 'the signature has no expiry' },
      {
        type: 'authenticTimestamp',
        action: 'enforce',
        note: 'all certificates are valid now; no timestamp was needed',
      },
      {
        type: 'revocation',
        action: 'enforce',
        note: 'no certificate names an OCSP responder or a CRL',
        revocation: ['Signer', 'Intermediate 1', 'Root'].map((role) => ({
          subject: `CN=acme ${role},O=acme,ST=WA,C=US`,
          status: 'not-revokable',
          reason:
            role === 'Root' ? 'the root of the chain' : 'the certificate names neither an OCSP responder nor a CRL',
          checks: [],
        })),
      },
    ]);
  });

  it('resolves a tag once, and names the digest from there on', async () => {
    scenario.sign();
    const outcome = await scenario.verify({ tagOrDigest: 'v1' });
    expect(outcome).toMatchObject({ outcome: 'verified', reference: scenario.reference });
    expect(scenario.repository.requests.filter((request) => request.startsWith('resolve'))).toEqual(['resolve v1']);
  });

  it('refuses a registry that resolves a digest to another one', async () => {
    const wanted = `sha256:${'0'.repeat(64)}`;
    const source = Object.assign(scenario.repository, { resolve: () => Promise.resolve(scenario.artifact) });
    await expect(scenario.verify({ tagOrDigest: wanted }, { source })).rejects.toMatchObject({
      code: 'digest-mismatch',
      message: `user input digest ${wanted} does not match the resolved digest ${scenario.artifact.digest}`,
    });
  });

  it.each([0, -1, Number.NaN])('[NP-244] refuses to look at %d signatures', async (maxSignatures) => {
    await expect(scenario.verify({ maxSignatures })).rejects.toThrow(
      `verifyOptions.MaxSignatureAttempts expects a positive number, got ${maxSignatures}`,
    );
  });

  it('[NP-245] looks at no signature when the policy says skip', async () => {
    scenario.sign();
    const outcome = await scenario.verify({ policy: policyOf(skipStatement) });
    expect(outcome).toMatchObject({
      outcome: 'skipped',
      reference: scenario.reference,
      statement: 'default',
      level: { name: 'skip' },
      signatures: [],
    });
    expect(scenario.repository.requests).toEqual([`resolve ${scenario.artifact.digest}`]);
  });

  it('[NP-240] fails when no statement applies', async () => {
    scenario.sign();
    const outcome = await scenario.verify({ policy: policyOf({ registryScopes: ['reg.example/other'] }) });
    expect(outcome).toMatchObject({ outcome: 'failed', statement: undefined, level: undefined, signatures: [] });
    expect(failure(outcome)).toContain(`artifact "${scenario.reference}" has no applicable trust policy statement`);
    expect(outcome).toHaveProperty('hint', expect.stringContaining('Add "reg.example/app"'));
  });

  it('[NP-239] tells the scope that made a statement apply', async () => {
    scenario.sign();
    const policy = policyOf({ name: 'all' }, { name: 'app', registryScopes: ['reg.example/app'] });
    expect(await scenario.verify({ policy })).toMatchObject({ statement: 'app', scope: 'reg.example/app' });
  });

  it('[NP-246] fails when there is no signature', async () => {
    const outcome = await scenario.verify();
    expect(failure(outcome)).toBe(
      `no signature is associated with "${scenario.reference}", make sure the artifact was signed successfully`,
    );
  });

  it('[NP-389] fails when the registry is not there', async () => {
    scenario.sign();
    const gone = new NotaryError('registry-unreachable', 'reg.example cannot be reached');
    scenario.repository.failures.set(`resolve ${scenario.artifact.digest}`, gone);
    await expect(scenario.verify()).rejects.toBe(gone);
  });

  it.each(['registry-unreachable', 'registry-response', 'registry-denied', 'malformed'] as const)(
    'does not take a listing that fails (%s) for an empty one',
    async (code) => {
      scenario.repository.failures.set(`list ${scenario.artifact.digest}`, new NotaryError(code, 'no listing'));
      await expect(scenario.verify()).rejects.toMatchObject({ code, message: 'no listing' });
    },
  );

  it('[NP-247] looks on after a signature that fails', async () => {
    const bad = scenario.attach(tamper(signEnvelope({ signer, payload: scenario.artifact })));
    const good = scenario.sign();
    const outcome = await scenario.verify();
    expect(outcome.outcome).toBe('verified');
    expect(outcome.signatures.map(({ digest, verified }) => [digest, verified])).toEqual([
      [bad.digest, false],
      [good.digest, true],
    ]);
  });

  it('[NP-248] does not fetch signatures behind the first that verifies', async () => {
    scenario.sign();
    scenario.sign({ format: 'cose' });
    expect((await scenario.verify()).signatures).toHaveLength(1);
    expect(blobRequests()).toHaveLength(1);
  });

  it('[NP-249] stops at the limit even if a later signature would verify', async () => {
    scenario.sign({ signer: stranger });
    scenario.sign();
    const outcome = await scenario.verify({ maxSignatures: 1 });
    expect(failure(outcome)).toBe(
      'signature evaluation stopped. The configured limit of 1 signatures to verify per artifact exceeded',
    );
    expect(blobRequests()).toHaveLength(1);
  });

  it('[NP-250] tells the limit also when exactly as many signatures failed', async () => {
    scenario.sign({ signer: stranger });
    scenario.sign({ signer: stranger, format: 'cose' });
    expect(failure(await scenario.verify({ maxSignatures: 2 }))).toContain('The configured limit of 2 signatures');
  });

  it('[NP-346] does not ask the listing for more once the limit is used up', async () => {
    let asked = 0;
    const one = scenario.sign({ signer: stranger });
    const source = {
      resolve: () => Promise.resolve(scenario.artifact),
      fetchManifest: scenario.repository.fetchManifest.bind(scenario.repository),
      fetchBlob: scenario.repository.fetchBlob.bind(scenario.repository),
      async *listReferrers() {
        asked++;
        yield one;
        asked++;
        await Promise.resolve();
        throw new Error('the second page was requested');
      },
    };
    expect(failure(await scenario.verify({ maxSignatures: 1 }, { source }))).toContain('limit of 1');
    expect(asked).toBe(1);
  });

  it('[NP-251] tells the reason of every signature when all fail', async () => {
    const first = scenario.sign({ signer: stranger });
    const second = scenario.attach(tamper(signEnvelope({ signer, payload: scenario.artifact })));
    const outcome = await scenario.verify({ maxSignatures: 3 });
    const lines = failure(outcome).split('\n');
    expect(lines.slice(0, 2)).toEqual([
      `signature verification failed for all the signatures associated with ${scenario.reference}`,
      `failed to verify signature with digest ${first.digest}, the signature's certificate chain does not contain any trusted certificate`,
    ]);
    expect(lines[2]).toMatch(
      new RegExp(`^failed to verify signature with digest ${second.digest}, signature is invalid\\. Error: `),
    );
    expect(lines).toHaveLength(3);
  });

  it('keeps the message short when many signatures fail', async () => {
    for (let second = 0; second < 12; second++) {
      scenario.sign({ signer: stranger, signingTime: new Date(Date.UTC(2026, 0, 1, 0, 0, second)) });
    }
    const outcome = await scenario.verify();
    expect(failure(outcome).split('\n')).toHaveLength(12);
    expect(failure(outcome)).toMatch(/and 2 more$/);
    expect(outcome.signatures).toHaveLength(12);
  });

  it('[NP-252] ends when a signature cannot be fetched, even if a later one would verify', async () => {
    const broken = scenario.sign({ format: 'cose' });
    scenario.sign();
    scenario.repository.failures.set(`manifest ${broken.digest}`, new NotaryError('registry-unreachable', 'gone'));
    await expect(scenario.verify()).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: `unable to retrieve digital signature with digest "${broken.digest}" associated with "${scenario.reference}" from the Repository, error : gone`,
    });
  });

  it.each([
    [
      '[NP-341]',
      '{"schemaVersion":2,"layers":[]}',
      'signature manifest requries exactly one signature envelope blob, got 0',
    ],
    ['[NP-252]', '{"schemaVersion":2', 'unexpected end of JSON input'],
  ])('%s fails with the signatures seen so far when a manifest is defective: %s', async (_, manifest, reason) => {
    scenario.sign({ signer: stranger });
    const broken = scenario.attachManifest(manifest);
    const outcome = await scenario.verify();
    expect(failure(outcome)).toContain(`unable to retrieve digital signature with digest "${broken.digest}"`);
    expect(failure(outcome)).toContain(reason);
    expect(outcome.signatures).toHaveLength(1);
  });

  it('[NP-342] [NP-343] does not fetch a referrer that cannot be a signature', async () => {
    for (const [descriptor, reason] of [
      [
        { ...scenario.artifact, mediaType: 'application/vnd.oci.image.index.v1+json' },
        'sigManifestDesc.MediaType requires',
      ],
      [{ ...scenario.artifact, size: 4 * 1024 * 1024 + 1 }, 'signature manifest too large: 4194305 bytes'],
    ] as const) {
      const other = new Scenario();
      other.repository.addReferrer(other.artifact.digest, {
        ...descriptor,
        artifactType: 'application/vnd.cncf.notary.signature',
      });
      expect(failure(await other.verify())).toContain(reason);
      expect(other.repository.requests.some((request) => request.startsWith('manifest'))).toBe(false);
    }
  });

  it.each([
    ['[NP-253]', { digest: `sha256:${'1'.repeat(64)}` }],
    ['[NP-254]', { size: 20 }],
    ['[NP-254]', { mediaType: 'application/vnd.oci.image.index.v1+json' }],
  ])('%s fails when the payload names another artifact: %j', async (_, change) => {
    scenario.sign({ payload: { ...scenario.artifact, ...change } as never });
    expect(failure(await scenario.verify())).toContain('content descriptor mismatch');
  });

  it('[NP-255] accepts other annotations than those of the artifact', async () => {
    scenario.sign({ payload: { ...scenario.artifact, annotations: { a: '1' } } });
    const outcome = await scenario.verify();
    expect(outcome.outcome).toBe('verified');
    expect(outcome.signatures[0]?.signature?.userMetadata).toEqual({ a: '1' });
  });

  it('[NP-256] wants the required metadata, and tells its absence before another mismatch', async () => {
    scenario.sign({ payload: { ...scenario.artifact, annotations: { a: '1', b: '2' } } });
    expect((await scenario.verify({ requiredMetadata: new Map([['a', '1']]) })).outcome).toBe('verified');
    for (const pair of [
      ['a', '2'],
      ['c', '1'],
      ['__proto__', 'x'],
    ] as const) {
      expect(failure(await scenario.verify({ requiredMetadata: new Map([pair]) }))).toContain(
        'unable to find specified metadata in the signature',
      );
    }
    const other = new Scenario();
    other.sign({ payload: { ...other.artifact, size: 1 } });
    expect(failure(await other.verify({ requiredMetadata: new Map([['a', '1']]) }))).toContain(
      'unable to find specified metadata in the signature',
    );
  });

  it('[NP-257] accepts an untrusted chain at level audit, with a warning', async () => {
    scenario.sign({ signer: stranger });
    expect(await scenario.verify({ policy: levelPolicy('audit') })).toMatchObject({
      outcome: 'verified',
      warnings: [
        `authenticity was set to "log" and failed with error: the signature's certificate chain does not contain any trusted certificate`,
      ],
    });
  });

  it('[NP-258] accepts an expired signature at level permissive, with a warning', async () => {
    scenario.sign({ expiry: new Date('2026-02-01') });
    expect(await scenario.verify({ policy: levelPolicy('permissive') })).toMatchObject({
      outcome: 'verified',
      warnings: [
        'expiry was set to "log" and failed with error: digital signature has expired on "Sun, 01 Feb 2026 00:00:00 +0000"',
      ],
    });
  });

  it('[NP-259] refuses an expired signature at level strict', async () => {
    scenario.sign({ expiry: new Date('2026-02-01') });
    const outcome = await scenario.verify();
    expect(failure(outcome)).toContain('digital signature has expired on "Sun, 01 Feb 2026 00:00:00 +0000"');
    expect(outcome.signatures[0]?.validations.map(({ type }) => type)).toEqual(['integrity', 'authenticity', 'expiry']);
  });

  it('[NP-260] refuses a tampered signature at level audit', async () => {
    scenario.attach(tamper(signEnvelope({ signer, payload: scenario.artifact })));
    const outcome = await scenario.verify({ policy: levelPolicy('audit') });
    expect(failure(outcome)).toContain('signature is invalid. Error: ');
    expect(outcome.signatures[0]).toMatchObject({
      verified: false,
      signature: { certificates: [{ subject: 'CN=acme Signer,O=acme,ST=WA,C=US' }, {}, {}] },
    });
  });

  it('[NP-261] accepts an unknown critical attribute when no plugin is asked for', async () => {
    scenario.sign({ extended: [{ key: 'k', critical: true, value: 'v' }] });
    expect((await scenario.verify()).outcome).toBe('verified');
  });

  const plugin = (value: unknown, critical = true) => ({ key: 'io.cncf.notary.verificationPlugin', critical, value });

  it.each(['strict', 'audit'])(
    '[NP-262] refuses a plugin attribute that is not critical at level %s',
    async (level) => {
      scenario.sign({ extended: [plugin('p', false)] });
      expect(failure(await scenario.verify({ policy: levelPolicy(level) }))).toContain(
        'io.cncf.notary.verificationPlugin is not a critical Extended attribute',
      );
    },
  );

  it.each(['strict', 'audit'])('[NP-263] refuses a signature that asks for a plugin at level %s', async (level) => {
    scenario.sign({ extended: [plugin('p')], format: 'cose' });
    const outcome = await scenario.verify({ policy: levelPolicy(level) });
    expect(failure(outcome)).toContain(
      'error while locating the verification plugin "p", make sure the plugin is installed successfully before verifying the signature. error: there is no plugin p here',
    );
    expect(outcome.signatures[0]?.validations.map(({ type }) => type)).toEqual(['integrity']);
  });

  it('[NP-196] fails on a store that is missing even if the first one has the certificate', async () => {
    scenario.sign();
    const policy = policyOf({ trustStores: ['ca:acme', 'ca:missing'] });
    const outcome = await scenario.verify({ policy });
    expect(failure(outcome)).toContain('the trust store "missing" of type "ca" does not exist');
    expect(outcome).toHaveProperty('hint', 'Create it.');
  });

  it('[NP-181] accepts a missing store at level audit, with a warning', async () => {
    scenario.sign();
    const policy = policyOf({ signatureVerification: { level: 'audit' }, trustStores: ['ca:missing'] });
    expect(await scenario.verify({ policy })).toMatchObject({
      outcome: 'verified',
      warnings: [
        'authenticity was set to "log" and failed with error: the trust store "missing" of type "ca" does not exist',
      ],
    });
  });

  it('loads each store of the right type once, in order', async () => {
    scenario.sign();
    scenario.trustStore.stores.set('ca:other', [strangers.root.certificate]);
    const policy = policyOf({ trustStores: ['signingAuthority:x', 'ca:other', 'ca:acme', 'ca:other'] });
    expect((await scenario.verify({ policy })).outcome).toBe('verified');
    expect(scenario.trustStore.loaded).toEqual(['ca:other', 'ca:acme']);
  });

  it('[NP-276] wants certificates valid at the authentic signing time', async () => {
    scenario.trustStore.stores.set('signingAuthority:sa', [acme.root.certificate]);
    const policy = policyOf({ trustStores: ['signingAuthority:sa'] });
    const spec = { signingScheme: 'notary.x509.signingAuthority' } as const;
    scenario.sign({ ...spec, signer: acme.issue({ notAfter: new Date('2026-01-02') }) });
    expect((await scenario.verify({ policy })).outcome).toBe('verified');
  });

  it('[NP-277] does not look into ca stores for a signing authority', async () => {
    scenario.sign({ signingScheme: 'notary.x509.signingAuthority' });
    const outcome = await scenario.verify();
    expect(failure(outcome)).toContain('no trusted certificates are found to verify authenticity');
    expect(scenario.trustStore.loaded).toEqual([]);
  });

  it.each([
    ['OCSP', ocspServers('http://ocsp.example')],
    ['CRL', crlDistributionPoints('http://crl.example/a.crl')],
  ])('[NP-335] does not pass enforced revocation of a certificate with %s addresses', async (_, address) => {
    const leaf = acme.issue({ extensions: [...defaultExtensions.leaf, address], subject: 'C=US,ST=WA,O=acme,CN=leaf' });
    scenario.sign({ signer: leaf });
    const outcome = await scenario.verify();
    expect(failure(outcome)).toMatch(
      /signing certificate with subject "CN=leaf,O=acme,ST=WA,C=US" revocation status is unknown: .*http:\/\/(?:ocsp|crl)\.example.*: the connection was refused/,
    );
    expect(await scenario.verify({ policy: levelPolicy('permissive') })).toMatchObject({
      outcome: 'verified',
      warnings: [expect.stringContaining('revocation was set to "log" and failed with error: signing certificate')],
    });
    const skipped = await scenario.verify({ policy: levelPolicy('strict', { revocation: 'skip' }) });
    expect(skipped).toMatchObject({ outcome: 'verified', warnings: [] });
    expect(skipped.signatures[0]?.validations.at(-1)).toEqual({ type: 'revocation', action: 'skip' });
  });

  it('takes what cannot be checked for unknown', async () => {
    scenario.sign();
    const revocation = { check: () => Promise.reject(new NotaryError('internal', 'no network')) };
    expect(failure(await scenario.verify({}, { revocation }))).toContain(
      'unable to check revocation status, err: no network',
    );
  });

  it('reads the clock once', async () => {
    scenario.sign();
    let read = 0;
    const now = () => {
      read++;
      return scenario.now;
    };
    await scenario.verify({}, { clock: { now } });
    expect(read).toBe(1);
  });

  it('does not hide a defect as a failed verification', async () => {
    scenario.sign();
    const trustStore = { load: () => Promise.reject(new TypeError('a defect')) };
    await expect(scenario.verify({}, { trustStore })).rejects.toBeInstanceOf(TypeError);
  });
});
