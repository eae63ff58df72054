// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { entriesOf, parseRevocationList } from '../../../shared/revocation/revocation-list.ts';
import { extension } from '../../fakes/certificate-extensions.ts';
import { bitString, context, contextPrimitive, der, integer, nullValue, oid, sequence, text } from '../../fakes/der.ts';
import { issuedOf, revocableSigner } from '../../fakes/revocable-chain.ts';
import { crl, crlNumber, freshestCrl, type CrlSpec } from '../../fakes/revocation-answers.ts';

const { issuer } = issuedOf(revocableSigner());
const parse = (spec: Partial<CrlSpec> = {}) => parseRevocationList(crl({ issuer, ...spec }));

describe('parseRevocationList', () => {
  it('reads what counts', () => {
    const bytes = crl({ issuer, number: 7, extensions: [freshestCrl('http://a')] });
    const list = parseRevocationList(bytes);
    expect(list).toMatchObject({
      signatureAlgorithm: 'ECDSA-SHA256',
      nextUpdate: new Date('2100-01-01'),
      number: 7n,
      extensions: [{ oid: '2.5.29.20' }, { oid: '2.5.29.46', critical: false }],
    });
    expect(list.der).toEqual(bytes);
    expect(parse({ nextUpdate: null, number: null })).toMatchObject({ nextUpdate: undefined, number: undefined });
  });

  it('reads entries of a serial number', () => {
    const revoked = [
      { serialNumber: 1n, reason: 1 },
      { serialNumber: 2n ** 159n, reason: 6, date: new Date('2025-01-01') },
      { serialNumber: 1n },
      { serialNumber: -1n, extensions: [extension('1.2.3', nullValue())] },
    ];
    const list = parse({ revoked });
    expect([...entriesOf(list, 1n)].map(({ reasonCode }) => reasonCode)).toEqual([1n, 0n]);
    expect([...entriesOf(list, 2n ** 159n)]).toMatchObject([
      { reasonCode: 6n, revocationDate: new Date('2025-01-01') },
    ]);
    expect([...entriesOf(list, -1n)]).toMatchObject([{ extensions: [{ oid: '1.2.3' }] }]);
    expect([...entriesOf(list, 3n)]).toEqual([]);
  });

  it('[SEC-3] refuses a thousand extensions, of the list or of an entry', () => {
    const many = Array.from({ length: 1001 }, () => extension('1.2.3', nullValue()));
    const message = 'x509: crl with more than 1000 extensions';
    expect(() => parse({ extensions: many })).toThrow(message);
    expect(() => parse({ revoked: [{ serialNumber: 1n, extensions: many }] })).toThrow(message);
    expect(parse({ revoked: [{ serialNumber: 1n, extensions: many.slice(1) }] }).revokedCertificates).not.toEqual([]);
  });

  it('passes over what follows the list, and its last known member', () => {
    const bytes = crl({ issuer });
    expect(parseRevocationList(new Uint8Array([...bytes, ...nullValue()])).der).toEqual(bytes);
  });

  it('counts the last of several CRL numbers', () => {
    expect(parse({ number: 1, extensions: [crlNumber(5)] }).number).toBe(5n);
  });

  it.each<[Partial<CrlSpec>, string]>([
    [{ version: null }, 'x509: unsupported crl version'],
    [{ version: 0 }, 'x509: unsupported crl version: 0'],
    [{ version: 2 }, 'x509: unsupported crl version: 2'],
    [{ extensions: [extension('2.5.29.20', nullValue())] }, 'x509: malformed crl number'],
    [{ extensions: [extension('2.5.29.35', nullValue())] }, 'x509: invalid authority key identifier'],
    [
      { extensions: [extension('2.5.29.35', sequence(), { critical: true })] },
      'x509: authority key identifier incorrectly marked critical',
    ],
    [{ extensions: [sequence()] }, 'x509: malformed extension OID field'],
    [
      { revoked: [{ serialNumber: 1n, extensions: [extension('2.5.29.21', integer(1))] }] },
      'x509: malformed reasonCode extension',
    ],
    [{ revoked: [{ serialNumber: 1n, extensions: [integer(1)] }] }, 'x509: malformed extension'],
  ])('refuses case %$: $1', (spec, message) => {
    expect(() => parse(spec)).toThrow(new NotaryError('malformed', message));
  });

  it.each([
    ['nothing', new Uint8Array(), 'x509: malformed crl'],
    ['[SEC-19] an HTML page', Buffer.from('<html>not here</html>'), 'x509: malformed crl'],
    ['PEM', Buffer.from('-----BEGIN X509 CRL-----\n'), 'x509: malformed crl'],
    ['an empty list', sequence(), 'x509: malformed tbs crl'],
    ['[SEC-3] a length beyond the end', Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), 'x509: malformed crl'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseRevocationList(bytes)).toThrow(new NotaryError('malformed', message));
  });

  it('refuses what Go refuses in the places of the list', () => {
    const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
    const time = text(0x17, '260101000000Z');
    const list = (tbs: readonly Uint8Array[], outer = algorithm, signature = bitString(Uint8Array.of(1))) =>
      parseRevocationList(sequence(sequence(...tbs), outer, signature));
    const start = [integer(1), algorithm, sequence()];
    expect(list([...start, time])).toMatchObject({ nextUpdate: undefined, revokedCertificates: new Uint8Array() });
    expect(list([...start, time, time, sequence()]).nextUpdate).toEqual(new Date('2026-01-01'));
    const refused = [
      [
        () => list([...start, time], sequence(oid('1.2.3'))),
        "inner and outer signature algorithm identifiers don't match",
      ],
      [() => list([...start, time], algorithm, nullValue()), 'malformed signature'],
      [() => list([integer(1), algorithm, nullValue()]), 'malformed issuer'],
      [() => list(start), 'unsupported time format'],
      [() => list([...start, text(0x17, '260229000000Z')]), 'malformed UTCTime'],
      [() => list([...start, time, text(0x18, '20260101000000.5Z')]), 'malformed GeneralizedTime'],
      [() => list([...start, time, sequence(nullValue())]), 'malformed crl'],
      [() => list([...start, time, sequence(sequence(nullValue()))]), 'malformed serial number'],
      [() => list([...start, time, sequence(sequence(integer(1)))]), 'unsupported time format'],
      [() => list([...start, time, context(0, nullValue())]), 'malformed extensions'],
    ] as const;
    for (const [attempt, message] of refused) expect(attempt).toThrow(`x509: ${message}`);
    // an optional member that is not there, and what follows
    expect(list([...start, time, contextPrimitive(0, new Uint8Array())]).extensions).toEqual([]);
    expect(list([...start, time, context(0, sequence()), der(0x31)]).extensions).toEqual([]);
  });

  it('throws nothing but typed errors', () => {
    const good = crl({ issuer, revoked: [{ serialNumber: 1n, reason: 1 }], extensions: [freshestCrl('http://a')] });
    const attempt = (bytes: Uint8Array): void => {
      try {
        parseRevocationList(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(NotaryError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, value) => {
        attempt(good.with(at, value));
      }),
      { numRuns: 2000 },
    );
  });
});
