// SPDX-License-Identifier: Apache-2.0
import { constants, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadMediaType } from '../../../shared/envelope/content.ts';
import { readContent, verifyIntegrity } from '../../../shared/envelope/envelope.ts';
import { NotaryError } from '../../../shared/errors.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import {
  bySigningAuthority,
  type CoseEntries,
  craftCose,
  type CraftedCose,
  critical,
  encodeEntries,
  expiresAt,
  parseCoseBytes,
  parseCraftedCose,
  protectedEntries,
  signedAt,
  withExpiry,
} from '../../fakes/crafted-cose.ts';
import { authenticSigningTime, expiry, payloadText, scheme, signingTime } from '../../fakes/crafted-jws.ts';
import { array, bstr, cat, float, head, int, longHead, map, nil, tag, tstr } from '../../fakes/raw-cbor.ts';
import { expectError } from '../../support/expect-error.ts';

const authority = createCertificateAuthority();
const signer = authority.issue();
const rsaSigner = authority.issue({ keyType: 'RSA-2048' });
const [leafDer = new Uint8Array(), ...otherDer] = signer.chainDer;

type Spec = Omit<CraftedCose, 'signer'> & Partial<Pick<CraftedCose, 'signer'>>;

function verify(spec: Spec = {}) {
  return verifyIntegrity(parseCraftedCose({ signer, ...spec }));
}

function read(spec: Spec = {}) {
  return readContent(parseCraftedCose({ signer, ...spec }));
}

/** Verifies with some protected entries changed, and signed so. */
function verifyWith(changes: CoseEntries) {
  return verify(changing(changes));
}

function changing(changes: CoseEntries): Spec {
  return { protected: (entries) => ({ ...entries, ...changes }) };
}

function expectInvalid(spec: Spec, text: string | RegExp): void {
  expectError(() => verify(spec), 'envelope-invalid', text);
}

function expectUnparsable(bytes: Uint8Array, text: string | RegExp): void {
  expectError(() => parseCoseBytes(bytes), 'envelope-invalid', text);
}

function expectIntegrity(spec: Spec, reason: string): void {
  expectError(() => verify(spec), 'envelope-integrity', `signature is invalid. Error: ${reason}`);
}

const notMarked = (name: string) => `these required headers are not marked as critical: [${name}]`;

describe('a COSE message', () => {
  it('verifies when it is right', () => {
    const content = verify();
    expect(content.payload).toEqual({
      contentType: payloadMediaType,
      content: new Uint8Array(Buffer.from(payloadText)),
    });
    expect(content.signedAttributes).toEqual({
      signingScheme: 'notary.x509',
      signingTime: { date: new Date('2026-06-01'), offsetMinutes: 0 },
      expiry: undefined,
      extended: [],
    });
    expect(content.unsignedAttributes).toEqual({ signingAgent: 'crafted/1', timestampSignature: undefined });
    expect(content.algorithm.cose).toBe(-7);
    expect(content.certificateChain).toHaveLength(3);
  });

  it('[NP-96] [NP-97] is a tagged COSE_Sign1 in its shortest form', () => {
    const message = craftCose({ signer }).subarray(1);
    const text = 'cbor: invalid COSE_Sign1_Tagged object';
    expectUnparsable(message, text);
    expectUnparsable(cat(head(6, 98), message), text);
    expectUnparsable(cat(longHead(6, 18, 1), message), text);
    expectUnparsable(tag(55_799, craftCose({ signer })), text);
    expectUnparsable(new Uint8Array(), text);
    expectUnparsable(cat(Uint8Array.of(0xd2, 0x83), message.subarray(1)), text);
  });

  it('[NP-98] has nothing behind it', () => {
    expectUnparsable(cat(craftCose({ signer }), Uint8Array.of(0)), /^cbor: 1 bytes of extraneous data/);
    const protectedMap = cat(encodeEntries(protectedEntries(signer)), Uint8Array.of(0));
    expectInvalid({ protectedMap }, /^cbor: 1 bytes of extraneous data/);
  });

  it('is not cut off', () => {
    const bytes = craftCose({ signer });
    for (let length = 2; length < bytes.length; length += 7) expectUnparsable(bytes.subarray(0, length), /./);
  });

  it('[NP-99] has definite lengths', () => {
    expectInvalid({ items: { unprotected: Uint8Array.of(0xbf, 0xff) } }, /indefinite length/);
    expectInvalid({ items: { payload: Uint8Array.of(0x5f, 0xff) } }, /indefinite length/);
  });

  it('[NP-101] may have long heads and any order of labels', () => {
    const entries = Object.entries(protectedEntries(signer)).reverse();
    const reversed = encodeEntries(Object.fromEntries(entries));
    expect(verify({ protectedMap: reversed })).toBeDefined();
    const longMap = cat(longHead(5, 5, 2), encodeEntries(protectedEntries(signer)).subarray(1));
    expect(
      verify({ protectedMap: longMap, items: { protected: cat(longHead(2, longMap.length, 4), longMap) } }),
    ).toBeDefined();
    expect(verifyWith({ [signingTime]: tag(1, longHead(0, 1_780_272_000, 8)) })).toBeDefined();
  });

  it('[NP-102] has no tags outside the protected bucket', () => {
    const unprotected = (entries: CoseEntries) => ({ ...entries, time: signedAt });
    expectInvalid({ unprotected }, /^cbor: CBOR tag at index \d+ is not allowed$/);
    expect(verifyWith({ time: tag(100, int(1)) })).toBeDefined();
  });

  it('[NP-103] has a payload', () => {
    expectIntegrity({ items: { payload: nil } }, 'missing payload');
    expectInvalid({ items: { payload: tstr('x') } }, 'cbor: require bstr type');
  });

  it('has a payload that is not empty', () => {
    expectInvalid({ payload: '' }, 'content not present');
  });

  it('[NP-104] has a signature', () => {
    expectInvalid({ items: { signature: bstr(new Uint8Array()) } }, 'empty signature');
    expectInvalid({ items: { signature: nil } }, 'empty signature');
    expectInvalid({ items: { signature: tstr('x') } }, 'cbor: require bstr type');
  });

  it('has two buckets that are maps', () => {
    expectInvalid({ items: { protected: nil } }, /require bstr type/);
    expectInvalid({ items: { protected: map() } }, /require bstr type/);
    expectInvalid({ protectedMap: array() }, /require map type/);
    expectInvalid({ items: { unprotected: array() } }, /require map type/);
  });

  it('may have an empty protected bucket, which lacks an algorithm', () => {
    expectIntegrity({ protectedMap: new Uint8Array() }, 'algorithm not found');
  });
});

describe('COSE labels', () => {
  it('[NP-100] are different from each other', () => {
    const entries = protectedEntries(signer);
    const twice = (extra: Uint8Array) => cat(head(5, 6), encodeEntries(entries).subarray(1), extra);
    expectInvalid({ protectedMap: twice(cat(tstr(scheme), tstr('notary.x509'))) }, /duplicate map key/);
    expectInvalid({ protectedMap: twice(cat(longHead(0, 1, 1), int(-7))) }, /duplicate map key/);
    const double = map([int(33), array()], [int(33), array()]);
    expectInvalid({ items: { unprotected: double } }, /duplicate map key/);
  });

  it('are text or integers of 64 bits', () => {
    for (const label of [bstr(Uint8Array.of(1)), nil, float(1), int(-(2n ** 64n)), tag(24, tstr('k'))]) {
      const protectedMap = cat(head(5, 6), encodeEntries(protectedEntries(signer)).subarray(1), label, int(1));
      expectInvalid({ protectedMap }, /^cbor: /);
    }
    expectInvalid({ items: { unprotected: map([int(2n ** 63n), nil]) } }, /overflows int64/);
  });

  it('may be announced as CBOR, but not to stand twice', () => {
    const withLabel = (label: Uint8Array) =>
      cat(head(5, 6), encodeEntries(protectedEntries(signer)).subarray(1), label, int(1));
    const { extended } = read({ protectedMap: withLabel(tag(55_799, tstr('k'))) }).signedAttributes;
    expect(extended.map(({ key }) => key)).toEqual(['k']);
    expectInvalid({ protectedMap: withLabel(tag(55_799, tstr(scheme))) }, /duplicate map key/);
  });

  it.each([
    ['alg', bstr(Uint8Array.of(1)), 'alg: require int / tstr type'],
    ['alg', int(-(2n ** 64n)), 'alg: require int / tstr type'],
    ['alg', float(-7), 'alg: require int / tstr type'],
    ['cty', int(-1), 'content type: require tstr / uint type'],
    ['cty', tstr(''), 'content type: require non-empty string'],
    ['cty', tstr(' a/b'), 'content type: require no leading/trailing whitespace'],
    ['cty', tstr('a/b '), 'content type: require no leading/trailing whitespace'],
    ['cty', tstr('a/b/c'), 'content type: require text of form type/subtype'],
    ['crit', int(1), 'crit: invalid crit header'],
    ['crit', array(nil), 'crit: require int / tstr type'],
  ])('have values of the right form: %s', (name, value, problem) => {
    expectInvalid(
      changing({ [name]: value }),
      `cbor: invalid protected header: protected header: header parameter: ${problem}`,
    );
  });

  const signature = array(bstr(new Uint8Array()), map(), bstr(Uint8Array.of(1)));

  it.each([
    [4, bstr(Uint8Array.of(1)), tstr('x')],
    [5, bstr(Uint8Array.of(1)), int(1)],
    [6, bstr(Uint8Array.of(1)), nil],
    [7, signature, bstr(Uint8Array.of(1))],
    [7, array(signature, nil), array(array())],
    [9, bstr(Uint8Array.of(1)), tstr('x')],
    [11, signature, array(bstr(new Uint8Array()), map(), bstr(new Uint8Array()))],
    [11, nil, array(tstr('x'), map(), bstr(Uint8Array.of(1)))],
    [12, bstr(Uint8Array.of(1)), array()],
    [16, tstr('a/b'), tstr('a')],
    [16, int(5), bstr(Uint8Array.of(1))],
  ])('of RFC 9052 have rules of their own: %i', (label, good, bad) => {
    const unprotected = (value: Uint8Array) => map([int(33), array(...signer.chainDer.map(bstr))], [int(label), value]);
    expect(verify({ items: { unprotected: unprotected(good) } })).toBeDefined();
    expectInvalid({ items: { unprotected: unprotected(bad) } }, /^cbor: invalid unprotected header/);
  });

  it.each([7, 9, 11, 12])('of countersignatures are not protected: %i', (label) => {
    const value = label === 7 || label === 11 ? signature : bstr(Uint8Array.of(1));
    const protectedMap = cat(head(5, 6), encodeEntries(protectedEntries(signer)).subarray(1), int(label), value);
    expectInvalid({ protectedMap }, /not allowed$/);
  });

  it('do not name two kinds of initial vector', () => {
    const iv = bstr(Uint8Array.of(1));
    expectInvalid({ items: { unprotected: map([int(5), iv], [int(6), iv]) } }, /IV and PartialIV/);
    const protectedMap = cat(head(5, 6), encodeEntries(protectedEntries(signer)).subarray(1), int(5), iv);
    expectInvalid({ protectedMap, items: { unprotected: map([int(6), iv]) } }, /IV and PartialIV/);
    expect(read({ protectedMap }).signedAttributes.extended).toEqual([
      { key: 5, critical: false, value: Uint8Array.of(1) },
    ]);
  });

  it('may be in both buckets otherwise', () => {
    const unprotected = (entries: CoseEntries) => ({ ...entries, alg: int(-7), [scheme]: tstr('x') });
    expect(verify({ unprotected })).toBeDefined();
  });
});

describe('the COSE certificate chain', () => {
  const withChain = (x5chain: Uint8Array | undefined): Spec => ({
    unprotected: (entries) => ({ ...entries, x5chain }),
  });

  it('[NP-105] [NP-106] [NP-107] is an unprotected array', () => {
    const chain = array(...signer.chainDer.map(bstr));
    const text = 'certificate chain is not present';
    expectInvalid({ ...withChain(undefined), ...changing({ x5chain: chain }) }, text);
    for (const value of [undefined, bstr(leafDer), array(), nil]) expectInvalid(withChain(value), text);
    expect(verify(withChain(chain))).toBeDefined();
  });

  it('[NP-108] [NP-109] holds byte strings', () => {
    expectInvalid(withChain(array(tstr('x'))), 'COSE envelope malformed leaf certificate');
    expectInvalid(withChain(array(bstr(leafDer), tstr('x'))), 'certificate chain is not present');
  });

  it('holds certificates that form a chain', () => {
    expectInvalid(withChain(array(bstr(Uint8Array.of(1)))), 'malformed leaf certificate');
    expectInvalid(withChain(array(bstr(leafDer), bstr(Uint8Array.of(1)))), /x509/);
    expectInvalid(
      withChain(array(...[leafDer, ...otherDer.slice(0, -1)].map(bstr))),
      /^certificate-chain is invalid, root certificate with/,
    );
  });

  it('begins with a supported key', () => {
    const unsupported = (keyType: 'RSA-1024' | 'EC-224' | 'Ed25519') => {
      const { chainDer } = authority.issue({ keyType });
      return withChain(array(...chainDer.map(bstr)));
    };
    expectInvalid(unsupported('RSA-1024'), 'rsa key size 1024 bits is not supported');
    expectInvalid(unsupported('EC-224'), 'ecdsa key size 224 bits is not supported');
    expectInvalid(unsupported('Ed25519'), 'unsupported public key type');
  });
});

describe('the COSE signature', () => {
  it('[NP-110] [NP-111] [NP-112] is made with the algorithm of the key', () => {
    expectIntegrity(changing({ alg: undefined }), 'algorithm not found');
    expectIntegrity(changing({ alg: int(-257) }), 'algorithm mismatch: verifier ES256: header -257');
    expectIntegrity(changing({ alg: int(-35) }), 'algorithm mismatch: verifier ES256: header ES384');
    expectIntegrity(changing({ alg: tstr('ES256') }), 'invalid algorithm');
    expectError(() => read(changing({ alg: undefined })), 'envelope-invalid', 'algorithm not found');
    expectError(
      () => read(changing({ alg: int(-257) })),
      'envelope-invalid',
      'signature algorithm not supported: -257',
    );
  });

  it('[NP-113] has a salt as long as the hash', () => {
    const pss = (saltLength: number): Spec => ({
      signer: rsaSigner,
      sign: (data) =>
        sign('sha256', data, { key: rsaSigner.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
    });
    expectIntegrity(pss(20), 'verification error');
    expect(verify(pss(32))).toBeDefined();
  });

  it('[NP-136] covers payload and protected bucket', () => {
    expectIntegrity({ items: { payload: bstr(Buffer.from('{}')) } }, 'verification error');
    const other = encodeEntries({ ...protectedEntries(signer), k: int(1) });
    expectIntegrity({ items: { protected: bstr(other) } }, 'verification error');
    expectIntegrity({ sign: () => new Uint8Array(64) }, 'verification error');
    expectIntegrity({ sign: (data) => sign('sha256', data, signer.privateKey) }, 'verification error');
  });

  it('[NP-136] covers every byte of them', () => {
    const payload = Buffer.from(payloadText);
    fc.assert(
      fc.property(fc.nat(payload.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(payload);
        changed[at] = (changed[at] ?? 0) ^ change;
        expectIntegrity({ items: { payload: bstr(changed) } }, 'verification error');
      }),
    );
    const protectedMap = encodeEntries(protectedEntries(signer));
    fc.assert(
      fc.property(fc.nat(protectedMap.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(protectedMap);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(() => verify({ items: { protected: bstr(changed) } })).toThrow(NotaryError);
      }),
    );
  });
});

describe('COSE claims', () => {
  it('[NP-114] [NP-115] [NP-116] have a content type', () => {
    expectInvalid(changing({ cty: undefined }), 'missing content type');
    expectInvalid(changing({ cty: int(5) }), "content type should be of 'tstr' type");
    expectInvalid(changing({ cty: tstr('abc') }), /content type: require text of form type\/subtype$/);
    expect(verifyWith({ cty: tstr('text/plain') }).payload.contentType).toBe('text/plain');
  });

  it('[SEC-2] refuse a content type of ten megabytes of slashes', () => {
    expectInvalid(changing({ cty: tstr('/'.repeat(10 * 1024 * 1024)) }), /require text of form type\/subtype$/);
  });

  it('[NP-117] [NP-118] [NP-119] have critical labels that are there', () => {
    expectInvalid(changing({ crit: undefined }), notMarked(scheme));
    expectInvalid(changing({ crit: array() }), /crit: empty crit header$/);
    expectInvalid(changing({ crit: critical(scheme, 'nope') }), /crit: missing critical header: nope$/);
    expectInvalid({ items: { unprotected: map([int(2), critical(scheme)]) } }, /crit: not allowed$/);
  });

  it('[NP-120] [NP-121] may mark any label that is there as critical, even twice', () => {
    expect(verifyWith({ crit: array(tstr(scheme), int(1), int(3)) })).toBeDefined();
    expect(verifyWith({ crit: critical(scheme, signingTime, scheme) })).toBeDefined();
  });

  it('[NP-122] [NP-123] name a signing scheme', () => {
    expectInvalid(changing({ [scheme]: int(1) }), 'invalid signingScheme');
    expectInvalid(changing({ [scheme]: undefined, crit: array(int(1)) }), 'invalid signingScheme');
    expectInvalid(changing({ [scheme]: tstr('notary.x509.foo') }), 'unsupported signingScheme: notary.x509.foo');
  });

  it('[NP-124] mark what is required as critical', () => {
    expectInvalid(changing({ [expiry]: expiresAt }), notMarked(expiry));
    expectInvalid(
      { protected: (entries) => ({ ...bySigningAuthority(entries), crit: critical(scheme) }) },
      notMarked(authenticSigningTime),
    );
    expect(verify({ protected: withExpiry }).signedAttributes.expiry?.date).toEqual(new Date('2036-06-01'));
  });

  it('[NP-125] [NP-126] [NP-127] have a signing time with tag 1', () => {
    const text = (problem: string) => `invalid signingTime: ${problem}`;
    expectInvalid(changing({ [signingTime]: undefined }), text(`protected header "${signingTime}" is missing`));
    expectInvalid(changing({ [signingTime]: nil }), text(`protected header "${signingTime}" is missing`));
    expectInvalid(changing({ [signingTime]: int(1_780_272_000) }), text('invalid timeValue type'));
    expectInvalid(
      changing({ [signingTime]: tag(0, tstr('2026-06-01T00:00:00Z')) }),
      text('only Tag `1` Datetime CBOR object is supported'),
    );
    expectInvalid(changing({ [signingTime]: tag(1, tstr('x')) }), /^cbor: tag number 1 with inadmissible content/);
    expectInvalid(changing({ [signingTime]: tag(0, tstr('x')) }), /^cbor: tag number 0 with inadmissible content/);
  });

  it('[NP-128] may have fractions of a second', () => {
    const time = verifyWith({ [signingTime]: tag(1, float(1_661_321_924.5)) }).signedAttributes;
    expect(time).toMatchObject({ signingTime: { date: new Date(1_661_321_924_500) } });
    const before = verifyWith({ [signingTime]: tag(1, float(-1.5)) }).signedAttributes;
    expect(before).toMatchObject({ signingTime: { date: new Date(-1500) } });
  });

  it('[NP-129] have a signing time that is a time', () => {
    for (const value of [float(Number.NaN), float(Number.POSITIVE_INFINITY), int(-62_135_596_800)]) {
      expectInvalid(changing({ [signingTime]: tag(1, value) }), 'signing-time not present');
    }
  });

  it('[NP-130] have an expiry with tag 1, after the signing time', () => {
    const crit = critical(scheme, expiry);
    const problem = 'invalid expiry: only Tag `1` Datetime CBOR object is supported';
    expectInvalid(changing({ crit, [expiry]: tag(0, tstr('2036-06-01T00:00:00Z')) }), problem);
    expectInvalid(changing({ crit, [expiry]: nil }), `invalid expiry: protected header "${expiry}" is missing`);
    expectInvalid(changing({ crit, [expiry]: signedAt }), 'expiry cannot be equal or before the signing time');
    expect(verifyWith({ crit, [expiry]: tag(1, float(Number.NaN)) }).signedAttributes.expiry).toBeUndefined();
    const far = verifyWith({ crit, [expiry]: tag(1, int(2n ** 62n)) }).signedAttributes.expiry;
    expect(far?.date.getUTCFullYear()).toBe(275_760);
  });

  it('[NP-131] [NP-132] ignore the time of the other scheme', () => {
    expect(verifyWith({ [authenticSigningTime]: int(1) }).signedAttributes).toMatchObject({ extended: [] });
    const both = verify({ protected: (entries) => ({ ...bySigningAuthority(entries), [signingTime]: int(1) }) });
    expect(both.signedAttributes).toMatchObject({
      signingScheme: 'notary.x509.signingAuthority',
      authenticSigningTime: { date: new Date('2026-06-01') },
      extended: [],
    });
  });

  it('[NP-133] [NP-134] ignore unsigned attributes of another type', () => {
    const unsigned = (name: string, value: Uint8Array) =>
      verify({ unprotected: (entries) => ({ ...entries, [name]: value }) }).unsignedAttributes;
    expect(unsigned('io.cncf.notary.signingAgent', int(1)).signingAgent).toBeUndefined();
    expect(unsigned('io.cncf.notary.timestampSignature', tstr('x')).timestampSignature).toBeUndefined();
    expect(unsigned('io.cncf.notary.timestampSignature', bstr(Uint8Array.of(1))).timestampSignature).toEqual(
      Uint8Array.of(1),
    );
  });

  it('[NP-135] may have extended attributes with integer labels', () => {
    const protectedMap = cat(
      head(5, 6),
      encodeEntries({ ...protectedEntries(signer), crit: array(tstr(scheme), int(99)) }).subarray(1),
      int(99),
      map([tstr('a'), array(float(1), tag(5, nil))]),
    );
    expect(verify({ protectedMap }).signedAttributes.extended).toEqual([
      { key: 99, critical: true, value: new Map([['a', [1, { tag: 5n, content: null }]]]) },
    ]);
  });

  it('may announce that they are CBOR', () => {
    const announced = (value: Uint8Array) => tag(55_799, value);
    expect(verifyWith({ [scheme]: announced(tstr('notary.x509')), [signingTime]: announced(signedAt) })).toBeDefined();
  });
});

describe('parsing a COSE message', () => {
  it('never throws anything but a NotaryError', () => {
    const bytes = craftCose({ signer, protected: withExpiry });
    const mutated = fc
      .tuple(fc.nat(bytes.length), fc.nat(4), fc.uint8Array({ maxLength: 4 }))
      .map(([at, removed, added]) => cat(bytes.subarray(0, at), added, bytes.subarray(at + removed)));
    const headed = fc.uint8Array().map((tail) => cat(Uint8Array.of(0xd2, 0x84), tail));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), headed, mutated), (input) => {
        try {
          verifyIntegrity(parseCoseBytes(input));
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
