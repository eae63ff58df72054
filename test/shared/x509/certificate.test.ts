// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { parseCertificate, parseCertificates, parseChain } from '../../../shared/x509/certificate.ts';
import {
  createCertificateAuthority,
  issueCertificate,
  type CertificateSpec,
} from '../../fakes/certificate-authority.ts';
import {
  basicConstraints,
  crlDistributionPoints,
  extendedKeyUsage,
  extension,
  keyUsage,
  ocspServers,
} from '../../fakes/certificate-extensions.ts';
import {
  bitString,
  context,
  contextPrimitive,
  der,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  text,
} from '../../fakes/der.ts';
import { expectError } from '../../support/expect-error.ts';

const authority = createCertificateAuthority();
const { leaf } = authority.issue();

function parseWith(spec: CertificateSpec) {
  return parseCertificate(issueCertificate('ca', spec).der);
}

/** Positions of the fields of a TBSCertificate. */
const field = { version: 0, serialNumber: 1, signature: 2, issuer: 3, validity: 4, subject: 5, key: 6, extensions: 7 };

function replace(position: keyof typeof field, value: Uint8Array): CertificateSpec {
  return { editFields: (fields) => fields.map((each, index) => (index === field[position] ? value : each)) };
}

describe('parseCertificate', () => {
  it('reads what a certificate says', () => {
    const certificate = parseWith({
      subject: 'C=US,ST=WA,O=Acme,CN=CA',
      issuer: 'CN=Root',
      serialNumber: 0x1234567890abcdef1234n,
      notBefore: new Date('2024-01-02T03:04:05Z'),
      notAfter: new Date('2051-01-02T03:04:05Z'),
      extensions: [
        basicConstraints({ ca: true, pathLength: 2 }),
        keyUsage(['keyCertSign', 'cRLSign', 'decipherOnly']),
        extendedKeyUsage(['codeSigning', '1.2.3']),
        ocspServers('http://ocsp.test/a', 'http://ocsp.test/b'),
        crlDistributionPoints('http://crl.test/a', 'http://crl.test/b'),
      ],
    });
    expect(certificate).toMatchObject({
      version: 3,
      serialNumber: 0x1234567890abcdef1234n,
      subject: 'CN=CA,O=Acme,ST=WA,C=US',
      issuer: 'CN=Root',
      notBefore: new Date('2024-01-02T03:04:05Z'),
      notAfter: new Date('2051-01-02T03:04:05Z'),
      keySpec: 'EC-256',
      keySpecError: undefined,
      signatureAlgorithm: 'ECDSA-SHA256',
      basicConstraints: { ca: true, pathLength: 2 },
      keyUsage: ['keyCertSign', 'cRLSign', 'decipherOnly'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.3', '1.2.3'],
      ocspServers: ['http://ocsp.test/a', 'http://ocsp.test/b'],
      crlDistributionPoints: ['http://crl.test/a', 'http://crl.test/b'],
    });
    expect(certificate.extensions.map(({ oid: id, critical }) => [id, critical])).toEqual([
      ['2.5.29.19', true],
      ['2.5.29.15', true],
      ['2.5.29.37', false],
      ['1.3.6.1.5.5.7.1.1', false],
      ['2.5.29.31', false],
    ]);
  });

  it.each([
    ['RSA-2048', 'SHA256-RSA'],
    ['RSA-3072', 'SHA384-RSA'],
    ['RSA-4096', 'SHA512-RSA'],
    ['EC-256', 'ECDSA-SHA256'],
    ['EC-384', 'ECDSA-SHA384'],
    ['EC-521', 'ECDSA-SHA512'],
  ] as const)('knows the key spec %s', (keyType, signatureAlgorithm) => {
    const certificate = parseWith({ keyType });
    expect(certificate).toMatchObject({ keySpec: keyType, signatureAlgorithm });
    expect(certificate.publicKey?.equals(issueCertificate('ca', { keyType }).keys.publicKey)).toBe(true);
  });

  it('reads versions 1 and 2, without extensions', () => {
    const extensions = [context(3, sequence(basicConstraints({ ca: true })))];
    const editFields = (fields: Uint8Array[]) => [...fields, ...extensions];
    expect(parseWith({ version: 1, editFields })).toMatchObject({ version: 1, extensions: [] });
    expect(parseWith({ version: 2, editFields })).toMatchObject({ version: 2, basicConstraints: undefined });
  });

  it('does not change with the bytes it was parsed from', () => {
    const bytes = Uint8Array.from(leaf.der);
    const certificate = parseCertificate(bytes);
    bytes.fill(0);
    expect(certificate.der).toEqual(leaf.der);
    expect(certificate.tbsCertificate.some((byte) => byte !== 0)).toBe(true);
  });
});

describe('what Go lets pass', () => {
  const accepted: Record<string, CertificateSpec> = {
    'serial number zero': { serialNumber: 0n },
    'a serial number of 40 bytes': { serialNumber: 2n ** 319n },
    'unique identifiers': {
      editFields: (fields) => [
        ...fields.slice(0, 7),
        contextPrimitive(1, Uint8Array.of(0, 1)),
        contextPrimitive(2, Uint8Array.of(0, 2)),
        ...fields.slice(7),
      ],
    },
    'more fields after the extensions': { editFields: (fields) => [...fields, nullValue()] },
    'a version 3 certificate without extensions': { extensions: [] },
    'an unknown critical extension': { extensions: [extension('1.2.3.4', nullValue(), { critical: true })] },
    'an unknown public key type': replace('key', sequence(sequence(oid('1.2.3')), bitString(Uint8Array.of(1, 2)))),
    'an RSASSA-PSS public key': replace(
      'key',
      sequence(sequence(oid('1.2.840.113549.1.1.10')), bitString(nullValue())),
    ),
    'an empty subject': { subject: sequence() },
    'a PrintableString with * and &': { subject: [['O', 'a*&b', 0x13]] },
    'UTCTime without seconds': replace('validity', sequence(text(0x17, '2001010000Z'), text(0x17, '2101010000Z'))),
    'UTCTime with an offset': replace(
      'validity',
      sequence(text(0x17, '200101000000+0530'), text(0x17, '210101000000-2400')),
    ),
    'GeneralizedTime before 2050': replace(
      'validity',
      sequence(text(0x18, '19700101000000Z'), text(0x18, '20200229000000Z')),
    ),
  };

  it.each(Object.entries(accepted))('accepts %s', (_, spec) => {
    expect(() => parseWith(spec)).not.toThrow();
  });

  it('has no key for types that verify nothing', () => {
    const unknown = sequence(sequence(oid('1.2.3')), bitString(Uint8Array.of(1)));
    const dsaParameters = sequence(integer(23), integer(11), integer(4));
    const dsa = sequence(sequence(oid('1.2.840.10040.4.1'), dsaParameters), bitString(integer(8)));
    for (const key of [unknown, dsa]) {
      expect(parseWith(replace('key', key))).toMatchObject({
        publicKey: undefined,
        keySpec: undefined,
        keySpecError: 'unsupported public key type',
      });
    }
  });

  it('reads times in their offset and century', () => {
    const validity = sequence(text(0x17, '500101000000+0100'), text(0x17, '491231235959Z'));
    expect(parseWith(replace('validity', validity))).toMatchObject({
      notBefore: new Date('1949-12-31T23:00:00Z'),
      notAfter: new Date('2049-12-31T23:59:59Z'),
    });
  });
});

describe('what Go refuses', () => {
  const ecKey = (parameters: Uint8Array, point: Uint8Array) =>
    replace('key', sequence(sequence(oid('1.2.840.10045.2.1'), parameters), bitString(point)));
  const rsaKey = (modulus: Uint8Array, exponent: Uint8Array, parameters = nullValue()) =>
    replace('key', sequence(sequence(oid('1.2.840.113549.1.1.1'), parameters), bitString(sequence(modulus, exponent))));
  const p256 = oid('1.2.840.10045.3.1.7');
  const modulus = integer(2n ** 2047n + 1n);
  const name = (type: number, value: string) => ({
    subject: sequence(set(sequence(oid('2.5.4.3'), text(type, value)))),
  });
  const times = (notBefore: Uint8Array) => replace('validity', sequence(notBefore, text(0x17, '300101000000Z')));
  const withExtension = (id: string, value: Uint8Array, critical = false) => ({
    extensions: [extension(id, value, { critical })],
  });

  const refused: Record<string, CertificateSpec> = {
    'a negative serial number': { serialNumber: -1n },
    'a serial number with a superfluous zero': replace('serialNumber', der(0x02, Uint8Array.of(0, 1))),
    'an empty serial number': replace('serialNumber', der(0x02)),
    'version 4': { version: 4 },
    'a negative version': replace('version', context(0, integer(-1))),
    'something behind the version': replace('version', context(0, integer(2), integer(2))),
    'different inner and outer algorithms': replace('signature', sequence(oid('1.2.840.10045.4.3.3'))),
    'an RSA key without NULL': rsaKey(modulus, integer(65537), new Uint8Array()),
    'an RSA key with a negative modulus': rsaKey(integer(-(2n ** 2047n)), integer(65537)),
    'an RSA key with modulus zero': rsaKey(integer(0), integer(65537)),
    'an RSA key with exponent zero': rsaKey(modulus, integer(0)),
    'an RSA key with an exponent beyond 64 bits': rsaKey(modulus, integer(2n ** 64n + 1n)),
    'explicit EC parameters': ecKey(sequence(integer(1)), new Uint8Array(65)),
    'EC without parameters': ecKey(new Uint8Array(), new Uint8Array(65)),
    secp256k1: ecKey(oid('1.3.132.0.10'), new Uint8Array(65)),
    'a point that is not on the curve': ecKey(p256, Uint8Array.of(4, ...new Uint8Array(63), 1)),
    'the point at infinity': ecKey(p256, Uint8Array.of(0)),
    'a compressed point': ecKey(p256, Uint8Array.of(3, ...new Uint8Array(32).fill(1))),
    'an Ed25519 key with parameters': replace(
      'key',
      sequence(sequence(oid('1.3.101.112'), nullValue()), bitString(new Uint8Array(32))),
    ),
    'an Ed25519 key of 31 bytes': replace('key', sequence(sequence(oid('1.3.101.112')), bitString(new Uint8Array(31)))),
    'a DSA key with a zero parameter': replace(
      'key',
      sequence(
        sequence(oid('1.2.840.10040.4.1'), sequence(integer(23), integer(0), integer(4))),
        bitString(integer(8)),
      ),
    ),
    'the same extension twice': { extensions: [keyUsage(['keyCertSign']), keyUsage(['keyCertSign'])] },
    'a critical authority key identifier': withExtension('2.5.29.35', sequence(), true),
    'a critical subject key identifier': withExtension('2.5.29.14', octetString(Uint8Array.of(1)), true),
    'a critical authority information access': withExtension('1.3.6.1.5.5.7.1.1', sequence(), true),
    'malformed basic constraints': withExtension('2.5.29.19', octetString(Uint8Array.of(1))),
    'a BOOLEAN of 01': withExtension('2.5.29.19', sequence(der(0x01, Uint8Array.of(1)))),
    'a negative path length': withExtension('2.5.29.19', sequence(integer(-1))),
    'a malformed key usage': withExtension('2.5.29.15', octetString(Uint8Array.of(1))),
    'a key usage with unused bits set': withExtension('2.5.29.15', bitString(Uint8Array.of(0x81), 7)),
    'a malformed extended key usage': withExtension('2.5.29.37', sequence(integer(1))),
    'a CRL distribution point relative to its issuer': withExtension(
      '2.5.29.31',
      sequence(sequence(context(0, context(1, sequence(oid('2.5.4.3'), text(0x0c, 'x')))))),
    ),
    'malformed authority information access': withExtension('1.3.6.1.5.5.7.1.1', sequence(nullValue())),
    'an extension without value': { extensions: [sequence(oid('1.2.3'))] },
    'an underscore in a PrintableString': name(0x13, 'a_b'),
    'a letter in a NumericString': name(0x12, '1a'),
    'Latin-1 in an IA5String': { subject: sequence(set(sequence(oid('2.5.4.3'), der(0x16, Uint8Array.of(0xe9))))) },
    'invalid UTF-8': { subject: sequence(set(sequence(oid('2.5.4.3'), der(0x0c, Uint8Array.of(0xc3))))) },
    'a BMPString of odd length': name(0x1e, 'abc'),
    'a surrogate in a BMPString': {
      subject: sequence(set(sequence(oid('2.5.4.3'), der(0x1e, Uint8Array.of(0xd8, 0))))),
    },
    'a VisibleString': name(0x1a, 'a'),
    'an integer as value of a name': { subject: sequence(set(sequence(oid('2.5.4.3'), integer(1)))) },
    'a name that is a SET': { subject: set() },
    'a time with a fraction': times(text(0x18, '20200101000000.5Z')),
    'a time without zone': times(text(0x17, '200101000000')),
    'a time at +0000': times(text(0x17, '200101000000+0000')),
    'GeneralizedTime without seconds': times(text(0x18, '202001010000Z')),
    'the 30th of February': times(text(0x17, '200230000000Z')),
    'the 29th of February of another year': times(text(0x17, '210229000000Z')),
    'the hour 24': times(text(0x17, '200101240000Z')),
    'a leap second': times(text(0x17, '161231235960Z')),
    'a time as text': times(text(0x0c, '200101000000Z')),
  };

  it.each(Object.entries(refused))('refuses %s', (_, spec) => {
    expectError(() => parseWith(spec), 'certificate-invalid', /^x509: /);
  });

  const notDer: Record<string, Uint8Array> = {
    'no bytes': new Uint8Array(),
    'a truncated certificate': leaf.der.subarray(0, -1),
    'trailing bytes': Uint8Array.of(...leaf.der, 0),
    'an indefinite length': Uint8Array.of(0x30, 0x80, ...leaf.der.subarray(4), 0, 0),
    'a length that is not minimal': Uint8Array.of(0x30, 0x83, 0, ...leaf.der.subarray(2)),
    'a length of five octets': Uint8Array.of(0x30, 0x85, 0, 0, 0, ...leaf.der.subarray(2)),
    'a length beyond the end': Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0),
    'an identifier of two octets': Uint8Array.of(0x3f, 0x10, 0),
    'an empty certificate': sequence(),
  };

  it.each(Object.entries(notDer))('refuses %s', (_, bytes) => {
    expectError(() => parseCertificate(bytes), 'certificate-invalid', /^x509: /);
  });
});

describe('parseCertificates', () => {
  const { root } = authority;
  const bytesOf = (content: string) => Buffer.from(content, 'latin1');

  it('[NP-179] refuses a PEM file with a private key', () => {
    expectError(
      () => parseCertificates(bytesOf(root.pem + root.privateKeyPem)),
      'certificate-invalid',
      'x509: malformed tbs certificate',
    );
  });

  it('[NP-180] reads all certificates of a PEM file', () => {
    const file = bytesOf(`Subject: leaf\n${leaf.pem}\r\ntext between\n${root.pem}`);
    expect(parseCertificates(file).map((each) => each.der)).toEqual([leaf.der, root.der]);
  });

  it('[NP-180] reads all certificates of a DER file', () => {
    const file = Uint8Array.of(...leaf.der, ...root.der);
    expect(parseCertificates(file).map((each) => each.der)).toEqual([leaf.der, root.der]);
  });

  it('finds nothing in an empty file, and refuses what is neither PEM nor DER', () => {
    expect(parseCertificates(new Uint8Array())).toEqual([]);
    expectError(() => parseCertificates(bytesOf('hello')), 'certificate-invalid', 'x509: malformed certificate');
    expectError(
      () => parseCertificates(Uint8Array.of(...leaf.der, 10)),
      'certificate-invalid',
      'x509: malformed certificate',
    );
  });

  it('refuses a PEM block with something behind the certificate', () => {
    const body = Buffer.from([...leaf.der, 0]).toString('base64');
    const file = bytesOf(`-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`);
    expectError(() => parseCertificates(file), 'certificate-invalid', 'x509: trailing data');
  });
});

describe('parseChain', () => {
  it('reads the certificates in their order', () => {
    const chain = parseChain(authority.issue().chainDer);
    expect(chain.map(({ subject }) => subject.split(',')[0])).toEqual([
      'CN=Test Signer',
      'CN=Test Intermediate 1',
      'CN=Test Root',
    ]);
  });
});

describe('properties', () => {
  const onlyNotaryErrors = (bytes: Uint8Array) => {
    try {
      parseCertificate(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(NotaryError);
    }
  };

  it('throws nothing but NotaryError for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), onlyNotaryErrors));
  });

  it('throws nothing but NotaryError for changed certificates', () => {
    const bytes = leaf.der;
    const change = fc.record({
      start: fc.nat(bytes.length),
      removed: fc.nat(8),
      inserted: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        let changed: Uint8Array = bytes;
        for (const { start, removed, inserted } of changes) {
          changed = Uint8Array.of(...changed.subarray(0, start), ...inserted, ...changed.subarray(start + removed));
        }
        onlyNotaryErrors(changed);
      }),
      { numRuns: 2000 },
    );
  });

  it('reads or refuses deep nesting in constant stack', () => {
    let nested: Uint8Array = nullValue();
    for (let depth = 0; depth < 2000; depth++) nested = sequence(nested);
    onlyNotaryErrors(nested);
    expect(() => parseWith({ extensions: [extension('1.2.3', nested)] })).not.toThrow();
  });
});
