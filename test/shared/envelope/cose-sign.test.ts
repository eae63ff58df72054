// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { envelopeMediaTypes, payloadMediaType } from '../../../shared/envelope/content.ts';
import { prepareEnvelope } from '../../../shared/envelope/envelope.ts';
import type { EnvelopeRequest } from '../../../shared/envelope/request.ts';
import type { CborArray, CborItem } from '../../../shared/primitives/cbor-item.ts';
import { type PlainCbor, plainCbor } from '../../../shared/primitives/cbor-plain.ts';
import { parseCbor } from '../../../shared/primitives/cbor.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { authenticSigningTime, expiry, payloadText, scheme, signingTime } from '../../fakes/crafted-jws.ts';
import { type EnvelopeSpec, signEnvelope, verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { expectError } from '../../support/expect-error.ts';

const authority = createCertificateAuthority();
const signer = authority.issue();
const payload = Buffer.from(payloadText);

function signed(spec: Partial<EnvelopeSpec> = {}): Uint8Array {
  return signEnvelope({ signer, payload, format: 'cose', ...spec });
}

function partsOf(bytes: Uint8Array): readonly CborItem[] {
  return (parseCbor(bytes.subarray(1), { tags: 'forbidden' }) as CborArray).items;
}

function protectedMap(spec: Partial<EnvelopeSpec>): ReadonlyMap<PlainCbor, PlainCbor> {
  const [item] = partsOf(signed(spec));
  if (item?.kind !== 'bytes') throw new Error('no protected bucket');
  return plainCbor(parseCbor(item.value, { tags: 'allowed' })) as ReadonlyMap<PlainCbor, PlainCbor>;
}

function prepare(change: Partial<EnvelopeRequest>) {
  return prepareEnvelope(envelopeMediaTypes.cose, {
    payload: { contentType: payloadMediaType, content: payload },
    signingScheme: 'notary.x509',
    signingTime: new Date('2026-01-01'),
    keySpec: 'EC-256',
    certificateChain: signer.certificateChain,
    ...change,
  });
}

describe('signing COSE', () => {
  it.each([
    ['RSA-2048', -37, 256],
    ['RSA-3072', -38, 384],
    ['RSA-4096', -39, 512],
    ['EC-256', -7, 64],
    ['EC-384', -35, 96],
    ['EC-521', -36, 132],
  ] as const)('[NP-91] goes round with %s and %i', (keyType, alg, size) => {
    const spec = { signer: authority.issue({ keyType }), payload, format: 'cose' } as const;
    const content = verifiedEnvelope(spec);
    expect(content.algorithm.cose).toBe(alg);
    expect(content.signature).toHaveLength(size);
    expect(protectedMap(spec).get(1)).toBe(alg);
  });

  it('[NP-93] [NP-94] lists critical headers in its order', () => {
    const expires = new Date('2030-01-01');
    const k = { key: 'k', critical: true, value: 1 };
    expect(protectedMap({}).get(2)).toEqual([scheme]);
    expect(protectedMap({ expiry: expires, extended: [k] }).get(2)).toEqual([scheme, expiry, 'k']);
    const byAuthority = protectedMap({ expiry: expires, signingScheme: 'notary.x509.signingAuthority' });
    expect(byAuthority.get(2)).toEqual([scheme, authenticSigningTime, expiry]);
  });

  it('[NP-95] writes times as tag 1 with four bytes', () => {
    const text = Buffer.from(signed({ signingTime: new Date('2026-01-01T00:00:00.999Z') })).toString('hex');
    expect(text).toContain(`${Buffer.from(signingTime).toString('hex')}c11a6955b900`);
  });

  it('sorts labels by their encoding: integers, negative ones, text by length', () => {
    const extended = [4097, -5, 'b', 'aa', 'a'].map((key) => ({ key, critical: false, value: true }));
    expect([...protectedMap({ extended }).keys()]).toEqual([1, 2, 3, 4097, -5, 'a', 'b', 'aa', signingTime, scheme]);
  });

  it('writes chain, agent and timestamp unprotected', () => {
    const [, unprotected] = partsOf(signed({ signingAgent: 'a/1', timestampSignature: Uint8Array.of(1) }));
    expect(unprotected && plainCbor(unprotected)).toEqual(
      new Map<PlainCbor, PlainCbor>([
        [33, signer.chainDer],
        ['io.cncf.notary.signingAgent', 'a/1'],
        ['io.cncf.notary.timestampSignature', Uint8Array.of(1)],
      ]),
    );
    const [, bare] = partsOf(signed());
    expect(bare && plainCbor(bare)).toEqual(new Map([[33, signer.chainDer]]));
  });

  it('keeps the payload as it is', () => {
    const content = Buffer.from(' not JSON ');
    expect(verifiedEnvelope({ signer, payload: content, format: 'cose' }).payload.content).toEqual(
      new Uint8Array(content),
    );
  });

  it.each([1, scheme, signingTime])('refuses %j as an extended attribute', (key) => {
    expectError(
      () => prepare({ extended: [{ key, critical: false, value: 1 }] }),
      'sign-request-invalid',
      `"${key}" already exists in the protected header`,
    );
  });

  it('refuses an attribute that CBOR cannot hold', () => {
    expectError(
      () => prepare({ extended: [{ key: 'k', critical: false, value: 2n ** 64n }] }),
      'sign-request-invalid',
      'cbor: integer overflows int64',
    );
  });

  it('refuses an empty signature', () => {
    expectError(() => prepare({}).complete(new Uint8Array()), 'sign-request-invalid', 'empty signature');
  });
});
