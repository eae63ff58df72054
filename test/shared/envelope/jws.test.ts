// SPDX-License-Identifier: Apache-2.0
import { constants, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadMediaType } from '../../../shared/envelope/content.ts';
import { readContent, verifyIntegrity } from '../../../shared/envelope/envelope.ts';
import { NotaryError } from '../../../shared/errors.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import {
  authenticSigningTime,
  craftJws,
  type CraftedJws,
  encode,
  expiry,
  parseCraftedJws,
  parseJwsText,
  payloadText,
  scheme,
  signingTime,
  x5cOf,
} from '../../fakes/crafted-jws.ts';
import { expectError } from '../../support/expect-error.ts';

const authority = createCertificateAuthority();
const signer = authority.issue();
const rsaSigner = authority.issue({ keyType: 'RSA-2048' });
const x5c = x5cOf(signer);

type Spec = Omit<CraftedJws, 'signer'> & Partial<Pick<CraftedJws, 'signer'>>;

function verify(spec: Spec = {}) {
  return verifyIntegrity(parseCraftedJws({ signer, ...spec }));
}

function verifyText(text: string) {
  return verifyIntegrity(parseJwsText(text));
}

function expectInvalid(spec: Spec, text: string | RegExp): void {
  expectError(() => verify(spec), 'envelope-invalid', text);
}

/** The reasons that a JWT library would give come behind a common text. */
function expectIntegrity(spec: Spec, reason: string | RegExp): void {
  const text = typeof reason === 'string' ? `signature is invalid. Error: ${reason}` : reason;
  expectError(() => verify(spec), 'envelope-integrity', text);
}

const authoritySigned = {
  [scheme]: 'notary.x509.signingAuthority',
  [signingTime]: undefined,
  [authenticSigningTime]: '2026-06-01T00:00:00Z',
  crit: [scheme, authenticSigningTime],
};

const notMarked = (name: string) => `these required headers are not marked as critical: [${name}]`;
const notPresent = (name: string) => `"${name}" header is marked critical but not present`;

describe('a JWS document', () => {
  it('verifies when it is right', () => {
    const content = verify();
    expect(content.payload).toEqual({
      contentType: payloadMediaType,
      content: new Uint8Array(Buffer.from(payloadText)),
    });
    expect(content.unsignedAttributes).toEqual({ signingAgent: 'crafted/1', timestampSignature: undefined });
    expect(content.algorithm.jws).toBe('ES256');
    expect(content.certificateChain).toHaveLength(3);
  });

  it('[NP-37] may not be empty', () => {
    expectError(() => parseJwsText(''), 'envelope-invalid', /^unexpected end of JSON input/);
  });

  it('[NP-38] without members has no certificate chain', () => {
    expectError(() => verifyText('{}'), 'envelope-invalid', 'certificate chain is not present');
    expectError(() => verifyText('null'), 'envelope-invalid', 'certificate chain is not present');
  });

  it('in general serialisation has no certificate chain either', () => {
    const text = JSON.stringify({ payload: 'e30', signatures: [{ protected: 'e30', signature: 'AA' }] });
    expectError(() => verifyText(text), 'envelope-invalid', 'certificate chain is not present');
  });

  it('[NP-39] [NP-40] may be followed by white space only', () => {
    expectError(() => parseJwsText(`${craftJws({ signer })}x`), 'envelope-invalid', /after top-level value/);
    expect(verifyText(` ${craftJws({ signer })}\r\n`)).toBeDefined();
  });

  it('[NP-41] matches members by any case', () => {
    const text = craftJws({ signer });
    expect(verifyText(text.replace('"payload"', '"Payload"').replace('"x5c"', '"X5C"'))).toBeDefined();
    expect(verifyText(text.replace('"signature"', '"ſignature"'))).toBeDefined();
  });

  it('[NP-42] takes the last of repeated members', () => {
    const text = craftJws({ signer });
    const tampered = encode('{"targetArtifact":{}}');
    expectError(
      () => verifyText(text.replace(/\}$/, `,"payload":"${tampered}"}`)),
      'envelope-integrity',
      'signature is invalid. Error: crypto/ecdsa: verification error',
    );
    expect(verifyText(text.replace('{', `{"payload":"${tampered}",`))).toBeDefined();
    expect(verifyText(text.replace(/\}$/, ',"payload":null}'))).toBeDefined();
  });

  it('merges repeated unprotected headers', () => {
    const text = craftJws({ signer, unprotected: { x5c: undefined } });
    const content = verifyText(text.replace(/\}$/, `,"header":{"x5c":${JSON.stringify(x5c)}}}`));
    expect(content.unsignedAttributes.signingAgent).toBe('crafted/1');
  });

  it('[NP-43] [NP-44] may have more members', () => {
    expect(verify({ envelope: { more: [1] } })).toBeDefined();
    expect(verify({ unprotected: { more: { deep: true } } })).toBeDefined();
  });

  it.each([
    ['payload', 5],
    ['protected', {}],
    ['signature', []],
    ['header', []],
  ])('is not one with another type for %s', (name, value) => {
    expectInvalid({ envelope: { [name]: value } }, /^(?:payload|protected|signature|header): expected/);
  });
});

describe('the JWS certificate chain', () => {
  it('[NP-45] [NP-46] must be there', () => {
    for (const chain of [undefined, null, []]) {
      expectInvalid({ unprotected: { x5c: chain } }, 'certificate chain is not present');
    }
  });

  it('[NP-47] must begin with a certificate', () => {
    expectInvalid({ unprotected: { x5c: ['AAAA', ...x5c.slice(1)] } }, 'malformed leaf certificate');
  });

  it('[NP-48] must consist of certificates', () => {
    expectInvalid({ unprotected: { x5c: [x5c[0], 'AAAA'] } }, /x509/);
  });

  it('[NP-49] is standard base64 with padding', () => {
    expectInvalid({ unprotected: { x5c: [`-${x5c[0]?.slice(1) ?? ''}`] } }, /^illegal base64 data/);
    expectInvalid({ unprotected: { x5c: ['AA'] } }, /^illegal base64 data/);
    expectInvalid({ unprotected: { x5c: 'AAAA' } }, /^x5c: expected array/);
  });

  it('[NP-50] may have line breaks in its base64', () => {
    expect(verify({ unprotected: { x5c: x5c.map((text) => text.replace(/.{64}/g, '$&\r\n')) } })).toBeDefined();
  });

  it('may be arrays of numbers', () => {
    expect(verify({ unprotected: { x5c: signer.chainDer.map((der) => [...der]) } })).toBeDefined();
  });

  it('is judged by the code-signing rules', () => {
    expectInvalid({ unprotected: { x5c: x5c.slice(0, 2) } }, /^certificate-chain is invalid, root certificate with/);
  });
});

describe('the JWS signature', () => {
  it('[NP-51] covers base64url without padding', () => {
    expectIntegrity({ envelope: { payload: `${encode(`${payloadText} `)}=` } }, /illegal base64 data/);
    expectIntegrity({ envelope: { protected: 'e30=' } }, /illegal base64 data/);
  });

  it('[NP-52] [NP-54] fails for other bytes than were signed', () => {
    const { signature } = JSON.parse(craftJws({ signer })) as { signature: string };
    const other = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    expectIntegrity({ envelope: { signature: other } }, 'crypto/ecdsa: verification error');
    expectIntegrity({ envelope: { payload: encode('{}') } }, 'crypto/ecdsa: verification error');
    expectIntegrity({ signer: rsaSigner, envelope: { payload: encode('{}') } }, 'crypto/rsa: verification error');
  });

  it('[NP-53] may not be empty', () => {
    expectIntegrity({ envelope: { signature: '' } }, 'crypto/ecdsa: verification error');
    expectError(
      () => readContent(parseCraftedJws({ signer, envelope: { signature: '' } })),
      'envelope-invalid',
      'signature missing in jws-json envelope',
    );
  });

  it('must be three segments', () => {
    for (const name of ['payload', 'protected', 'signature']) {
      expectIntegrity({ envelope: { [name]: 'AA.AA' } }, 'token contains an invalid number of segments');
    }
  });

  it('[SEC-2] may be ten megabytes of dots', () => {
    const dots = '.'.repeat(10 * 1024 * 1024);
    expectError(() => parseJwsText(dots), 'envelope-invalid', /^invalid character '\.'/);
    for (const name of ['payload', 'protected', 'signature']) {
      expectIntegrity({ envelope: { [name]: dots } }, 'token contains an invalid number of segments');
    }
  });

  it.each(['RS256', 'HS256', 'none', 'EdDSA'])('[NP-55] may not be %s', (alg) => {
    expectIntegrity({ header: { alg } }, `signing method ${alg} is invalid`);
  });

  it('[NP-56] [NP-57] [NP-58] names its algorithm', () => {
    expectIntegrity({ header: { alg: 'XX' } }, 'signing method (alg) is unavailable.');
    for (const alg of [undefined, 5, null]) {
      expectIntegrity({ header: { alg } }, 'signing method (alg) is unspecified.');
    }
    expectIntegrity({ header: { alg: undefined, Alg: 'ES256' } }, 'signing method (alg) is unspecified.');
  });

  it('[NP-59] may have any salt length', () => {
    const key = { key: rsaSigner.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 20 };
    expect(verify({ signer: rsaSigner, sign: (data) => sign('sha256', data, key) })).toBeDefined();
  });

  it('[NP-60] is r and s of fixed size, not DER', () => {
    expectIntegrity({ sign: (data) => sign('sha256', data, signer.privateKey) }, 'crypto/ecdsa: verification error');
  });

  it('[NP-61] is made with the algorithm of the key', () => {
    const key = { key: rsaSigner.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };
    expectInvalid(
      { signer: rsaSigner, header: { alg: 'PS384' }, sign: (data) => sign('sha384', data, key) },
      'mismatch between signature algorithm derived from signing certificate (1) and signing algorithm specified (2s)',
    );
  });

  it('takes the algorithm for the key from a claim of any case', () => {
    const header = `{"alg":"ES256","ALG":"PS999","crit":["${scheme}"],"${scheme}":"notary.x509"}`;
    expectError(() => verify({ header }), 'algorithm-unsupported', 'signature algorithm "PS999" is not supported');
  });

  it('is not checked with a key of another type', () => {
    expectIntegrity({ header: { alg: 'PS256' } }, /^signature is invalid/);
    const ed25519 = authority.issue({ keyType: 'Ed25519' });
    const header = '{"alg":"ES256"}';
    expectIntegrity({ signer: ed25519, header, sign: () => new Uint8Array(64) }, /^signature is invalid/);
  });

  it('covers a payload that is an object, whatever follows it', () => {
    expect(verify({ payload: `${payloadText} x` })).toBeDefined();
    expect(verify({ payload: 'null' })).toBeDefined();
    for (const payload of ['[]', '"a"', '1', '', '{']) expectIntegrity({ payload }, /^signature is invalid/);
  });

  it('covers every character of payload and protected header', () => {
    const document = JSON.parse(craftJws({ signer })) as Record<'payload' | 'protected', string>;
    fc.assert(
      fc.property(fc.constantFrom('payload', 'protected'), fc.nat(), fc.nat(63), (name, at, other) => {
        const text = document[name];
        const index = at % text.length;
        const character = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.charAt(other);
        fc.pre(text[index] !== character);
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        expectError(
          () => verifyText(JSON.stringify({ ...document, [name]: changed })),
          'envelope-integrity',
          /^signature is invalid/,
        );
      }),
    );
  });
});

describe('JWS critical headers', () => {
  it('[NP-62] [NP-63] must be listed', () => {
    for (const crit of [undefined, [], null]) expectInvalid({ header: { crit } }, 'missing "crit" header');
  });

  it('[NP-64] [NP-65] [NP-77] hold all that is required', () => {
    expectInvalid({ header: { crit: ['k'], k: 1 } }, notMarked(scheme));
    expectInvalid({ header: { [expiry]: '2030-01-01T00:00:00Z' } }, notMarked(expiry));
    expectInvalid({ header: { ...authoritySigned, crit: [scheme] } }, notMarked(authenticSigningTime));
  });

  it.each([
    ['NP-66', expiry],
    ['NP-67', 'alg'],
    ['NP-67', 'cty'],
    ['NP-67', 'crit'],
    ['NP-68', signingTime],
    ['NP-69', scheme],
    ['NP-71', 'k'],
    ['NP-71', ''],
  ])('[%s] may not add %j', (_, name) => {
    expectInvalid({ header: { crit: [scheme, name] } }, notPresent(name));
  });

  it('[NP-70] may list an extended attribute twice', () => {
    expect(verify({ header: { crit: [scheme, 'k', 'k'], k: 'v' } }).signedAttributes.extended).toEqual([
      { key: 'k', critical: true, value: 'v' },
    ]);
  });
});

describe('the JWS signing scheme', () => {
  it('[NP-72] [NP-73] is one of two', () => {
    expectInvalid({ header: { [scheme]: undefined } }, 'unsupported SigningScheme: ``');
    expectInvalid({ header: { [scheme]: 'notary.x509.foo' } }, 'unsupported SigningScheme: `notary.x509.foo`');
  });

  it('[NP-74] [NP-75] [NP-76] decides which time there is', () => {
    expectInvalid(
      { header: { [authenticSigningTime]: '2026-06-01T00:00:00Z' } },
      `"${authenticSigningTime}" header must not be present for notary.x509 signing scheme`,
    );
    expectInvalid(
      { header: { ...authoritySigned, [signingTime]: '2026-06-01T00:00:00Z' } },
      `"${signingTime}" header must not be present for notary.x509.signingAuthority signing scheme`,
    );
    expectInvalid(
      { header: { ...authoritySigned, [authenticSigningTime]: undefined } },
      `"${authenticSigningTime}" header must be present for notary.x509 signing scheme`,
    );
  });

  it('of a signing authority gives an authentic time', () => {
    expect(verify({ header: authoritySigned }).signedAttributes).toEqual({
      signingScheme: 'notary.x509.signingAuthority',
      authenticSigningTime: { date: new Date('2026-06-01'), offsetMinutes: 0 },
      expiry: undefined,
      extended: [],
    });
  });
});

describe('JWS times', () => {
  it('[NP-78] [NP-81] include a signing time', () => {
    for (const time of [undefined, null, '0001-01-01T00:00:00Z']) {
      expectInvalid({ header: { [signingTime]: time } }, 'signing-time not present');
    }
  });

  it('[NP-276] know what is less than a millisecond', () => {
    const claimed = (time: string) => {
      const { signedAttributes } = verify({ header: { ...authoritySigned, [authenticSigningTime]: time } });
      return 'authenticSigningTime' in signedAttributes && signedAttributes.authenticSigningTime;
    };
    const date = new Date('2026-06-01T00:00:00.001Z');
    expect(claimed('2026-06-01T00:00:00.001Z')).toEqual({ date, offsetMinutes: 0 });
    expect(claimed('2026-06-01T00:00:00.001000001Z')).toEqual({ date, offsetMinutes: 0, isLater: true });
  });

  it('[NP-79] keep their zone', () => {
    const { signedAttributes } = verify({ header: { [signingTime]: '2022-08-29T13:50:00.25+02:00' } });
    expect(signedAttributes).toMatchObject({
      signingTime: { date: new Date('2022-08-29T11:50:00.250Z'), offsetMinutes: 120 },
    });
  });

  it.each(['2022-08-29 13:50:00', 5, '', '2022-08-29T13:50:60Z'])('[NP-80] are RFC 3339, not %j', (time) => {
    expectInvalid(
      { header: { [signingTime]: time } },
      /^jws envelope protected header can't be decoded: io\.cncf\.notary\.signingTime: /,
    );
  });

  it('are not decoded from escapes', () => {
    const header = `{"alg":"ES256","crit":["${scheme}"],"${scheme}":"notary.x509","${signingTime}":"2026-06-01T00:00:00\\u005a"}`;
    expectInvalid({ header }, /can't be decoded/);
  });

  it('[NP-82] let the expiry be after the signing time', () => {
    const message = 'expiry cannot be equal or before the signing time';
    for (const time of ['2026-06-01T00:00:00Z', '2026-05-31T23:59:59.999999999Z']) {
      expectInvalid({ header: { [expiry]: time, crit: [scheme, expiry] } }, message);
    }
    const soon = { [expiry]: '2026-06-01T00:00:00.000000001Z', crit: [scheme, expiry] };
    expect(verify({ header: soon }).signedAttributes.expiry).toBeDefined();
  });

  it('[NP-83] let the zero time stand for no expiry', () => {
    expect(verify({ header: { [expiry]: '0001-01-01T00:00:00Z' } }).signedAttributes.expiry).toBeUndefined();
  });
});

describe('the JWS protected header', () => {
  it.each(['x', '[]', '"a"', '{} x', '{"k":1e400}'])('[NP-84] is a JSON object, not %j', (header) => {
    expectIntegrity({ header }, /^signature is invalid/);
    expectError(
      () => readContent(parseCraftedJws({ signer, header })),
      'envelope-invalid',
      /^jws envelope protected header can't be decoded: /,
    );
  });

  it('[NP-85] carries any content type: the verifier judges it', () => {
    expect(verify({ header: { cty: 'text/plain' } }).payload.contentType).toBe('text/plain');
  });

  it('[NP-86] matches claims by any case, which remain extended attributes', () => {
    const content = verify({ header: { cty: undefined, CTY: payloadMediaType } });
    expect(content.payload.contentType).toBe(payloadMediaType);
    expect(content.signedAttributes.extended).toEqual([{ key: 'CTY', critical: false, value: payloadMediaType }]);
  });

  it('keeps extended attributes of any kind, even deeply nested', () => {
    const depth = 9000;
    const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const header = `{"alg":"ES256","crit":["${scheme}"],"${scheme}":"notary.x509","${signingTime}":"2026-06-01T00:00:00Z","__proto__":{"a":1},"deep":${nested}}`;
    const { extended } = verify({ header }).signedAttributes;
    expect(extended.map(({ key }) => key)).toEqual(['__proto__', 'deep']);
    expect(extended[0]?.value).toEqual(new Map([['a', 1]]));
  });
});

describe('an unverified JWS', () => {
  it('can be read although its signature does not verify', () => {
    const envelope = parseCraftedJws({ signer, envelope: { signature: 'AAAA' } });
    expect(readContent(envelope).signature).toHaveLength(3);
    expectError(() => verifyIntegrity(envelope), 'envelope-integrity', /./);
  });

  it('tells the token of a timestamp, unless it is empty', () => {
    const token = (value: unknown) =>
      verify({ unprotected: { 'io.cncf.notary.timestampSignature': value } }).unsignedAttributes.timestampSignature;
    expect(token('AQI=')).toEqual(Uint8Array.of(1, 2));
    expect(token('')).toBeUndefined();
    expect(token(null)).toBeUndefined();
  });
});

describe('parsing a JWS', () => {
  it('never throws anything but a NotaryError', () => {
    const text = craftJws({ signer });
    const mutated = fc
      .tuple(fc.nat(text.length), fc.nat(8), fc.string({ maxLength: 4 }))
      .map(([at, removed, added]) => text.slice(0, at) + added + text.slice(at + removed));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), mutated), (input) => {
        try {
          verifyText(input);
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
