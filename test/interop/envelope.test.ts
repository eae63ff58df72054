// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope, prepareEnvelope, readContent } from '../../shared/envelope/envelope.ts';
import { envelopeMediaTypes, payloadMediaType } from '../../shared/envelope/content.ts';
import { addUserMetadata, encodePayload } from '../../shared/envelope/payload.ts';
import { parseDigest } from '../../shared/primitives/digest.ts';
import { fetchEnvelope, taggedSignatures } from './support/attach.ts';
import { pushImage } from './support/image.ts';
import { signingKeys } from './support/keys.ts';
import { createNotation, type Notation } from './support/notation.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';

let registry: RunningRegistry;
let notation: Notation;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  notation = createNotation();
});
afterAll(async () => {
  await registry.stop();
  notation.remove();
});

/** What makes an envelope larger than the smallest one. */
const variants: readonly { name: string; args: readonly string[]; metadata: ReadonlyMap<string, string> }[] = [
  { name: 'plain', args: [], metadata: new Map() },
  {
    name: 'with metadata and expiry',
    args: ['-m', 'z=<&>é\u2028', '-m', 'a=b=c', '--expiry', '36h'],
    metadata: new Map([
      ['z', '<&>é\u2028'],
      ['a', 'b=c'],
    ]),
  },
];

describe.each(['jws', 'cose'] as const)('[NP-1] the %s envelopes of Notation, byte for byte', (format) => {
  describe.each(variants)('$name', ({ args, metadata, name: variant }) => {
    it.each(signingKeys)('given its signature value we write the same envelope for $name', async ({ name }) => {
      const image = await pushImage(registry.host, `envelope/${format}/${variant.split(' ')[0] ?? ''}/${name}`);
      await notation.succeed('sign', image.reference, '--key', name, '--signature-format', format, ...args);
      const [digest = ''] = await taggedSignatures(image);
      const { mediaType, bytes } = await fetchEnvelope(image, digest);
      expect(mediaType).toBe(envelopeMediaTypes[format]);

      const content = readContent(parseEnvelope(mediaType, bytes));
      const { signedAttributes, certificateChain, algorithm, signature } = content;
      if (signedAttributes.signingScheme !== 'notary.x509') throw new Error(signedAttributes.signingScheme);
      const subject = { mediaType: image.mediaType, digest: parseDigest(image.digest), size: image.size };
      const prepared = prepareEnvelope(envelopeMediaTypes[format], {
        payload: { contentType: payloadMediaType, content: encodePayload(addUserMetadata(subject, metadata)) },
        signingScheme: 'notary.x509',
        signingTime: signedAttributes.signingTime.date,
        expiry: signedAttributes.expiry?.date,
        signingAgent: 'notation-go/1.3.2',
        keySpec: algorithm.keySpec,
        certificateChain,
      });
      expect(Buffer.from(prepared.complete(signature)).toString('latin1')).toBe(bytes.toString('latin1'));
    });
  });
});
