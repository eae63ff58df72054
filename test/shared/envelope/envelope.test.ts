// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { isEnvelopeMediaType, parseEnvelope } from '../../../shared/envelope/envelope.ts';
import { expectError } from '../../support/expect-error.ts';

describe('parseEnvelope', () => {
  it.each(['', 'application/octet-stream', 'application/JOSE+json', 'toString', '__proto__'])(
    '[NP-20] does not know the media type %j',
    (mediaType) => {
      expect(isEnvelopeMediaType(mediaType)).toBe(false);
      expectError(
        () => parseEnvelope(mediaType, new Uint8Array()),
        'envelope-unsupported',
        `signature envelope format with media type "${mediaType}" is not supported`,
      );
    },
  );

  it('shows nothing of what it has parsed', () => {
    const envelope = parseEnvelope('application/jose+json', Buffer.from('{"payload":"secret"}'));
    expect(Object.keys(envelope)).toEqual(['mediaType']);
    expect(JSON.stringify(envelope)).not.toContain('secret');
  });
});
