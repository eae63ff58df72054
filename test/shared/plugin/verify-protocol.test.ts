// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { parseVerifyResponse } from '../../../shared/plugin/verify-protocol.ts';
import { expectError } from '../../support/expect-error.ts';

const identity = 'SIGNATURE_VERIFIER.TRUSTED_IDENTITY';
const good = '{"success":true}';

function read(text: string) {
  const { findings, processedAttributes } = parseVerifyResponse(Buffer.from(text), 'p');
  return { findings: Object.fromEntries(findings), processedAttributes };
}

describe('parseVerifyResponse', () => {
  it('reads findings and processed attributes', () => {
    const results = `{"${identity}":{"success":false,"reason":"because"},"other":${good}}`;
    expect(read(`{"verificationResults":${results},"processedAttributes":["a","b"]}`)).toEqual({
      findings: { [identity]: { success: false, reason: 'because' }, other: { success: true, reason: '' } },
      processedAttributes: ['a', 'b'],
    });
  });

  it.each([
    ['nothing', '{}'],
    ['null', 'null'],
    ['empty members', '{"verificationResults":{},"processedAttributes":[]}'],
    ['an answer that is null', `{"verificationResults":{"${identity}":null},"processedAttributes":null}`],
    ['a later null', `{"verificationResults":{"${identity}":${good}},"verificationResults":null}`],
    ['a later answer that is null', `{"verificationResults":{"${identity}":${good},"${identity}":null}}`],
  ])('[SEC-7] finds nothing in %s', (_, text) => {
    expect(read(text)).toEqual({ findings: {}, processedAttributes: [] });
  });

  it('[SEC-4] takes the last of several answers, as a whole', () => {
    const later = `{"verificationResults":{"${identity}":${good},"${identity}":{"reason":"none"}}}`;
    expect(read(later).findings).toEqual({ [identity]: { success: false, reason: 'none' } });
    const merged = `{"verificationResults":{"${identity}":${good}},"VerificationResults":{"__proto__":${good}}}`;
    expect(Object.keys(parse(merged))).toEqual([]);
    expect([...parse(merged).keys()]).toEqual([identity, '__proto__']);
  });

  it('[SEC-4] takes the last list of processed attributes, and only text in it', () => {
    const text = '{"processedAttributes":["a","b"],"ProcessedAttributes":["c",1,null,{"d":"e"}]}';
    expect(read(text).processedAttributes).toEqual(['c']);
  });

  it.each([
    '{"verificationResults":[]}',
    `{"verificationResults":{"${identity}":true}}`,
    `{"verificationResults":{"${identity}":{"success":"true"}}}`,
    `{"verificationResults":{"${identity}":{"success":1}}}`,
    '{"processedAttributes":"a"}',
    '{"processedAttributes":[1e400]}',
    '{"processedAttributes":[1e400],"processedAttributes":[]}',
    '{} x',
    '',
  ])('refuses %s', (text) => {
    expectError(
      () => read(text),
      'plugin-failed',
      'failed to unmarshal the response of verify-signature command for plugin p',
    );
  });
});

function parse(text: string): ReadonlyMap<string, unknown> {
  return parseVerifyResponse(Buffer.from(text), 'p').findings;
}
