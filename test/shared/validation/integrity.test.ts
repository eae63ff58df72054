// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { validateIntegrity } from '../../../shared/validation/integrity.ts';
import { signEnvelope, tamper } from '../../fakes/signed-envelope.ts';
import { signer } from '../../fakes/verification.ts';

const payload = new TextEncoder().encode('{"targetArtifact":{}}');
const jws = 'application/jose+json';

describe('validateIntegrity', () => {
  it.each([
    ['jws', jws],
    ['cose', 'application/cose'],
  ] as const)('gives a verified envelope for a sound %s signature', (format, mediaType) => {
    const { result, envelope } = validateIntegrity(mediaType, signEnvelope({ signer, payload, format }), 'enforce');
    expect(result).toEqual({ type: 'integrity', action: 'enforce', note: expect.any(String) as string });
    expect(Buffer.from(envelope?.payload.content ?? [])).toEqual(Buffer.from(payload));
  });

  it('gives none for a media type that is not supported', () => {
    const { result, parsed, envelope } = validateIntegrity('text/plain', signEnvelope({ signer, payload }), 'enforce');
    expect([parsed, envelope]).toEqual([undefined, undefined]);
    expect(result.error).toBe(
      'unable to parse the digital signature, error : signature envelope format with media type "text/plain" is not supported',
    );
  });

  it.each([
    ['[NP-37]', '', /^unable to parse the digital signature, error : unexpected end of JSON input/],
    ['[NP-38]', '{}', /^certificate chain is not present$/],
  ])('%s gives none for the bytes %j', (_, text, error) => {
    const { result, envelope } = validateIntegrity(jws, new TextEncoder().encode(text), 'enforce');
    expect(envelope).toBeUndefined();
    expect(result.error).toMatch(error);
  });

  it('[NP-52] gives none for a tampered signature, but shows what it says', () => {
    const { result, parsed, envelope } = validateIntegrity(jws, tamper(signEnvelope({ signer, payload })), 'enforce');
    expect(envelope).toBeUndefined();
    expect(parsed).toBeDefined();
    expect(result.error).toMatch(/^signature is invalid\. Error: /);
    expect(result.hint).toBeDefined();
  });

  it.each(['jws', 'cose'] as const)('[NP-85] gives none for another content type in %s', (format) => {
    const bytes = signEnvelope({ signer, payload, format, contentType: 'application/json' });
    const { result, envelope } = validateIntegrity(format === 'jws' ? jws : 'application/cose', bytes, 'enforce');
    expect(envelope).toBeUndefined();
    expect(result.error).toBe('payload content type "application/json" not supported');
  });
});
