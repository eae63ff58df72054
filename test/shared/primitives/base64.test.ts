// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from '../../../shared/primitives/base64.ts';
import { expectError } from '../../support/expect-error.ts';

describe('standard base64', () => {
  it('goes round', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it('skips line breaks and leaves unused bits free', () => {
    expect(decodeBase64('A\r\nQ\n=\r=\n')).toEqual(Uint8Array.of(1));
    expect(decodeBase64('AR==')).toEqual(Uint8Array.of(1));
    expect(decodeBase64('\n')).toEqual(new Uint8Array());
  });

  it.each([
    'A',
    'AQ',
    'AQ=',
    'AQ===',
    ' AQ==',
    'AQ==\t',
    'A Q=',
    'AQ\u00a0=',
    '=',
    '====',
    'AQ==AQ==',
    'A===',
    'AQ =',
    '-_==',
    'AQI=\0',
    'é===',
  ])('[SEC-42] refuses %j', (text) => {
    expectError(() => decodeBase64(text), 'malformed', /^illegal base64 data at input byte \d+$/);
  });
});

describe('base64url without padding', () => {
  it('goes round', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBase64Url(encodeBase64Url(bytes))).toEqual(bytes);
      }),
    );
  });

  it('skips line breaks and leaves unused bits free', () => {
    expect(decodeBase64Url('\rA\nR')).toEqual(Uint8Array.of(1));
    expect(decodeBase64Url('-_8')).toEqual(Uint8Array.of(0xfb, 0xff));
  });

  it.each(['A', 'AAAAA', 'AQ==', 'AQ=', '+/8', 'A Q', ' AQ', 'AQ.', 'é', '\ud800', 'AQ\0\0'])(
    '[SEC-42] refuses %j',
    (text) => {
      expectError(() => decodeBase64Url(text), 'malformed', /^illegal base64 data/);
    },
  );
});
