// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { createTimestampRequest, nonceSize } from '../../../shared/timestamp/request.ts';
import { parseTimestampResponse } from '../../../shared/timestamp/response.ts';
import { bitString, integer, nullValue, octetString, oid, sequence, text } from '../../fakes/der.ts';
import { hashOids, makeImprint, makeResponse, makeToken, type TokenSpec } from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const message = Buffer.from('the signature');
const request = await createTimestampRequest(message, 'sha256', Buffer.alloc(nonceSize, 7));
const { nonce, messageImprint } = request;

function token(spec: Partial<TokenSpec> = {}): Uint8Array {
  return makeToken({ message, nonce, messageImprint, ...spec });
}

function parse(response: Uint8Array) {
  return parseTimestampResponse(response, request);
}

function expectInvalid(response: Uint8Array, problem: string | RegExp): void {
  const prefix = 'invalid timestamping response: ';
  const expected = typeof problem === 'string' ? prefix + problem : new RegExp(`^${prefix}${problem.source}`);
  expectError(() => parse(response), 'timestamp-invalid', expected);
}

describe('parseTimestampResponse', () => {
  it('returns the token exactly as received', () => {
    const received = token();
    const response = parse(makeResponse(received));
    expect(Buffer.from(response.encoded)).toEqual(Buffer.from(received));
    expect(response.info.nonce).toBe(nonce);
  });

  it('takes what is granted with modifications, texts, and bytes behind the response', () => {
    const texts = sequence(text(0x0c, 'ü'), text(0x13, 'ok'), text(0x1b, 'general'));
    for (const response of [
      makeResponse(token(), 1),
      makeResponse(token(), 0, [texts]),
      Buffer.concat([makeResponse(token()), Buffer.from([0, 1, 2])]),
    ]) {
      expect(parse(response).info.version).toBe(1n);
    }
  });

  it('[NP-304] tells why a request was refused', () => {
    expectInvalid(makeResponse(undefined), 'invalid response with status code 2: rejected');
    const info = [sequence(text(0x0c, 'no time today')), bitString(Uint8Array.of(0x24, 0, 0x40), 6)];
    expectInvalid(
      makeResponse(undefined, 2, info),
      'invalid response with status code 2: rejected. Failure info: transaction not permitted or supported; the data submitted has the wrong format; the additional information requested could not be understood or is not available',
    );
    try {
      parse(makeResponse(undefined, 2, info));
    } catch (error) {
      expect((error as NotaryError).hint).toBe('The timestamp authority says: no time today');
    }
  });

  it.each([
    [3, 'the request body part has not yet been processed, expect to hear more later'],
    [4, 'warning: a revocation is imminent'],
    [5, 'a revocation has occurred'],
    [6, 'unknown PKIStatus 6'],
    [-1, 'unknown PKIStatus -1'],
  ])('refuses status %d even with a token', (status, meaning) => {
    expectInvalid(makeResponse(token(), status), `invalid response with status code ${status}: ${meaning}`);
  });

  it('wants a token', () => {
    expectInvalid(sequence(sequence(integer(0))), /cms: syntax error: invalid signed data: .*is empty$/);
    expectInvalid(sequence(sequence(integer(0)), nullValue()), /cms: syntax error: /);
    expectInvalid(makeResponse(token({ contentType: '1.2.3' })), /unexpected content type: 1\.2\.3/);
    expectInvalid(
      makeResponse(token({ content: nullValue() })),
      /cannot unmarshal TSTInfo from timestamp token: asn1: /,
    );
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['text', Buffer.from('<html>')],
    ['another type', integer(1)],
    ['no status', sequence()],
    ['a status that is no number', sequence(sequence(text(0x0c, 'x')))],
    ['a text that is none', sequence(sequence(integer(0), sequence(octetString(message))))],
    ['a text that is not UTF-8', sequence(sequence(integer(0), sequence(Uint8Array.of(0x0c, 1, 0xff))))],
    ['failure bits with something in the unused ones', sequence(sequence(integer(2), Uint8Array.of(3, 2, 1, 1)))],
  ])('refuses %s', (_, response) => {
    expectError(() => parse(response), 'timestamp-invalid', /^asn1: /);
  });

  it('wants version 1', () => {
    expectInvalid(makeResponse(token({ version: 2 })), 'timestamp token info version must be 1, but got 2');
  });

  it('[NP-305] wants its nonce back', () => {
    expectInvalid(
      makeResponse(token({ nonce: nonce + 1n })),
      `nonce in response ${nonce + 1n} does not match nonce in request ${nonce}`,
    );
    expectInvalid(
      makeResponse(makeToken({ message, messageImprint })),
      `nonce in response <nil> does not match nonce in request ${nonce}`,
    );
  });

  it.each<[string, Uint8Array]>([
    ['of another message', makeImprint(Buffer.from('another'))],
    ['with another hash', makeImprint(message, 'sha512')],
    ['without the NULL parameters', sequence(sequence(oid(hashOids.sha256)), octetString(new Uint8Array(32)))],
  ])('[SEC-13] refuses an imprint %s', (_, other) => {
    expectInvalid(
      makeResponse(token({ messageImprint: other })),
      /message imprint in response [0-9a-f]+ does not match with request [0-9a-f]+$/,
    );
  });

  it('wants the time in UTC', () => {
    expectInvalid(makeResponse(token({ genTime: '20260601010010+0100' })), 'TSTInfo genTime must be in UTC');
  });

  it('[NP-301] wants the certificate of a signer in the token', () => {
    const problem = 'certReq is True in request, but did not find any TSA signing certificate in the response';
    expectInvalid(makeResponse(token({ certificates: [] })), problem);
    expectInvalid(makeResponse(token({ signingCertificate: 'v1' })), problem);
    parse(makeResponse(token({ signers: [{ signingCertificate: 'none' }, {}] })));
  });

  it('answers any bytes and any change with NotaryError only', () => {
    const good = makeResponse(token());
    const change = fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.array(change, { minLength: 1, maxLength: 3 })),
        (input) => {
          const bytes = input instanceof Uint8Array ? input : Uint8Array.from(good);
          if (!(input instanceof Uint8Array)) for (const [position, value] of input) bytes[position] = value;
          try {
            parse(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(NotaryError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
