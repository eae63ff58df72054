// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTimestampRequest, nonceSize } from '../../../shared/timestamp/request.ts';
import { parseQuery } from '../../fakes/timestamp-authority.ts';
import { makeImprint } from '../../fakes/timestamp-token.ts';

const signature = Buffer.from('the signature');

describe('createTimestampRequest', () => {
  it('asks with version, imprint, nonce and certReq, and nothing else', async () => {
    const { encoded, nonce } = await createTimestampRequest(signature, 'sha256', Buffer.alloc(nonceSize, 0x11));
    const hash = createHash('sha256').update(signature).digest('hex');
    expect(Buffer.from(encoded).toString('hex')).toBe(
      `304f020101` + `3031300d060960864801650304020105000420${hash}` + `0214${'11'.repeat(20)}` + '0101ff',
    );
    expect(nonce.toString(16)).toBe('11'.repeat(20));
  });

  it.each(['sha256', 'sha384', 'sha512'] as const)('hashes with %s', async (hash) => {
    const request = await createTimestampRequest(signature, hash, Buffer.alloc(nonceSize));
    const query = parseQuery(Buffer.from(request.encoded));
    expect(query).toEqual({ messageImprint: expect.anything() as unknown, nonce: 0n, certReq: true });
    expect(Buffer.from(query.messageImprint)).toEqual(Buffer.from(makeImprint(signature, hash)));
    expect(Buffer.from(request.messageImprint)).toEqual(Buffer.from(makeImprint(signature, hash)));
  });

  it('has a nonce below 2¹⁵⁹, never negative', async () => {
    const { encoded, nonce } = await createTimestampRequest(signature, 'sha256', Buffer.alloc(nonceSize, 0xff));
    expect(nonce).toBe(2n ** 159n - 1n);
    expect(parseQuery(Buffer.from(encoded)).nonce).toBe(nonce);
  });
});
