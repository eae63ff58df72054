// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { openLocalKey } from '../../shared/adapters/signers/local-key.ts';
import { parseEnvelope, readContent } from '../../shared/envelope/envelope.ts';
import type { EnvelopeSigner, Signer } from '../../shared/ports.ts';
import { digestOf } from '../../shared/primitives/digest.ts';
import { Secret } from '../../shared/primitives/secret.ts';
import { type SignBlobRequest, signBlob } from '../../shared/sign-blob.ts';
import { createCertificateAuthority } from '../fakes/certificate-authority.ts';
import { MemoryBlob } from '../fakes/memory-blob.ts';
import { quietLog } from '../fakes/verification.ts';
import type { TestKeyType } from '../fakes/keys.ts';

const authority = createCertificateAuthority({ name: 'acme' });

function keyOf(keyType: TestKeyType): Signer {
  const { privateKeyPem, chainPem } = authority.issue({ keyType });
  return openLocalKey({ privateKey: new Secret(privateKeyPem), certificateChain: chainPem });
}

describe('signBlob', () => {
  let blob: MemoryBlob;
  beforeEach(() => {
    blob = new MemoryBlob();
  });

  function sign(request: Partial<SignBlobRequest> = {}, signer: Signer = keyOf('EC-256')) {
    return signBlob(
      {
        envelopeMediaType: 'application/jose+json',
        userMetadata: new Map(),
        signingAgent: 'agent/1.0',
        contentMediaType: 'application/zip',
        ...request,
      },
      { blob, signer, timestamper: undefined, clock: { now: () => new Date('2026-05-04T03:02:01Z') }, log: quietLog },
    );
  }

  function payload(): unknown {
    const [signature] = blob.signatures.values();
    if (signature === undefined) return expect.fail('nothing was written');
    const { content } = readContent(parseEnvelope(signature.mediaType, signature.bytes)).payload;
    return (JSON.parse(Buffer.from(content).toString()) as { targetArtifact: unknown }).targetArtifact;
  }

  it.each(['jws', 'cose'] as const)('writes a signature file in %s', async (format) => {
    const envelopeMediaType = format === 'jws' ? 'application/jose+json' : 'application/cose';
    const record = await sign({ envelopeMediaType, userMetadata: new Map([['k', 'v']]) });
    const written = blob.signatures.get(`app.zip.${format}.sig`) ?? expect.fail('nothing was written');
    expect(record).toEqual({
      reference: 'app.zip',
      artifact: { mediaType: 'application/zip', ...(await blob.describe('sha256')) },
      signature: { digest: digestOf(written.bytes), size: written.bytes.length },
      envelopeMediaType,
      signingTime: '2026-05-04T03:02:01Z',
      timestamped: false,
      signer: 'CN=acme Signer,O=acme,ST=WA,C=US',
      via: 'file',
      file: `app.zip.${format}.sig`,
      warnings: [],
    });
    expect(payload()).toEqual({ ...record.artifact, annotations: { k: 'v' } });
  });

  it.each([
    ['NP-24', 'RSA-3072', 'sha384'],
    ['NP-25', 'EC-521', 'sha512'],
    ['NP-24', 'RSA-2048', 'sha256'],
    ['NP-25', 'EC-384', 'sha384'],
  ] as const)('[%s] takes the digest by the hash of the key: %s, %s', async (_, keyType, algorithm) => {
    await sign({}, keyOf(keyType));
    const { digest, size } = await blob.describe(algorithm);
    expect(payload()).toEqual({ mediaType: 'application/zip', digest, size });
    expect(digest).toMatch(new RegExp(`^${algorithm}:`));
    expect(size).toBe(7);
  });

  it.each([
    ['NP-26', '', 'content media-type cannot be empty'],
    ['NP-27', 'not/a/type', 'invalid content media-type "not/a/type": mime: unexpected content after media subtype'],
  ])('[%s] refuses the media type %j', async (_, contentMediaType, message) => {
    await expect(sign({ contentMediaType })).rejects.toMatchObject({ code: 'sign-request-invalid', message });
    expect(blob.signatures.size).toBe(0);
  });

  it('signs the media type as it was given', async () => {
    await sign({ contentMediaType: 'Text/Plain; charset=UTF-8' });
    expect(payload()).toMatchObject({ mediaType: 'Text/Plain; charset=UTF-8' });
  });

  it('warns of a signature file that was there', async () => {
    await sign();
    expect((await sign()).warnings).toEqual([
      'the signature file app.zip.jws.sig was there already and has been replaced',
    ]);
  });

  it('checks as for artifacts: expiry, format, metadata', async () => {
    await expect(sign({ expirySeconds: -1 })).rejects.toThrow('expiry duration cannot be a negative value');
    await expect(sign({ envelopeMediaType: 'x/y' })).rejects.toThrow('invalid signature media-type "x/y"');
    await expect(sign({ userMetadata: new Map([['io.cncf.notary.x', '1']]) })).rejects.toThrow('reserved prefix');
  });

  it('[NP-376] [KEY-79] has no use for a signer that makes whole envelopes', async () => {
    const whole: EnvelopeSigner = { kind: 'envelope', description: 'plugin x', sign: () => expect.fail('not asked') };
    await expect(sign({}, whole)).rejects.toMatchObject({
      code: 'feature-unavailable',
      hint: expect.stringContaining('SIGNATURE_GENERATOR.RAW') as unknown,
    });
  });
});
