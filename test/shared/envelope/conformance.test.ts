// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { algorithmOfKeySpec } from '../../../shared/envelope/algorithm.ts';
import { encodeCoseProtected, encodeCoseSign1 } from '../../../shared/envelope/cose-sign.ts';
import { encodeToBeSigned } from '../../../shared/envelope/cose.ts';
import { payloadMediaType } from '../../../shared/envelope/content.ts';
import { encodeJwsHeader, encodeJwsPayload } from '../../../shared/envelope/jws-sign.ts';
import type { CheckedRequest } from '../../../shared/envelope/request.ts';
import { encodeBase64Url } from '../../../shared/primitives/base64.ts';
import { encodeCbor } from '../../../shared/primitives/cbor-encode.ts';
import { instantOfDate } from '../../../shared/primitives/instant.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { signEnvelope } from '../../fakes/signed-envelope.ts';

// The requests are those of notation-core-go's conformance_test.go; see the README beside the vectors.

const folder = join(import.meta.dirname, '../../fixtures/conformance');
const agent = 'NotationConformanceTest/1.0.0';

interface JwsVector {
  readonly payload: string;
  readonly protected: string;
  readonly header: Readonly<Record<string, string>>;
}

interface CoseVector {
  readonly payload: string;
  readonly protectedHeaders: { readonly cborHex: string };
  readonly unprotectedHeaders: { readonly cborHex: string };
  readonly expectedOutput: { readonly cborHex: string };
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'));
}

function attribute(key: string, value: string, critical = false) {
  return { key, value, critical };
}

describe('JWS conformance vector', () => {
  const vector = read('jws.json') as JwsVector;
  const request: Omit<CheckedRequest, 'certificateChain'> = {
    payload: { contentType: payloadMediaType, content: Buffer.from('{"key":"hello JWS"}') },
    signingScheme: 'notary.x509',
    signingTime: instantOfDate(new Date('2022-08-29T13:50:00Z')),
    expiry: instantOfDate(new Date('2099-08-30T13:50:00Z')),
    extended: [
      attribute('signedCritKey1', 'signedCritValue1', true),
      ...['signedKey1', 'signedKey2', 'signedKey3', 'signedKey4'].map((key) => attribute(key, 'signedValue1')),
    ],
    signingAgent: agent,
    algorithm: algorithmOfKeySpec('EC-256'),
  };

  it('[NP-36] has our payload and protected header', () => {
    expect(encodeBase64Url(encodeJwsPayload(request.payload.content))).toBe(vector.payload);
    expect(encodeBase64Url(encodeJwsHeader(request))).toBe(vector.protected);
  });

  it('[NP-36] is what a whole envelope contains', () => {
    const envelope = signEnvelope({
      signer: createCertificateAuthority().issue(),
      payload: request.payload.content,
      signingTime: new Date('2022-08-29T13:50:00.999Z'),
      expiry: new Date('2099-08-30T13:50:00Z'),
      extended: request.extended,
      signingAgent: agent,
    });
    const {
      payload,
      protected: header,
      header: unprotected,
    } = JSON.parse(Buffer.from(envelope).toString()) as JwsVector;
    expect({ payload, header }).toEqual({ payload: vector.payload, header: vector.protected });
    expect(unprotected['io.cncf.notary.signingAgent']).toBe(vector.header['io.cncf.notary.signingAgent']);
  });
});

describe('COSE conformance vector', () => {
  const vector = read('cose.json') as CoseVector;
  const payload = Buffer.from('hello COSE');
  const extended = [attribute('signedCritKey1', 'signedCritValue1', true), attribute('signedKey1', 'signedValue1')];
  const signingTime = new Date(1661321924 * 1000);
  const expiry = new Date(1661408324 * 1000);
  const request: Omit<CheckedRequest, 'certificateChain'> = {
    payload: { contentType: payloadMediaType, content: payload },
    signingScheme: 'notary.x509',
    signingTime: instantOfDate(signingTime),
    expiry: instantOfDate(expiry),
    extended,
    signingAgent: agent,
    algorithm: algorithmOfKeySpec('RSA-3072'),
  };

  it('[NP-92] has our protected map', () => {
    expect(payload.toString('hex')).toBe(vector.payload.toLowerCase());
    expect(hex(encodeCoseProtected(request))).toBe(vector.protectedHeaders.cborHex.toLowerCase());
  });

  it('[NP-92] has our unprotected map and message', () => {
    const expected = vector.expectedOutput.cborHex.toLowerCase();
    const signature = Buffer.from(expected.slice(-2 * 384), 'hex');
    const unprotected = new Map([['io.cncf.notary.signingAgent', agent]]);
    expect(hex(encodeCbor(unprotected))).toBe(vector.unprotectedHeaders.cborHex.toLowerCase());
    expect(hex(encodeCoseSign1(encodeCoseProtected(request), unprotected, payload, signature))).toBe(expected);
  });

  it('[NP-92] is what a whole envelope contains', () => {
    const envelope = signEnvelope({
      signer: createCertificateAuthority().issue({ keyType: 'RSA-3072' }),
      format: 'cose',
      payload,
      signingTime,
      expiry,
      extended,
      signingAgent: agent,
    });
    const start = vector.expectedOutput.cborHex.toLowerCase().slice(0, 2 * (5 + 0x117));
    expect(hex(envelope).startsWith(start)).toBe(true);
  });

  it('is signed over the Sig_structure of RFC 9052', () => {
    const { cborHex } = vector.protectedHeaders;
    expect(hex(encodeToBeSigned(Buffer.from(cborHex, 'hex'), payload))).toBe(
      `846a5369676e617475726531590117${cborHex.toLowerCase()}404a68656c6c6f20434f5345`,
    );
  });
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
