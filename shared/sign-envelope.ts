// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec } from './envelope/algorithm.ts';
import { type EnvelopeMediaType, type VerifiedEnvelope, payloadMediaType } from './envelope/content.ts';
import { parseEnvelope, prepareEnvelope, verifyIntegrity } from './envelope/envelope.ts';
import { encodePayload } from './envelope/payload.ts';
import { NotaryError, messageOf } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { checkGeneratedEnvelope } from './plugin/generated-envelope.ts';
import type { ChainedSignature, ChainingSigner, EnvelopeSigner, RawSigner, SignPorts, Timestamper } from './ports.ts';
import { equalBytes } from './primitives/bytes.ts';
import { formatRfc3339 } from './primitives/go-time.ts';
import { quote } from './primitives/quote.ts';

/** An envelope to make. */
export interface EnvelopeWish {
  readonly mediaType: EnvelopeMediaType;
  /** What is signed, with user metadata among its annotations. */
  readonly descriptor: Descriptor;
  readonly signingTime: Date;
  readonly expirySeconds: number;
  readonly expiry: Date | undefined;
  /** `name/version` of the software that signs; unsigned in the envelope. */
  readonly signingAgent: string;
}

/** An envelope that has been verified as a verifier would. */
export interface MadeEnvelope {
  readonly bytes: Uint8Array;
  readonly verified: VerifiedEnvelope;
  /** What the signer wants in the signature manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/** Has an envelope made by whatever kind of signer. Throws when the signer fails or its signature does not verify. */
export async function signEnvelope(
  wish: EnvelopeWish,
  ports: Pick<SignPorts, 'signer' | 'timestamper'>,
): Promise<MadeEnvelope> {
  const { signer, timestamper } = ports;
  if (signer.kind === 'envelope') return fromEnvelopeSigner(wish, signer, timestamper);
  const bytes = await assemble(wish, signer, timestamper);
  const verified = verifyOwn(wish.mediaType, bytes, signer);
  return { bytes, verified, annotations: {}, warnings: [] };
}

/** Signs the bytes that our own envelope needs. */
async function assemble(
  wish: EnvelopeWish,
  signer: RawSigner | ChainingSigner,
  timestamper: Timestamper | undefined,
): Promise<Uint8Array> {
  const { keySpec, agent } = signer;
  const prepared = prepareEnvelope(wish.mediaType, {
    payload: { contentType: payloadMediaType, content: encodePayload(wish.descriptor) },
    signingScheme: 'notary.x509',
    signingTime: wish.signingTime,
    expiry: wish.expiry,
    signingAgent: agent === undefined ? wish.signingAgent : `${wish.signingAgent} ${agent}`,
    keySpec,
    ...(signer.kind === 'raw' ? { certificateChain: signer.certificateChain } : {}),
  });
  const { signature, ...chain } = await signRaw(signer, prepared.toBeSigned);
  if (timestamper === undefined) return prepared.complete(signature, chain);
  const timestampSignature = await timestamper.timestamp(signature, algorithmOfKeySpec(keySpec).hash);
  return prepared.complete(signature, { ...chain, timestampSignature });
}

async function signRaw(
  signer: RawSigner | ChainingSigner,
  toBeSigned: Uint8Array,
): Promise<Pick<ChainedSignature, 'signature'> & Partial<ChainedSignature>> {
  return signer.kind === 'raw' ? { signature: await signer.sign(toBeSigned) } : signer.sign(toBeSigned);
}

/** Verifies what was just made as a verifier would: a signer with the wrong key is found here, not in production. */
function verifyOwn(
  mediaType: EnvelopeMediaType,
  envelope: Uint8Array,
  signer: RawSigner | ChainingSigner,
): VerifiedEnvelope {
  const failed = (reason: string, cause?: unknown): NotaryError =>
    new NotaryError('signing-failed', `generated signature failed verification: ${reason}`, {
      hint: `Check that the certificate chain belongs to the key (${signer.description}).`,
      cause,
    });
  let verified: VerifiedEnvelope;
  try {
    verified = verifyIntegrity(parseEnvelope(mediaType, envelope));
  } catch (thrown) {
    throw failed(messageOf(thrown), thrown);
  }
  if (verified.payload.contentType !== payloadMediaType) {
    throw failed(`payload content type ${quote(verified.payload.contentType)} not supported`);
  }
  if (signer.kind === 'raw' && !equalBytes(verified.certificateChain[0].der, signer.certificateChain[0].der)) {
    throw failed('the envelope has another signing certificate');
  }
  return verified;
}

/** Times, scheme and timestamp of the envelope are the signer's own, as with the reference. */
async function fromEnvelopeSigner(
  wish: EnvelopeWish,
  signer: EnvelopeSigner,
  timestamper: Timestamper | undefined,
): Promise<MadeEnvelope> {
  const { mediaType, descriptor, expirySeconds } = wish;
  const { envelope: bytes, annotations } = await signer.sign({
    payload: encodePayload(descriptor),
    payloadMediaType,
    envelopeMediaType: mediaType,
    expirySeconds: expirySeconds === 0 ? undefined : expirySeconds,
  });
  let verified: VerifiedEnvelope;
  try {
    verified = checkGeneratedEnvelope(mediaType, bytes, descriptor);
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    throw new NotaryError('signing-failed', `failed to sign with ${signer.description}: ${thrown.message}`, {
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
      cause: thrown,
    });
  }
  return { bytes, verified, annotations, warnings: deviations(wish, verified, signer, timestamper) };
}

/** What was asked for and is not in the envelope: the reference accepts it silently. */
function deviations(
  { expirySeconds }: EnvelopeWish,
  { signedAttributes, unsignedAttributes }: VerifiedEnvelope,
  { description }: EnvelopeSigner,
  timestamper: Timestamper | undefined,
): string[] {
  const warnings: string[] = [];
  const { expiry } = signedAttributes;
  const start =
    signedAttributes.signingScheme === 'notary.x509'
      ? signedAttributes.signingTime.date
      : signedAttributes.authenticSigningTime.date;
  const made = expiry === undefined ? 0 : Math.round((expiry.date.getTime() - start.getTime()) / 1000);
  if (expirySeconds !== 0 && made !== expirySeconds) {
    const what = expiry === undefined ? 'does not expire' : `expires at ${formatRfc3339(expiry.date)}`;
    warnings.push(`{input:expiry} was not honored by ${description}: the signature ${what}`);
  }
  if (timestamper !== undefined && unsignedAttributes.timestampSignature === undefined) {
    warnings.push(
      `{input:timestampUrl} was not used: ${description} makes the whole envelope, and made it without a timestamp`,
    );
  }
  return warnings;
}
