// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { envelopeMediaTypes, payloadMediaType } from '../../../shared/envelope/content.ts';
import { parseEnvelope, prepareEnvelope, verifyIntegrity } from '../../../shared/envelope/envelope.ts';
import type { EnvelopeRequest } from '../../../shared/envelope/request.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { authenticSigningTime, expiry, scheme, signingTime } from '../../fakes/crafted-jws.ts';
import { type EnvelopeSpec, signEnvelope, verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { expectError } from '../../support/expect-error.ts';

const authority = createCertificateAuthority();
const signer = authority.issue();
const payload = Buffer.from('{"targetArtifact":{"mediaType":"a/b","digest":"sha256:00","size":1}}');
const expires = new Date('2030-01-01');

function headerText(spec: Partial<EnvelopeSpec>): string {
  const envelope = JSON.parse(Buffer.from(signEnvelope({ signer, payload, ...spec })).toString()) as {
    protected: string;
  };
  return Buffer.from(envelope.protected, 'base64url').toString();
}

function critical(spec: Partial<EnvelopeSpec>): unknown {
  return (JSON.parse(headerText(spec)) as { crit: unknown }).crit;
}

function prepare(change: Partial<EnvelopeRequest>) {
  return prepareEnvelope(envelopeMediaTypes.jws, {
    payload: { contentType: payloadMediaType, content: payload },
    signingScheme: 'notary.x509',
    signingTime: new Date('2026-01-01'),
    keySpec: 'EC-256',
    certificateChain: signer.certificateChain,
    ...change,
  });
}

describe('signing JWS', () => {
  it.each([
    ['RSA-2048', 'PS256', 256],
    ['RSA-3072', 'PS384', 384],
    ['RSA-4096', 'PS512', 512],
    ['EC-256', 'ES256', 64],
    ['EC-384', 'ES384', 96],
    ['EC-521', 'ES512', 132],
  ] as const)('[NP-31] goes round with %s and %s', (keyType, alg, size) => {
    const content = verifiedEnvelope({ signer: authority.issue({ keyType }), payload });
    expect(content.algorithm.jws).toBe(alg);
    expect(content.signature).toHaveLength(size);
  });

  it('[NP-32] writes the protected header sorted, with the scheme as the only critical one', () => {
    expect(headerText({})).toBe(
      `{"alg":"ES256","crit":["${scheme}"],"cty":"${payloadMediaType}",` +
        `"${scheme}":"notary.x509","${signingTime}":"2026-01-01T00:00:00Z"}`,
    );
  });

  it('[NP-33] [NP-34] [NP-35] lists critical headers in its order', () => {
    const k = { key: 'k', critical: true, value: 1 };
    expect(critical({ expiry: expires })).toEqual([scheme, expiry]);
    expect(critical({ expiry: expires, extended: [k] })).toEqual([scheme, 'k', expiry]);
    expect(critical({ expiry: expires, signingScheme: 'notary.x509.signingAuthority' })).toEqual([
      scheme,
      authenticSigningTime,
      expiry,
    ]);
  });

  it('writes the envelope as Notation does', () => {
    const text = Buffer.from(signEnvelope({ signer, payload, signingAgent: 'a/1' })).toString();
    const x5c = signer.chainDer.map((der) => `"${Buffer.from(der).toString('base64')}"`).join(',');
    expect(text).toMatch(/^\{"payload":"[^"]+","protected":"[^"]+","header":\{"x5c":\[/);
    expect(text).toContain(`"header":{"x5c":[${x5c}],"io.cncf.notary.signingAgent":"a/1"},"signature":"`);
  });

  it('puts a timestamp in front of the chain and leaves out an empty agent', () => {
    const bytes = signEnvelope({ signer, payload, timestampSignature: Uint8Array.of(1, 2, 3) });
    expect(Buffer.from(bytes).toString()).toContain('"header":{"io.cncf.notary.timestampSignature":"AQID","x5c":[');
    const { unsignedAttributes } = verifyIntegrity(parseEnvelope(envelopeMediaTypes.jws, bytes));
    expect(unsignedAttributes).toEqual({ signingAgent: undefined, timestampSignature: Uint8Array.of(1, 2, 3) });
  });

  it('cuts times to whole seconds', () => {
    const spec = { signingTime: new Date('2026-01-01T00:00:00.999Z'), expiry: new Date('2026-01-01T00:00:01.001Z') };
    expect(headerText(spec)).toContain(`"${signingTime}":"2026-01-01T00:00:00Z"`);
    expect(headerText(spec)).toContain(`"${expiry}":"2026-01-01T00:00:01Z"`);
  });

  it('[NP-29] refuses a payload that is no object', () => {
    for (const content of ['[]', '5', '{', '{} x']) {
      expectError(
        () => prepare({ payload: { contentType: payloadMediaType, content: Buffer.from(content) } }),
        'sign-request-invalid',
        /^payload format error: /,
      );
    }
  });

  it('passes numbers of a payload through a float', () => {
    const content = Buffer.from('{"b":9007199254740993,"a":1e21,"c":1.50}');
    const { toBeSigned } = prepare({ payload: { contentType: payloadMediaType, content } });
    const [, encoded = ''] = Buffer.from(toBeSigned).toString().split('.');
    expect(Buffer.from(encoded, 'base64url').toString()).toBe('{"a":1e+21,"b":9007199254740992,"c":1.5}');
  });

  it('[NP-30] refuses an empty payload', () => {
    expectError(
      () => prepare({ payload: { contentType: payloadMediaType, content: new Uint8Array() } }),
      'sign-request-invalid',
      'content not present',
    );
  });

  it('[NP-87] refuses a missing chain', () => {
    expectError(
      () => prepare({ certificateChain: [] as never }),
      'envelope-invalid',
      'certificate-chain not present or is empty',
    );
  });

  it('refuses an expiry at or before the signing time, and no time at all', () => {
    const message = 'expiry cannot be equal or before the signing time';
    expectError(() => prepare({ expiry: new Date('2026-01-01T00:00:00.500Z') }), 'envelope-invalid', message);
    const zero = new Date('0001-01-01T00:00:00Z');
    expectError(() => prepare({ signingTime: zero }), 'envelope-invalid', 'signing-time not present');
  });

  it('refuses a chain that is not valid at the signing time, and a key that is not its leaf', () => {
    expectError(
      () => prepare({ signingTime: new Date('2010-01-01') }),
      'envelope-invalid',
      /^certificate-chain is invalid, certificate with subject .* was invalid at signing time of 2010-01-01 00:00:00/,
    );
    expectError(() => prepare({ keySpec: 'EC-384' }), 'envelope-invalid', /^mismatch between signature algorithm/);
  });

  it('refuses an unknown scheme', () => {
    expectError(
      () => prepare({ signingScheme: 'notary.x509.foo' as never }),
      'sign-request-invalid',
      'unsupported SigningScheme: `notary.x509.foo`',
    );
  });

  it.each([
    ['NP-88', ['k', 'k'], '"k" already exists in the extAttrs'],
    ['NP-89', ['alg'], 'attribute key:alg repeated'],
    ['NP-90', [5], 'JWS envelope format only supports key of type string'],
  ])('[%s] refuses extended attributes %j', (_, keys, message) => {
    const extended = keys.map((key) => ({ key, critical: false, value: 1 }));
    expectError(() => prepare({ extended }), 'sign-request-invalid', message);
  });

  it('refuses an attribute that JSON cannot hold', () => {
    const extended = [{ key: 'k', critical: false, value: Number.NaN }];
    expectError(() => prepare({ extended }), 'sign-request-invalid', 'unsupported JSON value: NaN');
  });
});
