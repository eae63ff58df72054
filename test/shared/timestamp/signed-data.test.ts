// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { parseSignedData } from '../../../shared/timestamp/signed-data.ts';
import { context, contextPrimitive, integer, nullValue, octetString, oid, sequence, set } from '../../fakes/der.ts';
import { makeToken, tsaSigner, tstInfoOid, type TokenSpec } from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const message = Buffer.from('the signature');
const signedDataOid = '1.2.840.113549.1.7.2';

function parse(spec: Partial<TokenSpec> = {}) {
  return parseSignedData(makeToken({ message, ...spec }));
}

function expectInvalid(work: () => unknown, problem: string | RegExp): void {
  expectError(work, 'timestamp-invalid', problem);
}

/** With another EncapsulatedContentInfo. */
function contentOf(...fields: readonly Uint8Array[]) {
  return parse({ editData: (data) => data.with(2, sequence(...fields)) }).content;
}

describe('parseSignedData', () => {
  it('reads content, certificates and signers', () => {
    const data = parse();
    expect(data.contentType).toBe(tstInfoOid);
    expect(data.certificates.map(({ der }) => der)).toEqual(tsaSigner.chainDer);
    expect(data.signerInfos).toHaveLength(1);
    expect(data.signerInfos[0]).toMatchObject({
      version: 1n,
      digestAlgorithm: '2.16.840.1.101.3.4.2.1',
      signatureAlgorithm: '1.2.840.10045.4.3.2',
    });
  });

  it('[NP-301] reads a token without certificates', () => {
    expect(parse({ certificates: [] }).certificates).toEqual([]);
  });

  it('takes lengths in any form that is definite', () => {
    const token = makeToken({ message });
    const long = Buffer.concat([Buffer.from([0x30, 0x84, 0, 0]), token.subarray(2)]);
    expect(token[1]).toBe(0x82);
    expect(parseSignedData(long).content).toEqual(parse().content);
    expectInvalid(
      () => parseSignedData(Buffer.concat([Buffer.from([0x30, 0x80]), token.subarray(4), Buffer.from([0, 0])])),
      'cms: syntax error: invalid signed data: failed to convert from BER to DER: ' +
        'asn1: structure error: decoding BER length octets: indefinite length not supported',
    );
    expectInvalid(
      () => parseSignedData(Buffer.concat([token, Buffer.from([0])])),
      /^cms: syntax error: invalid signed data: failed to convert from BER to DER: .* does not match with content length/,
    );
  });

  it('refuses another type of content', () => {
    const wrong = sequence(oid('1.2.840.113549.1.7.1'), context(0, octetString(message)));
    expectInvalid(() => parseSignedData(wrong), 'cms: content type is not signed-data');
    expectInvalid(() => parseSignedData(sequence(oid(signedDataOid))), /^cms: syntax error: invalid content info: /);
    expectInvalid(
      () => parseSignedData(sequence(oid(signedDataOid), sequence())),
      "cms: syntax error: invalid content info: failed to unmarshal DER to ContentInfo: asn1: structure error: tags don't match",
    );
  });

  it.each([0, 1, 4, 5])('refuses version %d', (version) => {
    expectInvalid(
      () => parse({ editData: ([, ...fields]) => [integer(version), ...fields] }),
      `cms: syntax error: unsupported signed data version: got ${version}, want 3`,
    );
  });

  it('refuses a CRL, but not an empty list of them', () => {
    const withCrls = (...crls: readonly Uint8Array[]) => ({
      editData: (fields: Uint8Array[]) => fields.toSpliced(4, 0, context(1, ...crls)),
    });
    expect(parse(withCrls()).signerInfos).toHaveLength(1);
    expectInvalid(() => parse(withCrls(sequence())), /^cms: syntax error: invalid signed data: asn1: /);
  });

  it('refuses attribute certificates and anything that is no certificate', () => {
    expectInvalid(
      () => parse({ certificates: [...tsaSigner.chainDer, contextPrimitive(1, Uint8Array.of(1))] }),
      /^cms: syntax error: failed to parse X.509 certificates from signed data. Only X.509 certificates are supported: x509: /,
    );
  });

  // The parser of certificate files looks for PEM blocks first: what a certificate carries must not be taken for one.
  it('does not look for PEM in certificates', () => {
    const pem = Buffer.from(`\n${tsaSigner.leaf.pem}\n`);
    expectInvalid(() => parse({ certificates: [octetString(pem)] }), /Only X.509 certificates are supported/);
  });

  it('refuses a signer that is named by its key', () => {
    const editSigner = (fields: Uint8Array[]) => fields.with(1, contextPrimitive(0, Uint8Array.of(1, 2)));
    expectInvalid(() => parse({ editSigner }), /^cms: syntax error: invalid signed data: asn1: structure error/);
  });

  it.each<[string, (fields: Uint8Array[]) => Uint8Array[]]>([
    ['digest algorithms', (fields) => fields.toSpliced(1, 1)],
    ['content', (fields) => fields.toSpliced(2, 1)],
    ['signers', (fields) => fields.slice(0, -1)],
    ['set around its signers', (fields) => fields.with(-1, sequence())],
  ])('refuses data without %s', (_, editData) => {
    expectInvalid(() => parse({ editData }), /^cms: syntax error: invalid signed data: asn1: /);
  });

  it('[SEC-3] bounds signers and certificates', () => {
    expect(parse({ signers: Array.from({ length: 16 }, () => ({})) }).signerInfos).toHaveLength(16);
    expectInvalid(() => parse({ signers: Array.from({ length: 17 }, () => ({})) }), /more than 16 signers$/);
    const { der } = tsaSigner.leaf;
    expectInvalid(
      () => parse({ certificates: Array.from({ length: 101 }, () => der) }),
      /there are more than 100 certificates$/,
    );
  });

  it('takes content only as one primitive string', () => {
    expect(contentOf(oid(tstInfoOid), context(0, octetString(message)))).toEqual(new Uint8Array(message));
    expect(contentOf(oid(tstInfoOid))).toHaveLength(0);
    expect(contentOf(oid(tstInfoOid), context(0, integer(1)))).toHaveLength(0);
    expect(contentOf(oid(tstInfoOid), contextPrimitive(0, message))).toHaveLength(0);
    expect(contentOf(oid(tstInfoOid), octetString(message))).toHaveLength(0);
    const constructed = Uint8Array.of(0x24, 3, 4, 1, 7);
    expect(contentOf(oid(tstInfoOid), context(0, constructed))).toHaveLength(0);
    for (const empty of [context(0), contextPrimitive(0, new Uint8Array()), nullValue()]) {
      expectInvalid(() => contentOf(oid(tstInfoOid), empty), /explicit tag has no child$/);
    }
    expectInvalid(() => contentOf(oid(tstInfoOid), context(0), integer(1)), /explicit tag has no child$/);
    expect(contentOf(oid(tstInfoOid), nullValue(), integer(1))).toHaveLength(0);
  });

  it('keeps its signers apart', () => {
    expect(parse({ editData: (fields) => fields.with(-1, set()) }).signerInfos).toEqual([]);
  });

  it('answers any bytes and any change with NotaryError only', () => {
    const token = makeToken({ message });
    const change = fc.tuple(fc.nat({ max: token.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.array(change, { minLength: 1, maxLength: 4 })),
        (input) => {
          const bytes = input instanceof Uint8Array ? input : Uint8Array.from(token);
          if (!(input instanceof Uint8Array)) for (const [position, value] of input) bytes[position] = value;
          try {
            parseSignedData(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(NotaryError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
