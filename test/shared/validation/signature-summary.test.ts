// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { summarizeSignature } from '../../../shared/validation/signature-summary.ts';
import { verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { signer } from '../../fakes/verification.ts';

describe('summarizeSignature', () => {
  it('leaves out what a signature does not say', () => {
    const summary = summarizeSignature(verifiedEnvelope({ signer, payload: new TextEncoder().encode('{}') }));
    expect(Object.keys(summary)).toEqual([
      'envelopeMediaType',
      'signingScheme',
      'algorithm',
      'signingTime',
      'timestamped',
      'userMetadata',
      'certificates',
    ]);
    expect(summary.userMetadata).toEqual({});
  });

  it('takes the time of a signing authority', () => {
    const spec = {
      signer,
      payload: new TextEncoder().encode('{}'),
      signingScheme: 'notary.x509.signingAuthority',
    } as const;
    expect(summarizeSignature(verifiedEnvelope(spec))).toMatchObject({
      signingScheme: 'notary.x509.signingAuthority',
      signingTime: '2026-01-01T00:00:00Z',
    });
  });

  it('tells that there is a timestamp', () => {
    const spec = { signer, payload: new TextEncoder().encode('{}'), timestampSignature: new Uint8Array([1]) };
    expect(summarizeSignature(verifiedEnvelope(spec)).timestamped).toBe(true);
  });

  it('keeps __proto__ as an ordinary key of the metadata', () => {
    const payload = new TextEncoder().encode('{"targetArtifact":{"annotations":{"__proto__":"x","a":"1"}}}');
    const { userMetadata } = summarizeSignature(verifiedEnvelope({ signer, payload, format: 'cose' }));
    expect(Object.entries(userMetadata)).toEqual([
      ['__proto__', 'x'],
      ['a', '1'],
    ]);
    expect(JSON.stringify(userMetadata)).toBe('{"__proto__":"x","a":"1"}');
  });

  it('has no metadata when the payload cannot be read', () => {
    const envelope = verifiedEnvelope({ signer, payload: new TextEncoder().encode('[]'), format: 'cose' });
    expect(summarizeSignature(envelope).userMetadata).toEqual({});
  });
});
