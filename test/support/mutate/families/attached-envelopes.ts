// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec } from '../../../../shared/envelope/algorithm.ts';
import {
  type EnvelopeFormat,
  envelopeMediaTypes,
  type ExtendedAttribute,
} from '../../../../shared/envelope/content.ts';
import { payloadMediaType } from '../../../../shared/envelope/content.ts';
import { prepareEnvelope } from '../../../../shared/envelope/envelope.ts';
import { encodePayload } from '../../../../shared/envelope/payload.ts';
import type { TestSigner } from '../../../fakes/certificate-authority.ts';
import type { Scenario } from '../../../fakes/verification.ts';
import { mutateBytes } from '../bytes.ts';
import { mutantSigner } from '../certificates.ts';
import { signRepeatably } from '../ecdsa.ts';
import type { Random } from '../random.ts';
import { mutantTimestampSigner, mutantToken } from '../tokens.ts';

const claim = (name: string) => `io.cncf.notary.${name}`;
const january = (year: number) => new Date(`${year}-01-01T00:00:00Z`);

/** Who signs the artifacts. */
export const signers: readonly TestSigner[] = [
  mutantSigner('EC-256'),
  mutantSigner('EC-256', { notBefore: january(2026), notAfter: january(2027) }),
  mutantSigner('EC-384', { notAfter: january(2027) }),
];
/** Others than P-256 are rare: they cost ten times the time. */
const usualSigners = signers.slice(0, 2);
/** Who makes timestamps. */
export const authority = mutantTimestampSigner('EC-256');
export const shortLivedAuthority = mutantTimestampSigner('EC-256', { role: 'short-lived', notAfter: january(2027) });

/** An envelope as it is attached. */
export interface Attached {
  readonly mediaType: string;
  readonly envelope: Uint8Array;
}

/** An envelope about an artifact, mostly sound. */
export function attachedEnvelope(random: Random, { artifact }: Scenario): Attached {
  const format = random.pick<EnvelopeFormat>(['jws', 'cose']);
  const signer = random.pick(random.chance(0.05) ? signers : usualSigners);
  const { certificateChain, privateKey } = signer;
  const { keySpec = 'EC-256' } = certificateChain[0];
  const byAuthority = random.chance(0.25);
  const prepared = prepareEnvelope(envelopeMediaTypes[format], {
    payload: {
      contentType: random.sometimes(0.03, () => 'text/plain', payloadMediaType),
      content: payload(random, artifact),
    },
    signingScheme: byAuthority ? 'notary.x509.signingAuthority' : 'notary.x509',
    signingTime: random.pick([
      new Date('2026-06-01T00:00:00Z'),
      new Date('2026-06-01T00:00:00Z'),
      january(2026),
      january(2027),
    ]),
    expiry: random.chance(0.3) ? random.pick([january(2028), new Date('2027-01-01T00:00:01Z')]) : undefined,
    extended: extendedAttributes(random),
    signingAgent: 'mutant/1',
    keySpec,
    certificateChain,
  });
  const { hash } = algorithmOfKeySpec(keySpec);
  const usual = signRepeatably(privateKey, hash, prepared.toBeSigned, 'ieee-p1363') ?? new Uint8Array();
  const signature = random.chance(0.03) ? usual.with(9, (usual[9] ?? 0) ^ 1) : usual;
  const timestampSignature = random.chance(0.35) ? timestamp(random, signature) : undefined;
  const envelope = prepared.complete(signature, { timestampSignature });
  return {
    mediaType: random.sometimes(0.02, () => random.pick(Object.values(envelopeMediaTypes)), envelopeMediaTypes[format]),
    envelope: random.chance(0.04) ? mutateBytes(random, envelope) : envelope,
  };
}

function payload(random: Random, artifact: Scenario['artifact']): Uint8Array {
  if (random.chance(0.03)) return Buffer.from(random.pick(['{}', '{"targetArtifact":1}', '{"targetArtifact":null}']));
  const annotations = random.pick([{}, { annotations: { k: 'v' } }, { annotations: { k: 'v', l: '' } }]);
  const other = random.pick([
    { size: 3 },
    { mediaType: 'a/b' },
    { digest: `sha256:${'0'.repeat(64)}` as typeof artifact.digest },
  ]);
  return encodePayload({ ...artifact, ...annotations, ...(random.chance(0.05) ? other : {}) });
}

function extendedAttributes(random: Random): ExtendedAttribute[] {
  if (random.chance(0.85)) return [];
  const attribute = (key: string, value: unknown, critical = random.chance(0.7)): ExtendedAttribute => ({
    key,
    critical,
    value,
  });
  return random.pick([
    () => [attribute('k', 'v')],
    () => [attribute(claim('verificationPlugin'), random.pick(['plugin', '', ' ', 5]))],
    () => [
      attribute(claim('verificationPlugin'), 'plugin', true),
      attribute(claim('verificationPluginMinVersion'), random.pick(['1.0.0', '1.0', 'v1.0.0', '', 1])),
    ],
    () => [attribute(claim('verificationPluginMinVersion'), '1.0.0')],
  ])();
}

function timestamp(random: Random, signature: Uint8Array): Uint8Array {
  const token = mutantToken({
    message: random.sometimes(0.05, () => Buffer.from('another'), signature),
    signer: random.pick([authority, authority, shortLivedAuthority]),
    genTime: random.pick([
      '20260601000010Z',
      '20260601000010Z',
      '20260101000000Z',
      '20270101000000Z',
      '20251231235959.5Z',
      '20280101000000Z',
    ]),
  });
  return random.chance(0.06) ? mutateBytes(random, token) : token;
}
