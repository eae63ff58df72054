// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePemBlocks } from '../../../shared/primitives/pem.ts';
import { pemOf } from '../../fakes/certificate-authority.ts';

function found(text: string): (readonly [string, string])[] {
  return parsePemBlocks(text).map(({ label, bytes }) => [label, Buffer.from(bytes).toString('hex')]);
}

// Every result is the one of Go's encoding/pem.
describe('parsePemBlocks', () => {
  it('finds every block, whatever is between them', () => {
    const text = `before\n${pemOf('A', Buffer.from('01', 'hex'))}between\r\n${pemOf('B C', Buffer.from('02', 'hex'))}after`;
    expect(found(text)).toEqual([
      ['A', '01'],
      ['B C', '02'],
    ]);
    expect(parsePemBlocks(text)[0]?.text).toBe('-----BEGIN A-----\nAQ==\n-----END A-----\n');
  });

  it.each([
    ['carriage returns', '-----BEGIN A-----\r\nAQ==\r\n-----END A-----\r\n'],
    ['blanks at the end of lines', '-----BEGIN A----- \t\nAQ== \n-----END A-----\t'],
    ['blanks in the body', '-----BEGIN A-----\n\tA Q\n = =\n-----END A-----'],
    ['headers', '-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\nAQ==\n-----END A-----'],
    ['a BEGIN that has no end', '-----BEGIN B-----\nAAAA\n-----BEGIN A-----\nAQ==\n-----END A-----'],
    ['an END without begin before it', 'x\n-----END B-----\n-----BEGIN A-----\nAQ==\n-----END A-----'],
    ['a damaged block before it', '-----BEGIN B-----\n!\n-----END B-----\n-----BEGIN A-----\nAQ==\n-----END A-----'],
    ['unused bits that are set', '-----BEGIN A-----\nAR==\n-----END A-----'],
  ])('reads a block with %s', (_, text) => {
    expect(found(text)).toEqual([['A', '01']]);
  });

  it('reads an empty block', () => {
    expect(found('-----BEGIN A-----\n-----END A-----')).toEqual([['A', '']]);
  });

  it.each([
    ['no END', '-----BEGIN A-----\nAQ==\n'],
    ['another END', '-----BEGIN A-----\nAQ==\n-----END B-----'],
    ['text behind END', '-----BEGIN A-----\nAQ==\n-----END A----- x'],
    ['BEGIN inside a line', 'x-----BEGIN A-----\nAQ==\n-----END A-----'],
    ['END inside a line', '-----BEGIN A-----\nAQ== -----END A-----'],
    ['missing padding', '-----BEGIN A-----\nAQ\n-----END A-----'],
    ['other characters', '-----BEGIN A-----\nAQ-_\n-----END A-----'],
    ['data after the padding', '-----BEGIN A-----\nAQ==AQ==\n-----END A-----'],
    ['headers up to END', '-----BEGIN A-----\nK: V\n-----END A-----'],
  ])('passes over a block with %s', (_, text) => {
    expect(found(text)).toEqual([]);
  });

  it('reads back what was written', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (contents) => {
        const text = contents.map((bytes) => pemOf('A', bytes)).join('');
        expect(parsePemBlocks(text).map(({ bytes }) => bytes)).toEqual(contents.map((bytes) => Uint8Array.from(bytes)));
      }),
    );
  });

  it('never throws', () => {
    const line = fc.constantFrom('-----BEGIN A-----', '-----END A-----', 'K: V', 'AAAA', '', '-----END A:-----', 'x');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(line).map((lines) => lines.join('\n')),
        ),
        (text) => {
          expect(Array.isArray(parsePemBlocks(text))).toBe(true);
        },
      ),
    );
  });
});
