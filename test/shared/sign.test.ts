// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { openLocalKey } from '../../shared/adapters/signers/local-key.ts';
import { parseEnvelope, readContent } from '../../shared/envelope/envelope.ts';
import { parsePayload } from '../../shared/envelope/payload.ts';
import { NotaryError } from '../../shared/errors.ts';
import type { RawSigner, SignPorts, SignatureRecord } from '../../shared/ports.ts';
import { digestOf } from '../../shared/primitives/digest.ts';
import { Secret } from '../../shared/primitives/secret.ts';
import { type SignRequest, signArtifact } from '../../shared/sign.ts';
import { thumbprint } from '../../shared/x509/thumbprint.ts';
import { type TestSigner, createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { policyOf } from '../fakes/trust-policy.ts';
import { Scenario, acme, quietLog, signer as testSigner } from '../fakes/verification.ts';

function rawSigner(signer: TestSigner): RawSigner {
  return openLocalKey({ privateKey: new Secret(signer.privateKeyPem), certificateChain: signer.chainPem });
}

describe('signArtifact', () => {
  let scenario: Scenario;
  beforeEach(() => {
    scenario = new Scenario();
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
        ...request,
      },
      {
        target: scenario.repository,
        signer: rawSigner(testSigner),
        timestamper: undefined,
        clock: { now: () => new Date('2026-05-04T03:02:01.987Z') },
        log: quietLog,
        ...ports,
      },
    );
  }

  /** The manifest and the envelope that were pushed last. */
  async function pushed() {
    const { manifest } = scenario.repository.pushed.at(-1) ?? expect.fail('nothing was pushed');
    const text = Buffer.from(manifest.bytes).toString();
    const json = JSON.parse(text) as { layers: [{ mediaType: string; digest: never; size: number }] };
    const envelope = await scenario.repository.fetchBlob(json.layers[0]);
    return { manifest, text, envelope, content: readContent(parseEnvelope(json.layers[0].mediaType, envelope)) };
  }

  function nothingPushed(): void {
    expect(scenario.repository.requests.filter((request) => request.startsWith('push'))).toEqual([]);
  }

  it.each(['application/jose+json', 'application/cose'])(
    'pushes a signature in %s that verifies',
    async (mediaType) => {
      const record = await sign({ envelopeMediaType: mediaType });
      const { manifest, content } = await pushed();
      expect(record).toEqual({
        reference: scenario.reference,
        artifact: scenario.artifact,
        signature: { digest: digestOf(manifest.bytes), size: manifest.bytes.length },
        envelopeMediaType: mediaType,
        signingTime: '2026-05-04T03:02:01Z',
        timestamped: false,
        signer: 'CN=acme Signer,O=acme,ST=WA,C=US',
        via: 'tag-schema',
        warnings: [],
      });
      expect(content.unsignedAttributes.signingAgent).toBe('agent/1.0');
      expect(await scenario.verify()).toMatchObject({ outcome: 'verified', warnings: [] });
    },
  );

  it('[NP-339] [NP-340] annotates thumbprints in lower case, leaf first, and the signing time in UTC', async () => {
    await sign();
    const { manifest, text } = await pushed();
    const thumbprints = testSigner.certificateChain.map(thumbprint);
    expect(manifest.annotations).toEqual({
      'io.cncf.notary.x509chain.thumbprint#S256': JSON.stringify(thumbprints),
      'org.opencontainers.image.created': '2026-05-04T03:02:01Z',
    });
    expect((JSON.parse(text) as { annotations: unknown }).annotations).toEqual(manifest.annotations);
  });

  it.each([
    ['config-media-type', '"config":{"mediaType":"application/vnd.cncf.notary.signature"', false],
    [
      'artifact-type',
      '"artifactType":"application/vnd.cncf.notary.signature","config":{"mediaType":"application/vnd.oci.empty.v1+json"',
      true,
    ],
  ] as const)(
    '[NP-338] writes the manifest in the form %s, with its config blob',
    async (manifestForm, part, typed) => {
      await sign({ manifestForm });
      const { manifest, text } = await pushed();
      expect(text).toContain(part);
      expect(text.includes('"artifactType"')).toBe(typed);
      expect(manifest.artifactType).toBe('application/vnd.cncf.notary.signature');
      const pushes = scenario.repository.requests.filter((request) => request.startsWith('push'));
      expect(pushes).toHaveLength(3);
      expect(pushes[1]).toBe('push sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
    },
  );

  it.each(['tag-schema', 'api-first'] as const)('hands the mode %s to the repository', async (referrersMode) => {
    await sign({ referrersMode });
    expect(scenario.repository.pushed[0]?.mode).toBe(referrersMode);
  });

  it('[NP-1] [NP-3] signs media type, digest, size and user metadata, and nothing else of the artifact', async () => {
    const resolved = { ...scenario.artifact, artifactType: 'x/y', urls: ['http://a'], platform: {} };
    const target = Object.assign(scenario.repository, {
      resolve: () => Promise.resolve(resolved),
    });
    const userMetadata = new Map([
      ['b', '2'],
      ['a', '1'],
    ]);
    await sign({ userMetadata, envelopeMediaType: 'application/cose' }, { target });
    const { content } = await pushed();
    const { mediaType, digest, size } = scenario.artifact;
    expect(Buffer.from(content.payload.content).toString()).toBe(
      `{"targetArtifact":{"mediaType":"${mediaType}","digest":"${digest}","size":${size},"annotations":{"a":"1","b":"2"}}}`,
    );
    expect(parsePayload(content.payload.content).targetArtifact.size).toBe(size);
  });

  it('signs a tag by the digest that it names', async () => {
    expect(await sign({ tagOrDigest: 'v1' })).toMatchObject({ reference: scenario.reference });
  });

  it('expires exactly after the duration asked for', async () => {
    const record = await sign({ expirySeconds: 86_400 });
    expect(record).toMatchObject({ signingTime: '2026-05-04T03:02:01Z', expiry: '2026-05-05T03:02:01Z' });
    const { content } = await pushed();
    expect(content.signedAttributes.expiry?.date).toEqual(new Date('2026-05-05T03:02:01Z'));
  });

  it('does not expire after zero seconds', async () => {
    expect(await sign({ expirySeconds: 0 })).not.toHaveProperty('expiry');
  });

  it.each([
    ['[NP-17]', { expirySeconds: -1 }, 'expiry duration cannot be a negative value'],
    ['[NP-18]', { expirySeconds: 0.001 }, 'expiry duration supports minimum granularity of seconds'],
    ['[NP-19]', { envelopeMediaType: '' }, 'signature media-type cannot be empty'],
    ['[NP-20]', { envelopeMediaType: 'application/json' }, 'invalid signature media-type "application/json"'],
    ['', { expirySeconds: 9e11 }, 'expiry duration ends after the year 9999'],
  ])('%s refuses %j', async (_, request, message) => {
    await expect(sign(request)).rejects.toMatchObject({ code: 'sign-request-invalid', message });
    nothingPushed();
  });

  it.each([
    ['[NP-9]', 'io.cncf.notary.x'],
    ['[NP-10]', 'io.cncf.notaryfoo'],
  ])('%s refuses the metadata key %s', async (_, key) => {
    await expect(sign({ userMetadata: new Map([[key, 'v']]) })).rejects.toThrow('has reserved prefix io.cncf.notary');
    nothingPushed();
  });

  it('[NP-23] refuses a registry that resolves a digest to another one', async () => {
    const tagOrDigest = `sha256:${'0'.repeat(64)}`;
    const target = Object.assign(scenario.repository, {
      resolve: () => Promise.resolve(scenario.artifact),
    });
    await expect(sign({ tagOrDigest }, { target })).rejects.toMatchObject({
      code: 'digest-mismatch',
      message: `user input digest ${tagOrDigest} does not match the resolved digest ${scenario.artifact.digest}`,
    });
    nothingPushed();
  });

  it('does not push what a signer with another key has signed', async () => {
    const other = rawSigner(acme.issue({ subject: 'C=US,ST=WA,O=acme,CN=other' }));
    const signer: RawSigner = { ...rawSigner(testSigner), sign: (bytes) => other.sign(bytes) };
    await expect(sign({}, { signer })).rejects.toMatchObject({
      code: 'signing-failed',
      message: expect.stringMatching(
        /^generated signature failed verification: signature is invalid\. Error: /,
      ) as string,
    });
    nothingPushed();
  });

  it.each([
    ['[NP-171]', { notBefore: new Date('2027-01-01') }],
    ['[NP-172]', { notAfter: new Date('2026-01-01') }],
  ])('%s does not sign with a certificate that is not valid now', async (_, validity) => {
    const signer = rawSigner(acme.issue(validity));
    await expect(sign({}, { signer })).rejects.toThrow('was invalid at signing time of 2026-05-04 03:02:01 +0000 UTC');
    nothingPushed();
  });

  it('[NP-87] does not sign with an incomplete chain', async () => {
    const [leaf, intermediate] = testSigner.certificateChain;
    const signer: RawSigner = {
      ...rawSigner(testSigner),
      certificateChain: [leaf, ...(intermediate ? [intermediate] : [])],
    };
    await expect(sign({}, { signer })).rejects.toThrow(
      'Certificate chain must end with a valid self-signed root certificate',
    );
    nothingPushed();
  });

  it('names the agent of a signer behind our own', async () => {
    await sign({}, { signer: { ...rawSigner(testSigner), agent: 'plugin/2.0' } });
    expect((await pushed()).content.unsignedAttributes.signingAgent).toBe('agent/1.0 plugin/2.0');
  });

  it('puts the token of a timestamp authority into the envelope', async () => {
    const token = new Uint8Array([0x30, 0]);
    const asked: string[] = [];
    const timestamper = {
      timestamp: (signature: Uint8Array, hash: string) => {
        asked.push(`${signature.length} ${hash}`);
        return Promise.resolve(token);
      },
    };
    expect(await sign({}, { timestamper })).toMatchObject({ timestamped: true });
    expect(asked).toEqual(['64 sha256']);
    expect(Buffer.from((await pushed()).content.unsignedAttributes.timestampSignature ?? [])).toEqual(
      Buffer.from(token),
    );
  });

  it('does not push without the timestamp that was asked for', async () => {
    const timestamper = { timestamp: () => Promise.reject(new NotaryError('signing-failed', 'timestamp: no')) };
    await expect(sign({}, { timestamper })).rejects.toThrow('timestamp: no');
    nothingPushed();
  });

  it('passes on what the push warned about, and why it failed', async () => {
    const target = Object.assign(scenario.repository, {
      pushReferrer: () =>
        Promise.resolve({ descriptor: scenario.artifact, via: 'both', warnings: ['old index not deleted'] }),
    });
    expect(await sign({}, { target })).toMatchObject({ via: 'both', warnings: ['old index not deleted'] });
    const failing = { pushReferrer: () => Promise.reject(new NotaryError('push-failed', 'no space')) };
    await expect(sign({}, { target: Object.assign(target, failing) })).rejects.toMatchObject({ code: 'push-failed' });
  });

  it.each(['RSA-2048', 'RSA-3072', 'RSA-4096', 'EC-256', 'EC-384', 'EC-521'] as const)(
    '[NP-31] [NP-91] signs with %s in both formats',
    async (keyType) => {
      const signer = rawSigner(createCertificateAuthority({ name: 'acme' }).issue({ keyType }));
      for (const envelopeMediaType of ['application/jose+json', 'application/cose']) {
        scenario = new Scenario();
        await sign({ envelopeMediaType }, { signer });
        const policy = policyOf({ signatureVerification: { level: 'audit' } });
        expect((await scenario.verify({ policy })).outcome).toBe('verified');
      }
    },
    60_000,
  );
});
