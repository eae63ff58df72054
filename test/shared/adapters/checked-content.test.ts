// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { checkedContent } from '../../../shared/adapters/checked-content.ts';
import { NotaryError } from '../../../shared/errors.ts';
import { digestOf } from '../../../shared/primitives/digest.ts';

const content = Buffer.from('0123456789');

async function read(pieces: readonly string[], expected = content) {
  const seen: string[] = [];
  let failure = '';
  const altered = (difference: string): NotaryError => new NotaryError('digest-mismatch', difference);
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* source(): AsyncGenerator<Uint8Array> {
    yield* pieces.map((piece) => Buffer.from(piece));
  }
  try {
    const descriptor = { digest: digestOf(expected, 'sha512'), size: expected.length };
    for await (const piece of checkedContent(source(), descriptor, altered)) seen.push(Buffer.from(piece).toString());
  } catch (thrown) {
    failure = thrown instanceof NotaryError ? thrown.message : 'another error';
  }
  return { seen, failure };
}

describe('checkedContent', () => {
  it('passes everything on, whatever the pieces', async () => {
    expect(await read(['0123', '', '456', '789'])).toEqual({ seen: ['0123', '', '456', '789'], failure: '' });
    expect(await read(['0123456789'])).toEqual({ seen: ['0123456789'], failure: '' });
    expect(await read([], Buffer.alloc(0))).toEqual({ seen: [], failure: '' });
  });

  it.each([
    ['more', ['0123456789', 'x'], 'more than 10 bytes'],
    ['fewer', ['01234', '5678'], '9 bytes instead of 10'],
    ['other', ['01234', '5678x'], 'the digest sha512:'],
    ['no', [], '0 bytes instead of 10'],
  ])('keeps the last piece back for %s bytes', async (_, pieces, text) => {
    const { seen, failure } = await read(pieces);
    expect(failure).toContain(text);
    expect(seen.join('').length).toBeLessThan(content.length);
  });
});
