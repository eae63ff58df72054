// SPDX-License-Identifier: Apache-2.0
import { type ArtifactRequest, resolveArtifact } from './artifact.ts';
import { algorithmOfKeySpec } from './envelope/algorithm.ts';
import { type EnvelopeMediaType, type VerifiedEnvelope, payloadMediaType } from './envelope/content.ts';
import { isEnvelopeMediaType, parseEnvelope, prepareEnvelope, verifyIntegrity } from './envelope/envelope.ts';
import { addUserMetadata, encodePayload } from './envelope/payload.ts';
import { NotaryError, messageOf } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import { manifestTypes } from './oci/manifest.ts';
import {
  type SignatureManifestForm,
  emptyConfig,
  emptyConfigMediaType,
  encodeSignatureManifest,
  signatureAnnotations,
  signatureArtifactType,
} from './oci/signature-manifest.ts';
import type { ArtifactTarget, PushedReferrer, RawSigner, ReferrersMode, SignPorts, SignatureRecord } from './ports.ts';
import { equalBytes } from './primitives/bytes.ts';
import { formatRfc3339 } from './primitives/go-time.ts';
import { quote } from './primitives/quote.ts';
import { thumbprint } from './x509/thumbprint.ts';

/** An artifact to sign, and how. */
export interface SignRequest extends ArtifactRequest {
  /** `application/jose+json` or `application/cose`. */
  readonly envelopeMediaType: string;
  /** Whole seconds that the signature shall be valid; absent or zero: it does not expire. */
  readonly expirySeconds?: number;
  readonly userMetadata: ReadonlyMap<string, string>;
  readonly manifestForm: SignatureManifestForm;
  readonly referrersMode: ReferrersMode;
  /** `name/version` of the software that signs; unsigned in the envelope. */
  readonly signingAgent: string;
}

/**
 * Signs an artifact and pushes the signature as its referrer. The finished envelope is verified before anything is pushed.
 * Throws when the artifact cannot be resolved, the signer fails or its signature does not verify, and when the push fails.
 */
export async function signArtifact(request: SignRequest, ports: SignPorts): Promise<SignatureRecord> {
  const { target } = ports;
  const mediaType = checkRequest(request);
  const signer = rawSigner(ports);
  const { artifact, reference } = await resolveArtifact(request, target);
  const payload = encodePayload(addUserMetadata(artifact, request.userMetadata));
  const times = timesOf(ports.clock.now(), request.expirySeconds);
  const envelope = await makeEnvelope(mediaType, payload, times, request, signer, ports);
  const verified = verifyOwn(mediaType, envelope, signer);
  const annotations = signatureAnnotations(verified.certificateChain.map(thumbprint), times.signingTime);
  const pushed = await pushSignature(target, { mediaType, envelope, subject: artifact, annotations }, request);
  ports.log.debug(`pushed signature ${pushed.descriptor.digest} of ${reference} (${pushed.via})`);
  return {
    reference,
    artifact,
    signature: { digest: pushed.descriptor.digest, size: pushed.descriptor.size },
    envelopeMediaType: mediaType,
    signingTime: formatRfc3339(times.signingTime),
    ...(times.expiry === undefined ? {} : { expiry: formatRfc3339(times.expiry) }),
    timestamped: verified.unsignedAttributes.timestampSignature !== undefined,
    signer: verified.certificateChain[0].subject,
    via: pushed.via,
    warnings: pushed.warnings,
  };
}

/** The checks of the reference before signing, in its order (notation-go `validateSignArguments`). */
function checkRequest({ expirySeconds = 0, envelopeMediaType }: SignRequest): EnvelopeMediaType {
  if (expirySeconds < 0) throw invalidRequest('expiry duration cannot be a negative value');
  if (!Number.isSafeInteger(expirySeconds)) {
    throw invalidRequest('expiry duration supports minimum granularity of seconds');
  }
  if (envelopeMediaType === '') throw invalidRequest('signature media-type cannot be empty');
  if (isEnvelopeMediaType(envelopeMediaType)) return envelopeMediaType;
  throw invalidRequest(`invalid signature media-type ${quote(envelopeMediaType)}`);
}

function invalidRequest(text: string): NotaryError {
  return new NotaryError('sign-request-invalid', text, {
    hint: 'Check {input:expiry} and {input:signatureFormat}.',
  });
}

function rawSigner({ signer }: SignPorts): RawSigner {
  if (signer.kind === 'raw') return signer;
  throw new NotaryError(
    'feature-unavailable',
    `signers that make whole envelopes are not available yet: ${signer.description}`,
    {
      hint: 'Sign with {input:privateKey} and {input:certificateChain}.',
    },
  );
}

interface Times {
  readonly signingTime: Date;
  readonly expiry: Date | undefined;
}

/** Both in whole seconds, so that their difference is exactly the duration asked for. */
function timesOf(now: Date, expirySeconds = 0): Times {
  const seconds = Math.floor(now.getTime() / 1000);
  const expiry = expirySeconds === 0 ? undefined : new Date((seconds + expirySeconds) * 1000);
  if (expiry === undefined || expiry.getTime() <= latestTime) return { signingTime: new Date(seconds * 1000), expiry };
  throw invalidRequest('expiry duration ends after the year 9999');
}

/** RFC 3339 has four digits for the year. */
const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59);

async function makeEnvelope(
  mediaType: EnvelopeMediaType,
  payload: Uint8Array,
  times: Times,
  { signingAgent }: SignRequest,
  signer: RawSigner,
  { timestamper }: SignPorts,
): Promise<Uint8Array> {
  const { keySpec, certificateChain, agent } = signer;
  const prepared = prepareEnvelope(mediaType, {
    payload: { contentType: payloadMediaType, content: payload },
    signingScheme: 'notary.x509',
    ...times,
    signingAgent: agent === undefined ? signingAgent : `${signingAgent} ${agent}`,
    keySpec,
    certificateChain,
  });
  const signature = await signer.sign(prepared.toBeSigned);
  if (timestamper === undefined) return prepared.complete(signature);
  const timestampSignature = await timestamper.timestamp(signature, algorithmOfKeySpec(keySpec).hash);
  return prepared.complete(signature, { timestampSignature });
}

/** Verifies what was just made as a verifier would: a signer with the wrong key is found here, not in production. */
function verifyOwn(mediaType: EnvelopeMediaType, envelope: Uint8Array, signer: RawSigner): VerifiedEnvelope {
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
  const leaf = signer.certificateChain[0].der;
  if (!equalBytes(verified.certificateChain[0].der, leaf)) throw failed('the envelope has another signing certificate');
  return verified;
}

interface SignatureToPush {
  readonly mediaType: EnvelopeMediaType;
  readonly envelope: Uint8Array;
  readonly subject: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

async function pushSignature(
  target: ArtifactTarget,
  { mediaType, envelope, subject, annotations }: SignatureToPush,
  { manifestForm, referrersMode }: SignRequest,
): Promise<PushedReferrer> {
  const layer = await target.pushBlob(mediaType, envelope);
  await target.pushBlob(manifestForm === 'artifact-type' ? emptyConfigMediaType : signatureArtifactType, emptyConfig);
  const bytes = encodeSignatureManifest({ form: manifestForm, envelope: layer, subject, annotations });
  return target.pushReferrer(
    { mediaType: manifestTypes.image, bytes, artifactType: signatureArtifactType, annotations, subject },
    referrersMode,
  );
}
