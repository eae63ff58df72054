// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EnvelopeContent, EnvelopeMediaType } from '../../../shared/envelope/content.ts';
import { parseEnvelope, prepareEnvelope, verifyIntegrity } from '../../../shared/envelope/envelope.ts';
import { encodePayload, parsePayload } from '../../../shared/envelope/payload.ts';
import { parseDigest } from '../../../shared/primitives/digest.ts';

const folder = join(import.meta.dirname, '../../fixtures/vectors');
const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
  readonly vectors: readonly {
    readonly group: string;
    readonly madeBy: string;
    readonly signatures: readonly { readonly envelope: string; readonly envelopeMediaType: EnvelopeMediaType }[];
  }[];
};

/** Envelopes as `notation sign` 1.3.2 wrote them. */
const envelopes = index.vectors
  .filter(({ group }) => group === 'valid')
  .flatMap(({ signatures }) => signatures)
  .map(({ envelope, envelopeMediaType }) => [envelope, envelopeMediaType] as const);

/** Writes the envelope again from what it says, with the same signature. */
function rewrite(mediaType: EnvelopeMediaType, content: EnvelopeContent): Uint8Array {
  const { signedAttributes: signed, unsignedAttributes: unsigned, certificateChain } = content;
  if (signed.signingScheme !== 'notary.x509') throw new Error('notation sign has one scheme only');
  const { targetArtifact } = parsePayload(content.payload.content);
  const annotations = Object.fromEntries(targetArtifact.annotations);
  const prepared = prepareEnvelope(mediaType, {
    payload: {
      contentType: content.payload.contentType,
      content: encodePayload({ ...targetArtifact, digest: parseDigest(targetArtifact.digest), annotations }),
    },
    signingScheme: signed.signingScheme,
    signingTime: signed.signingTime.date,
    expiry: signed.expiry?.date,
    signingAgent: unsigned.signingAgent,
    keySpec: content.algorithm.keySpec,
    certificateChain,
  });
  return prepared.complete(content.signature, { timestampSignature: unsigned.timestampSignature });
}

describe('envelopes that Notation has written', () => {
  it.each(envelopes)('are written byte for byte: %s', (file, mediaType) => {
    const bytes = readFileSync(join(folder, file));
    const content = verifyIntegrity(parseEnvelope(mediaType, bytes));
    expect(Buffer.from(rewrite(mediaType, content)).equals(bytes)).toBe(true);
  });

  it('are there', () => {
    expect(envelopes.length).toBeGreaterThan(20);
  });
});
