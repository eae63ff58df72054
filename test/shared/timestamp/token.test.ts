// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { instantOfDate } from '../../../shared/primitives/instant.ts';
import { parseToken, verifyToken, type TokenTrust } from '../../../shared/timestamp/token.ts';
import { basicConstraints, extendedKeyUsage, keyUsage } from '../../fakes/certificate-extensions.ts';
import { createCertificateAuthority } from '../../fakes/certificate-authority.ts';
import { context, integer, nullValue, octetString, oid, sequence, set, text } from '../../fakes/der.ts';
import {
  attribute,
  issueTimestampSigner,
  makeToken,
  tsaAuthority,
  tsaSigner,
  type SignerSpec,
  type TokenSpec,
} from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const message = Buffer.from('the signature');
const trust: TokenTrust = { roots: [tsaAuthority.root.certificate], at: instantOfDate(new Date('2026-06-01')) };

function verify(spec: Partial<TokenSpec> = {}, { roots, at }: TokenTrust = trust): string[] {
  return verifyToken(parseToken(makeToken({ message, ...spec })), { roots, at }).map(({ subject }) => subject);
}

const chain = ['CN=TSA,C=US', 'CN=TSA Intermediate 1,O=TSA,ST=WA,C=US', 'CN=TSA Root,O=TSA,ST=WA,C=US'];

function expectFailure(spec: Partial<TokenSpec>, problem: string | RegExp): void {
  const prefix = 'failed to verify signed token: ';
  const expected = typeof problem === 'string' ? prefix + problem : new RegExp(`^${prefix}${problem.source}`);
  expectError(() => verify(spec), 'timestamp-invalid', expected);
}

describe('parseToken', () => {
  it('[NP-287] wants a TSTInfo as content', () => {
    expectError(
      () => parseToken(makeToken({ message, contentType: '1.2.840.113549.1.7.1' })),
      'timestamp-invalid',
      'unexpected content type: 1.2.840.113549.1.7.1. Expected to be id-ct-TSTInfo (1.2.840.113549.1.9.16.1.4)',
    );
  });

  it('[NP-286] refuses garbage', () => {
    expectError(
      () => parseToken(Buffer.from('garbage')),
      'timestamp-invalid',
      /^cms: syntax error: invalid signed data: /,
    );
  });
});

describe('verifyToken', () => {
  it('returns the chain of the authority', () => {
    expect(verify()).toEqual(chain);
  });

  it('needs neither the root nor a certain order in the token', () => {
    const [leaf = new Uint8Array(), intermediate = new Uint8Array()] = tsaSigner.chainDer;
    expect(verify({ certificates: [intermediate, leaf] })).toEqual(chain);
    expectFailure({ certificates: [leaf] }, 'cms verification failure: x509: certificate signed by unknown authority');
  });

  it.each<[string, SignerSpec]>([
    ['ECDSA-SHA256', { signatureAlgorithm: 'ECDSA-SHA256' }],
    ['ECDSA-SHA384 with a SHA-256 digest', { signatureAlgorithm: 'ECDSA-SHA384' }],
    ['ECDSA-SHA512 and a SHA-512 digest', { signatureAlgorithm: 'ECDSA-SHA512', digest: 'sha512' }],
    ['ESSCertIDv2 by SHA-384', { essHash: 'sha384' }],
    ['ESSCertIDv2 by SHA-512 and IssuerSerial', { essHash: 'sha512', issuerSerial: true }],
    ['a signing time', { signingTime: text(0x17, '260601000000Z') }],
  ])('takes %s', (_, spec) => {
    expect(verify(spec)).toEqual(chain);
  });

  const rsa = issueTimestampSigner({ keyType: 'RSA-2048', subject: 'C=US,CN=RSA' });
  it.each<[string, SignerSpec]>([
    ['rsaEncryption', { signatureAlgorithm: 'RSA' }],
    ['rsaEncryption with a SHA-512 digest', { signatureAlgorithm: 'RSA', digest: 'sha512' }],
    ['RSASSA-PSS', { signatureAlgorithm: 'RSA-PSS', digest: 'sha384' }],
    ['sha256WithRSA', { signatureAlgorithm: 'SHA256-RSA', digest: 'sha512' }],
    ['sha512WithRSA', { signatureAlgorithm: 'SHA512-RSA' }],
  ])('takes %s', (_, spec) => {
    expect(verify({ signer: rsa, ...spec })[0]).toBe('CN=RSA,C=US');
  });

  it('[SEC-41] does not take one algorithm for another', () => {
    const swap = (algorithm: string) => ({
      editSigner: (fields: Uint8Array[]) => fields.with(4, sequence(oid(algorithm), nullValue())),
    });
    expectFailure(
      { signer: rsa, ...swap('1.2.840.10045.4.3.2') },
      'cms verification failure: x509: signature algorithm specifies an ECDSA public key, but have public key of type *rsa.PublicKey',
    );
    expectFailure(
      { signer: rsa, ...swap('1.2.840.113549.1.1.10') },
      'cms verification failure: crypto/rsa: verification error',
    );
    expectFailure({ ...swap('1.2.840.10045.4.3.3') }, 'cms verification failure: x509: ECDSA verification failure');
    expectFailure({ ...swap('1.2.3.4') }, 'cms verification failure: unknown signature algorithm');
    expectFailure({ signatureAlgorithm: 'ECDSA-SHA1' }, 'cms verification failure: unknown signature algorithm');
  });

  it('[NP-300] refuses a SHA-1 digest', () => {
    expectFailure({ digest: 'sha1' }, 'cms verification failure: unsupported digest algorithm');
    expectFailure({ signer: rsa, digest: 'sha1' }, 'cms verification failure: unknown signature algorithm');
  });

  it('[NP-295] wants a SigningCertificateV2 attribute', () => {
    for (const signingCertificate of ['v1', 'none'] as const) {
      expectFailure(
        { signingCertificate },
        'failed to get SigningCertificateV2 from signed attributes: attribute not found',
      );
    }
  });

  it('[NP-296] refuses a SHA-1 ESSCertIDv2', () => {
    expectFailure({ essHash: 'sha1' }, 'unsupported certificate hash algorithm in SigningCertificateV2 attribute');
  });

  it('[NP-297] refuses the hash of another certificate', () => {
    const signingCertificate = sequence(sequence(sequence(octetString(new Uint8Array(32)))));
    expectFailure({ signingCertificate }, 'signing certificate hash does not match CertHash in signed attribute');
  });

  it('looks at the first ESSCertIDv2 only, but reads all', () => {
    const first = { signingCertificate: sequence(sequence()) };
    expectFailure(first, 'signingCertificateV2 does not contain any certificate');
    const malformed = { signingCertificate: sequence(sequence(sequence(integer(1)))) };
    expectFailure(malformed, /failed to get SigningCertificateV2 from signed attributes: asn1: /);
    expectFailure(
      { signingCertificate: sequence() },
      /failed to get SigningCertificateV2 from signed attributes: asn1: /,
    );
    expectFailure(
      { signingCertificate: integer(1) },
      /failed to get SigningCertificateV2 from signed attributes: asn1: /,
    );
  });

  it('goes by IssuerSerial before the identifier of the signer', () => {
    const { rawIssuer, serialNumber } = tsaSigner.certificateChain[0];
    const wrongIdentifier = (fields: Uint8Array[]) => fields.with(1, sequence(rawIssuer, integer(serialNumber + 1n)));
    expect(verify({ issuerSerial: true, editSigner: wrongIdentifier })).toEqual(chain);
    expectFailure({ editSigner: wrongIdentifier }, 'signing certificate not found in the timestamp token');
    const hash = octetString(new Uint8Array(32));
    const issuerSerial = (...names: readonly Uint8Array[]) =>
      sequence(sequence(sequence(hash, sequence(sequence(...names), integer(serialNumber)))));
    expectFailure({ signingCertificate: issuerSerial() }, 'issuer name is missing in IssuerSerial');
    expectFailure(
      { signingCertificate: issuerSerial(context(6, rawIssuer)) },
      'issuer name is missing in IssuerSerial',
    );
    expectFailure({ signingCertificate: issuerSerial(context(4)) }, /failed to unmarshal issuer name: asn1: /);
    expectFailure(
      { signingCertificate: issuerSerial(context(4, rawIssuer)) },
      /signing certificate hash does not match/,
    );
    expectFailure(
      { signingCertificate: issuerSerial(context(4, sequence())) },
      'signing certificate not found in the timestamp token',
    );
  });

  it('[NP-301] wants the certificate in the token', () => {
    const others = tsaSigner.chainDer.slice(1);
    for (const certificates of [[], others]) {
      expectFailure({ certificates }, 'signing certificate not found in the timestamp token');
    }
  });

  it('[NP-299] refuses a signer of another version', () => {
    for (const version of [0, 2, 3]) {
      expectFailure(
        { version },
        `cms verification failure: invalid signer info version: only version 1 is supported; got ${version}`,
      );
    }
  });

  it('[NP-298] is content with one good signer', () => {
    expect(verify({ signers: [{ version: 3 }, {}] })).toEqual(chain);
    expect(verify({ signers: [{}, { version: 3 }] })).toEqual(chain);
    expectFailure({ signers: [{ version: 3 }, { signingCertificate: 'none' }] }, /failed to get SigningCertificateV2/);
  });

  it('wants a signer', () => {
    expectFailure({ signers: [], certificates: tsaSigner.chainDer }, 'signerInfo not found');
  });

  it('wants signed attributes', () => {
    expectFailure({ editAttributes: () => [] }, /failed to get SigningCertificateV2/);
    expectFailure({ editSigner: (fields) => fields.toSpliced(3, 1) }, /failed to get SigningCertificateV2/);
  });

  it('[NP-290] [SEC-21] wants the chain to end in a root that is trusted', () => {
    const other = createCertificateAuthority({ name: 'TSA', keyType: 'EC-384' });
    expectError(
      () => verify({}, { ...trust, roots: [other.root.certificate] }),
      'timestamp-invalid',
      /^failed to verify signed token: cms verification failure: x509: certificate signed by unknown authority/,
    );
    expect(() => verify({}, { ...trust, roots: [] })).toThrow(/unknown authority/);
  });

  it('wants the certificates valid at the time given', () => {
    const year = { notBefore: new Date('2025-01-01'), notAfter: new Date('2026-01-01') };
    const signer = issueTimestampSigner(year);
    const at = (time: string) => ({ ...trust, at: instantOfDate(new Date(time)) });
    expect(verify({ signer }, at('2026-01-01'))).toEqual(chain);
    expect(() => verify({ signer }, at('2026-01-01T00:00:01Z'))).toThrow(
      'failed to verify signed token: cms verification failure: x509: certificate has expired or is not yet valid: ' +
        'current time 2026-01-01T00:00:01Z is after 2026-01-01T00:00:00Z',
    );
    expect(() => verify({ signer }, at('2024-12-31T23:59:59Z'))).toThrow(/is before 2025-01-01T00:00:00Z$/);
  });

  it('wants a signing time within the validity of the whole chain', () => {
    const outside =
      "cms verification failure: signing time, 2019-12-31 23:59:59 +0000 UTC, is outside certificate's validity period";
    expectFailure({ signingTime: text(0x18, '20191231235959Z') }, outside);
    expectFailure(
      { signingTime: text(0x18, '21200101000000.1Z') },
      /cms verification failure: signing time, 2120-01-01 00:00:00.1 /,
    );
    expectFailure(
      { signingTime: text(0x17, '191231235959+0100') },
      /cms verification failure: signing time, 2019-12-31 23:59:59 \+0100 \+0100, is outside/,
    );
    expect(verify({ signingTime: text(0x18, '20200101000000Z') })).toEqual(chain);
    expectFailure({ signingTime: text(0x17, 'now') }, /cms verification failure: invalid signing time: asn1: /);
    expectFailure({ signingTime: integer(1) }, /cms verification failure: invalid signing time: asn1: /);
  });

  it('wants content type and digest of the content', () => {
    const replace = (type: string, value: Uint8Array) => (attributes: Uint8Array[]) =>
      attributes.map((each) => (Buffer.from(each).includes(Buffer.from(oid(type))) ? attribute(type, value) : each));
    const without = (type: string) => (attributes: Uint8Array[]) =>
      attributes.filter((each) => !Buffer.from(each).includes(Buffer.from(oid(type))));
    const [contentType, messageDigest] = ['1.2.840.113549.1.9.3', '1.2.840.113549.1.9.4'];
    const failure = 'cms verification failure: ';
    expectFailure({ editAttributes: without(contentType) }, `${failure}invalid content type: attribute not found`);
    expectFailure({ editAttributes: without(messageDigest) }, `${failure}invalid message digest: attribute not found`);
    expectFailure(
      { editAttributes: replace(contentType, oid('1.2.840.113549.1.7.1')) },
      `${failure}mismatch content type: found "1.2.840.113549.1.7.1" in signer info, and "1.2.840.113549.1.9.16.1.4" in signed data`,
    );
    expectFailure(
      { editAttributes: replace(messageDigest, octetString(new Uint8Array(32))) },
      `${failure}mismatch message digest`,
    );
    expectFailure(
      { editAttributes: replace(messageDigest, integer(1)) },
      /cms verification failure: invalid message digest: asn1: /,
    );
  });

  it('verifies the attributes as a sorted SET, whatever order they stand in', () => {
    const reversed = (fields: Uint8Array[]) => {
      const attributes = fields[3] ?? new Uint8Array();
      const members: Uint8Array[] = [];
      for (
        let rest = attributes.subarray(attributes[1] === 0x81 ? 3 : attributes[1] === 0x82 ? 4 : 2);
        rest.length > 0;
      ) {
        const length = 2 + (rest[1] ?? 0);
        members.unshift(rest.subarray(0, length));
        rest = rest.subarray(length);
      }
      return fields.with(3, context(0, ...members));
    };
    expect(verify({ editSigner: reversed })).toEqual(chain);
  });

  it('refuses a signature of something else', () => {
    const flip = (signature: Uint8Array) => signature.with(signature.length - 1, (signature.at(-1) ?? 0) ^ 1);
    expectFailure({ editSignature: flip }, 'cms verification failure: x509: ECDSA verification failure');
    expectFailure({ signer: rsa, editSignature: flip }, 'cms verification failure: crypto/rsa: verification error');
    expectFailure(
      { editSignature: () => new Uint8Array() },
      'cms verification failure: x509: ECDSA verification failure',
    );
  });

  it('[NP-176] [NP-177] wants timeStamping as only usage of the certificate, and critical', () => {
    const leaf = (...usages: readonly string[]) =>
      issueTimestampSigner({
        extensions: [
          basicConstraints({ ca: false }),
          keyUsage(['digitalSignature']),
          ...(usages.length === 0 ? [] : [extendedKeyUsage(usages, { critical: true })]),
        ],
      });
    const only = 'signing certificate must have and only have ExtKeyUsageTimeStamping as extended key usage';
    for (const usages of [[], ['any'], ['timeStamping', 'codeSigning'], ['timeStamping', '1.2.3.4']]) {
      expectFailure({ signer: leaf(...usages) }, only);
    }
    expectFailure(
      { signer: leaf('codeSigning') },
      'cms verification failure: x509: certificate specifies an incompatible key usage',
    );
    const lax = issueTimestampSigner({
      extensions: [keyUsage(['digitalSignature']), extendedKeyUsage(['timeStamping'])],
    });
    expectFailure({ signer: lax }, 'signing certificate extended key usage extension must be set as critical');
  });

  it('passes over unsigned attributes, which must be well-formed', () => {
    const unsigned = (content: Uint8Array) => ({
      editSigner: (fields: Uint8Array[]) => [...fields, context(1, content)],
    });
    expect(verify(unsigned(attribute('1.2.3', integer(1))))).toEqual(chain);
    expect(() => verify(unsigned(integer(1)))).toThrow(/^cms: syntax error: invalid signed data: asn1: /);
    expect(verify({ editSigner: (fields) => [...fields, set()] })).toEqual(chain);
  });

  it('never verifies a changed token to another chain, and fails with NotaryError only', () => {
    const token = makeToken({ message });
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), fc.integer({ min: 1, max: 255 }), (position, bits) => {
        const changed = token.with(position, (token[position] ?? 0) ^ bits);
        try {
          const found = verifyToken(parseToken(changed), trust);
          expect(found.map(({ subject }) => subject)).toEqual(chain);
          expect(Buffer.compare(parseToken(changed).content, parseToken(token).content)).toBe(0);
        } catch (error) {
          expect(error).toBeInstanceOf(NotaryError);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
