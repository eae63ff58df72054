// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { openLocalKey } from '../../shared/adapters/signers/local-key.ts';
import { NotaryError } from '../../shared/errors.ts';
import { thumbprintAnnotation } from '../../shared/oci/signature-manifest.ts';
import type { ChainingSigner, RawSigner, SignPorts, SignatureRecord, Timestamper } from '../../shared/ports.ts';
import { Secret } from '../../shared/primitives/secret.ts';
import { type SignRequest, signArtifact } from '../../shared/sign.ts';
import { signBlob } from '../../shared/sign-blob.ts';
import { type TestSigner, createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { MemoryBlob } from '../fakes/memory-blob.ts';
import { tamper } from '../fakes/signed-envelope.ts';
import { makeToken, tsaAuthority } from '../fakes/timestamp-token.ts';
import { Scenario, acme, quietLog, signer as testSigner } from '../fakes/verification.ts';

function rawSigner(signer: TestSigner): RawSigner {
  return openLocalKey({ privateKey: new Secret(signer.privateKeyPem), certificateChain: signer.chainPem });
}

/** Counts what the key is used for. */
function counting(signer: RawSigner): RawSigner & { readonly uses: () => number } {
  let uses = 0;
  const sign = (bytes: Uint8Array): Promise<Uint8Array> => {
    uses++;
    return signer.sign(bytes);
  };
  return { ...signer, sign, uses: () => uses };
}

const hour = 3600;

function timestamper(genTime = '20260601000000Z', roots = [tsaAuthority.root.certificate]): Timestamper {
  return {
    roots,
    timestamp: (signature) => Promise.resolve(makeToken({ genTime, message: signature })),
  };
}

describe('on_existing: skip', () => {
  let scenario: Scenario;
  let signer: ReturnType<typeof counting>;
  beforeEach(() => {
    scenario = new Scenario();
    signer = counting(rawSigner(testSigner));
  });

  function sign(request: Partial<SignRequest> = {}, ports: Partial<SignPorts> = {}): Promise<SignatureRecord> {
    return signArtifact(
      {
        name: 'reg.example/app',
        tagOrDigest: scenario.artifact.digest,
        envelopeMediaType: 'application/jose+json',
        userMetadata: new Map(),
        manifestForm: 'config-media-type',
        referrersMode: 'tag-schema',
        signingAgent: 'agent/1.0',
        onExisting: 'skip',
        ...request,
      },
      {
        target: scenario.repository,
        signer,
        timestamper: undefined,
        clock: { now: () => scenario.now },
        log: quietLog,
        ...ports,
      },
    );
  }

  function later(seconds: number): void {
    scenario.now = new Date(scenario.now.getTime() + 1000 * seconds);
  }

  it.each(['application/jose+json', 'application/cose'])(
    'makes one signature in %s, and finds it again without using the key',
    async (envelopeMediaType) => {
      const made = await sign({ envelopeMediaType });
      expect(made.skipped).toBeUndefined();
      later(30 * 24 * hour);
      const found = await sign({ envelopeMediaType });
      expect(found).toEqual({ ...made, via: 'existing', skipped: true });
      expect(signer.uses()).toBe(1);
      expect(scenario.repository.pushed).toHaveLength(1);
    },
  );

  it('adds one every time without it', async () => {
    await sign();
    later(1);
    await sign({ onExisting: 'add' });
    expect(scenario.repository.pushed).toHaveLength(2);
  });

  it('finds a signature whose listing has no annotations, and passes over those of others unread', async () => {
    const descriptor = scenario.sign();
    const other = acme.issue({ subject: 'CN=other,O=acme,C=US' });
    const foreign = scenario.sign({ signer: other });
    scenario.repository.addReferrer(scenario.artifact.digest, {
      ...foreign,
      artifactType: 'application/vnd.cncf.notary.signature',
      annotations: { [thumbprintAnnotation]: '["00"]' },
    });
    expect(await sign()).toMatchObject({ skipped: true, signature: { digest: descriptor.digest } });
  });

  it.each<[string, Partial<SignRequest>, Partial<SignRequest>]>([
    ['of other user metadata', { userMetadata: new Map([['a', '1']]) }, { userMetadata: new Map([['a', '2']]) }],
    [
      'with more user metadata',
      {
        userMetadata: new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      },
      { userMetadata: new Map([['a', '1']]) },
    ],
    ['without the user metadata', {}, { userMetadata: new Map([['a', '1']]) }],
    ['of another format', { envelopeMediaType: 'application/cose' }, {}],
    ['that expires', { expirySeconds: 24 * hour }, {}],
    ['that does not expire', {}, { expirySeconds: 24 * hour }],
    ['that expires later', { expirySeconds: 48 * hour }, { expirySeconds: 24 * hour }],
  ])('does not count one %s', async (_, first, second) => {
    await sign(first);
    expect((await sign(second)).skipped).toBeUndefined();
    expect((await sign(second)).skipped).toBe(true);
    expect(scenario.repository.pushed).toHaveLength(2);
  });

  it('signs anew when less than a third of the lifetime is left', async () => {
    const daily = { expirySeconds: 3 * 24 * hour };
    const made = await sign(daily);
    later(2 * 24 * hour);
    expect(await sign(daily)).toMatchObject({ skipped: true, expiry: made.expiry });
    later(1);
    const anew = await sign(daily);
    expect(anew.skipped).toBeUndefined();
    expect(anew.expiry).not.toBe(made.expiry);
  });

  it('does not count one made with another certificate, even of the same key or with another chain', async () => {
    scenario.sign();
    const renewed = acme.issue({ subject: 'CN=renewed,O=acme,C=US' });
    expect((await sign({}, { signer: rawSigner(renewed) })).skipped).toBeUndefined();
    const elsewhere = createCertificateAuthority({ name: 'other' }).issue();
    expect((await sign({}, { signer: rawSigner(elsewhere) })).skipped).toBeUndefined();
  });

  it('does not count one that is about another artifact, damaged, or not a signature', async () => {
    const { artifact } = scenario;
    scenario.sign({ payload: { ...artifact, size: artifact.size + 1 } });
    scenario.sign({ payload: { ...artifact, digest: `sha256:${'0'.repeat(64)}` as typeof artifact.digest } });
    scenario.sign({ contentType: 'text/plain' });
    scenario.sign({ payload: Buffer.from('{"targetArtifact":{}}') });
    scenario.sign({ signingScheme: 'notary.x509.signingAuthority' });
    scenario.sign({ extended: [{ key: 'com.example', critical: true, value: 1 }] });
    const sound = scenario.sign();
    scenario.attach(tamper(await scenario.repository.fetchBlob(await layerOf(sound))));
    scenario.attach(Buffer.from('no envelope'));
    scenario.attachManifest('{"schemaVersion":2}');
    scenario.repository.failures.set(`manifest ${sound.digest}`, new NotaryError('artifact-not-found', 'not found'));
    expect((await sign()).skipped).toBeUndefined();
  });

  async function layerOf(signature: { digest: string }) {
    const bytes = await scenario.repository.fetchManifest(signature as never);
    return (JSON.parse(Buffer.from(bytes).toString()) as { layers: [never] }).layers[0];
  }

  it.each(['registry-unreachable', 'registry-denied', 'registry-unauthorized', 'registry-response'] as const)(
    'never takes what it could not see for unsigned: %s',
    async (code) => {
      const signature = scenario.sign();
      const layer = (await layerOf(signature)) as { digest: string };
      const { failures, pushed } = scenario.repository;
      for (const request of [
        `list ${scenario.artifact.digest}`,
        `manifest ${signature.digest}`,
        `blob ${layer.digest}`,
      ]) {
        failures.clear();
        failures.set(request, new NotaryError(code, 'no answer', { hint: 'Look.' }));
        await expect(sign()).rejects.toMatchObject({
          code,
          message: 'it is not known whether the artifact is signed already: no answer',
          hint: 'Look.\nWithout {input:onExisting}: skip, nothing is looked for.',
        });
      }
      expect(pushed).toEqual([]);
      expect(signer.uses()).toBe(0);
    },
  );

  it('gives up after a hundred signatures', async () => {
    for (let index = 0; index <= 100; index++) scenario.attach(Buffer.from(`${index}`));
    await expect(sign()).rejects.toMatchObject({ code: 'registry-limit' });
    expect(scenario.repository.pushed).toEqual([]);
  });

  it('does not keep a signature whose certificates have expired: the key says so', async () => {
    scenario.sign();
    scenario.now = new Date('2200-01-01');
    await expect(sign()).rejects.toThrow(/certificate|expired|valid/);
  });

  it('wants a timestamp that verifies when one is asked for', async () => {
    await sign();
    later(1);
    const stamped = await sign({}, { timestamper: timestamper() });
    expect(stamped).toMatchObject({ timestamped: true });
    expect(stamped.skipped).toBeUndefined();
    later(1);
    expect(await sign({}, { timestamper: timestamper() })).toEqual({ ...stamped, via: 'existing', skipped: true });
    const timestamp: Timestamper['timestamp'] = (...args) => timestamper().timestamp(...args);
    const otherRoot = { timestamp, roots: [createCertificateAuthority({ name: 'Other' }).root.certificate] };
    expect((await sign({}, { timestamper: otherRoot })).skipped).toBeUndefined();
    expect((await sign({}, { timestamper: { timestamp } })).skipped).toBeUndefined();
  });

  it('compares what a plugin has made, whose certificates are not known before, and pushes it only if it is new', async () => {
    const raw = signer;
    const chaining: ChainingSigner = {
      kind: 'chaining',
      description: 'plugin',
      agent: 'plugin/1',
      keySpec: raw.keySpec,
      sign: async (bytes) => ({ signature: await raw.sign(bytes), certificateChain: raw.certificateChain }),
    };
    const made = await sign({}, { signer: chaining });
    later(hour);
    expect(await sign({}, { signer: chaining })).toEqual({ ...made, via: 'existing', skipped: true });
    expect(signer.uses()).toBe(2);
    expect(scenario.repository.pushed).toHaveLength(1);
  });

  it('lets two jobs at the same moment both sign, and neither sign again', async () => {
    const results = await Promise.all([sign(), sign()]);
    expect(results.filter(({ skipped }) => skipped === true).length).toBeLessThan(2);
    const { length } = scenario.repository.pushed;
    expect((await sign()).skipped).toBe(true);
    expect(scenario.repository.pushed).toHaveLength(length);
  });

  it('keeps the signature file of a file that has not changed', async () => {
    const blob = new MemoryBlob();
    const signFile = (userMetadata = new Map<string, string>()) =>
      signBlob(
        {
          ...{ envelopeMediaType: 'application/cose', userMetadata, signingAgent: 'agent/1.0' },
          ...{ contentMediaType: 'application/zip', onExisting: 'skip' },
        },
        { blob, signer, timestamper: undefined, clock: { now: () => scenario.now }, log: quietLog },
      );
    const made = await signFile();
    later(hour);
    expect(await signFile()).toEqual({ ...made, skipped: true });
    expect((await signFile(new Map([['a', '1']]))).skipped).toBeUndefined();
    blob.content = Buffer.from('changed');
    expect((await signFile(new Map([['a', '1']]))).skipped).toBeUndefined();
    expect(signer.uses()).toBe(3);
  });
});
