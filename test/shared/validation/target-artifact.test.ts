// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../shared/primitives/digest.ts';
import { findTargetMismatch } from '../../../shared/validation/target-artifact.ts';
import { verifiedEnvelope } from '../../fakes/signed-envelope.ts';
import { signer } from '../../fakes/verification.ts';

const artifact = { mediaType: 'a/b', digest: digestOf(new Uint8Array()), size: 7 };
const none = new Map<string, string>();

function mismatch(payload: string, metadata: ReadonlyMap<string, string> = none) {
  const envelope = verifiedEnvelope({ signer, payload: new TextEncoder().encode(payload), format: 'cose' });
  return findTargetMismatch(envelope, artifact, metadata);
}

const { digest } = artifact;

describe('findTargetMismatch', () => {
  it('finds nothing wrong with the artifact', () => {
    expect(mismatch(`{"targetArtifact":{"mediaType":"a/b","digest":"${digest}","size":7}}`)).toBeUndefined();
    expect(
      mismatch(` {"TARGETARTIFACT":{"Size":7,"x":1,"digest":"${digest}","mediaType":"a/b"},"y":2} `),
    ).toBeUndefined();
  });

  it.each([
    ['[NP-253]', `{"targetArtifact":{"mediaType":"a/b","digest":"${digestOf(new Uint8Array(1))}","size":7}}`],
    ['[NP-253]', `{"targetArtifact":{"mediaType":"a/b","digest":"${digest.toUpperCase()}","size":7}}`],
    ['[NP-254]', `{"targetArtifact":{"mediaType":"a/b","digest":"${digest}","size":8}}`],
    ['[NP-254]', `{"targetArtifact":{"mediaType":"a/B","digest":"${digest}","size":7}}`],
    ['', '{}'],
    ['', '{"targetArtifact":null}'],
  ])('%s finds another artifact: %s', (_, payload) => {
    expect(mismatch(payload)).toMatchObject({ error: 'content descriptor mismatch' });
  });

  it.each(['{"targetArtifact":{"size":7.0}}', '{"targetArtifact":[]}', '{} x', 'null x', '[]'])(
    'tells what is wrong with the payload %s',
    (payload) => {
      expect(mismatch(payload, new Map([['a', '1']]))?.error).not.toMatch(/^content|^unable/);
      expect(mismatch(payload)?.error).toMatch(/line 1, column/);
    },
  );

  const signed = `{"targetArtifact":{"mediaType":"a/b","digest":"${digest}","size":7,"annotations":{"a":"1","b":""}}}`;

  it('[NP-256] wants every pair of the metadata', () => {
    expect(mismatch(signed, new Map([['a', '1']]))).toBeUndefined();
    expect(
      mismatch(
        signed,
        new Map([
          ['a', '1'],
          ['b', ''],
        ]),
      ),
    ).toBeUndefined();
    for (const pair of [
      ['a', '2'],
      ['A', '1'],
      ['c', ''],
      ['toString', 'x'],
    ] as const) {
      expect(mismatch(signed, new Map([pair]))).toMatchObject({
        error: 'unable to find specified metadata in the signature',
        hint: `The signature does not have "${pair[0]}=${pair[1]}" of {input:userMetadata}.`,
      });
    }
  });

  it('[NP-256] tells missing metadata before another artifact', () => {
    expect(mismatch('{}', new Map([['a', '1']]))?.error).toBe('unable to find specified metadata in the signature');
  });
});
