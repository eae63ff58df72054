// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { validateExpiry } from '../../../shared/validation/expiry.ts';
import { verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { signer } from '../../fakes/verification.ts';

const payload = new TextEncoder().encode('{}');
const expiry = new Date('2026-02-01T00:00:00Z');
const envelope = verifiedEnvelope({ signer, payload, expiry });

describe('validateExpiry', () => {
  it('passes until the instant of expiry', () => {
    expect(validateExpiry(envelope, 'enforce', new Date(expiry.getTime() - 1))).toEqual({
      type: 'expiry',
      action: 'enforce',
      note: 'valid until Sun, 01 Feb 2026 00:00:00 +0000',
    });
  });

  it.each([0, 1])('[NP-259] fails %d ms after it', (later) => {
    expect(validateExpiry(envelope, 'log', new Date(expiry.getTime() + later))).toMatchObject({
      type: 'expiry',
      action: 'log',
      error: 'digital signature has expired on "Sun, 01 Feb 2026 00:00:00 +0000"',
    });
  });

  it('shows the time in the zone of the claim', () => {
    const signedAttributes = { ...envelope.signedAttributes, expiry: { date: expiry, offsetMinutes: 120 } };
    expect(validateExpiry({ ...envelope, signedAttributes }, 'enforce', new Date('2027-01-01')).error).toBe(
      'digital signature has expired on "Sun, 01 Feb 2026 02:00:00 +0200"',
    );
  });

  it('passes without an expiry', () => {
    const unlimited = verifiedEnvelope({ signer, payload });
    expect(validateExpiry(unlimited, 'enforce', new Date('2100-01-01')).error).toBeUndefined();
  });
});
