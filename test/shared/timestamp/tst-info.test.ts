// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { formatGoInstant } from '../../../shared/primitives/go-time.ts';
import { parseToken } from '../../../shared/timestamp/token.ts';
import { parseTstInfo, timestampRange } from '../../../shared/timestamp/tst-info.ts';
import {
  boolean,
  context,
  contextPrimitive,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  text,
} from '../../fakes/der.ts';
import { accuracy, makeToken, type InfoSpec } from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const message = Buffer.from('the signature');
const baseline = '0.4.0.2023.1.1';

function infoOf(spec: Partial<InfoSpec>) {
  return parseTstInfo(parseToken(makeToken({ message, ...spec })).content);
}

/** Both ends as Go prints them, without the zone. */
function range(spec: Partial<InfoSpec>, of: Uint8Array = message): string {
  const { earliest, latest } = timestampRange(infoOf(spec), of);
  return [earliest, latest].map((instant) => formatGoInstant(instant).slice(11).replace(' +0000 UTC', '')).join(' ');
}

function expectInvalid(work: () => unknown, problem: string | RegExp): void {
  expectError(work, 'timestamp-invalid', problem);
}

const unmarshal = 'cannot unmarshal TSTInfo from timestamp token: asn1: ';

describe('parseTstInfo', () => {
  it('reads what counts', () => {
    const info = infoOf({ nonce: 7n, accuracy: [accuracy.seconds(1), accuracy.microseconds(5)], policy: baseline });
    expect(info).toMatchObject({
      version: 1n,
      policy: baseline,
      nonce: 7n,
      accuracy: { seconds: 1n, milliseconds: 0n, microseconds: 5n },
      messageImprint: { algorithm: '2.16.840.1.101.3.4.2.1', parameters: Uint8Array.of(5, 0) },
    });
    expect(infoOf({})).toMatchObject({ accuracy: undefined, nonce: undefined });
  });

  it('passes over ordering, tsa, extensions and whatever follows', () => {
    const extension = sequence(oid('1.2.3'), boolean(true), octetString(Uint8Array.of(1)));
    const more = [boolean(true), integer(9), context(0, context(4, sequence())), context(1, extension), nullValue()];
    expect(infoOf({ editInfo: (fields) => [...fields, ...more] }).nonce).toBe(9n);
    expect(infoOf({ editInfo: (fields) => [...fields, text(0x0c, 'more')] }).nonce).toBeUndefined();
  });

  it.each<[string, (fields: Uint8Array[]) => Uint8Array[]]>([
    ['a member is missing', (fields) => fields.slice(0, 4)],
    ['members are in another order', (fields) => fields.toReversed()],
    ['the version is no integer', ([, ...fields]) => [boolean(true), ...fields]],
    ['a boolean is neither 00 nor FF', (fields) => [...fields, Uint8Array.of(1, 1, 1)]],
    ['an extension has no value', (fields) => [...fields, context(1, sequence(oid('1.2.3')))]],
    ['the extensions are something else', (fields) => [...fields, context(1, integer(1))]],
    ['the accuracy is malformed', (fields) => [...fields, sequence(contextPrimitive(0, new Uint8Array()))]],
    ['the nonce is not minimal', (fields) => [...fields, Uint8Array.of(2, 2, 0, 1)]],
    ['the time is no time', (fields) => fields.with(4, text(0x16, '20260601000010Z'))],
  ])('[NP-288] refuses it when %s', (_, editInfo) => {
    expectInvalid(() => infoOf({ editInfo }), /^cannot unmarshal TSTInfo from timestamp token: asn1: /);
  });

  it('[NP-288] refuses what is no structure at all', () => {
    expectInvalid(() => parseTstInfo(new Uint8Array()), `${unmarshal}syntax error: sequence truncated`);
    expectInvalid(() => parseTstInfo(integer(1)), `${unmarshal}structure error: tags don't match`);
  });

  it('reads a UTCTime as well', () => {
    expect(range({ editInfo: (fields) => fields.with(4, text(0x17, '260601000010Z')) })).toBe('00:00:10 00:00:10');
  });
});

describe('timestampRange', () => {
  it('adds the accuracy on both sides', () => {
    const whole = [accuracy.seconds(1), accuracy.milliseconds(20), accuracy.microseconds(3)];
    expect(range({ accuracy: whole })).toBe('00:00:08.979997 00:00:11.020003');
    expect(range({ genTime: '20260601000010.5Z', accuracy: [accuracy.milliseconds(5)] })).toBe(
      '00:00:10.495 00:00:10.505',
    );
    expect(range({ genTime: '20260601000010.5Z' })).toBe('00:00:10.5 00:00:10.5');
  });

  it('[NP-294] takes one second for the baseline policy without an accuracy', () => {
    expect(range({ policy: baseline })).toBe('00:00:09 00:00:11');
    expect(range({ policy: baseline, accuracy: [] })).toBe('00:00:09 00:00:11');
    expect(range({ policy: baseline, accuracy: [accuracy.seconds(0)] })).toBe('00:00:09 00:00:11');
    expect(range({ policy: baseline, accuracy: [accuracy.milliseconds(1)] })).toBe('00:00:09.999 00:00:10.001');
    expect(range({})).toBe('00:00:10 00:00:10');
  });

  it('[SEC-43] computes with any accuracy exactly', () => {
    const { earliest, latest } = timestampRange(infoOf({ accuracy: [accuracy.seconds(2n ** 62n)] }), message);
    expect(latest.seconds - earliest.seconds).toBe(2n ** 63n);
  });

  it.each([[accuracy.seconds(-1)], [accuracy.seconds(1), accuracy.milliseconds(-1)], [accuracy.microseconds(-1)]])(
    'refuses a negative accuracy',
    (...members) => {
      expectInvalid(() => range({ accuracy: members }), 'invalid TSTInfo: accuracy must not be negative');
    },
  );

  it.each(['sha256', 'sha384', 'sha512'] as const)('takes an imprint with %s, whatever hash signs', (hash) => {
    expect(range({ hash })).toBe('00:00:10 00:00:10');
  });

  it('refuses an imprint with SHA-1', () => {
    expectInvalid(() => range({ hash: 'sha1' }), 'invalid TSTInfo: unrecognized hash algorithm: 1.3.14.3.2.26');
  });

  it('[NP-289] [SEC-13] refuses an imprint of another message', () => {
    expectInvalid(() => range({}, Buffer.from('another signature')), 'invalid TSTInfo: mismatched message');
  });

  it.each([0, 2])('refuses version %d', (version) => {
    expectInvalid(
      () => range({ version }),
      `invalid TSTInfo: timestamp token info version must be 1, but got ${version}`,
    );
  });
});
