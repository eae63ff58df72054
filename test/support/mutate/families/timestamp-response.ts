// SPDX-License-Identifier: Apache-2.0
import { createTimestampRequest, nonceSize } from '../../../../shared/timestamp/request.ts';
import { parseTimestampResponse } from '../../../../shared/timestamp/response.ts';
import { bitString, sequence, text } from '../../../fakes/der.ts';
import { makeImprint, makeResponse } from '../../../fakes/timestamp-token.ts';
import { mutateAsn1 } from '../asn1.ts';
import { mutateBytes } from '../bytes.ts';
import { accepted, base64, type Family, step } from '../family.ts';
import type { Random } from '../random.ts';
import { mutantTimestampSigner, mutantToken } from '../tokens.ts';

const message = new Uint8Array(Buffer.from('the signature'));
const signer = mutantTimestampSigner('EC-256');

/** Answers of timestamp authorities to a request. */
export const timestampResponse: Family = {
  name: 'timestamp-response',
  oracle: 'timestamp-response',
  generate: async (random) => {
    const hash = random.pick(['sha256', 'sha384', 'sha512'] as const);
    const nonce = Uint8Array.from(random.times(nonceSize, () => random.below(256)));
    const request = await createTimestampRequest(message, hash, nonce);
    const token = mutantToken({
      message,
      signer,
      messageImprint: random.sometimes(
        0.1,
        () => makeImprint(message, random.pick(['sha1', hash])),
        request.messageImprint,
      ),
      ...(random.chance(0.92) ? { nonce: request.nonce } : random.pick([{}, { nonce: 5n }])),
      version: random.chance(0.96) ? 1 : 2,
      ...(random.chance(0.05) ? { certificates: [] } : {}),
    });
    const response = damaged(
      random,
      makeResponse(random.chance(0.95) ? token : undefined, status(random), statusInfo(random)),
    );
    return {
      input: { request: base64(request.encoded), response: base64(response) },
      decide: () => {
        const parsed = step('response', () => parseTimestampResponse(response, request));
        return 'refused' in parsed ? parsed.refused : accepted();
      },
    };
  },
};

function status(random: Random): number {
  return random.chance(0.85) ? 0 : random.below(8);
}

function statusInfo(random: Random): Uint8Array[] {
  const someText = () =>
    text(random.pick([0x0c, 0x13, 0x16, 0x14, 0x1b, 0x1e, 0x12, 4]), random.pick(['ok', 'no*', 'ü', '']));
  const failure = () =>
    bitString(Uint8Array.of(random.below(256) & 0xf0, random.below(256) & 0xfe), random.pick([0, 0, 1, 1, 3]));
  return [
    ...(random.chance(0.2) ? [sequence(...random.some(2, someText))] : []),
    ...(random.chance(0.2) ? [failure()] : []),
  ];
}

function damaged(random: Random, response: Uint8Array): Uint8Array {
  const choice = random.float();
  if (choice < 0.1) return new Uint8Array(Buffer.concat([response, Buffer.of(1, 2)]));
  if (choice < 0.3) return mutateBytes(random, response);
  return choice < 0.6 ? mutateAsn1(random, response) : response;
}
