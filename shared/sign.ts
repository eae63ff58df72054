// SPDX-License-Identifier: Apache-2.0
import { type ArtifactRequest, resolveArtifact } from './artifact.ts';
import type { EnvelopeMediaType, VerifiedEnvelope } from './envelope/content.ts';
import { isEnvelopeMediaType } from './envelope/envelope.ts';
import { addUserMetadata } from './envelope/payload.ts';
import { NotaryError } from './errors.ts';
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
import type { ArtifactTarget, PushedReferrer, ReferrersMode, SignPorts, SignatureRecord } from './ports.ts';
import { formatRfc3339 } from './primitives/go-time.ts';
import { quote } from './primitives/quote.ts';
import { signEnvelope } from './sign-envelope.ts';
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
  const { artifact, reference } = await resolveArtifact(request, target);
  const { expirySeconds = 0, signingAgent } = request;
  const made = await signEnvelope(
    {
      mediaType,
      descriptor: addUserMetadata(artifact, request.userMetadata),
      ...timesOf(ports.clock.now(), expirySeconds),
      expirySeconds,
      signingAgent,
    },
    ports,
  );
  const { verified, bytes: envelope } = made;
  const times = timesIn(verified);
  const annotations = {
    ...made.annotations,
    ...signatureAnnotations(verified.certificateChain.map(thumbprint), times.signingTime),
  };
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
    warnings: [...made.warnings, ...pushed.warnings],
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

/** What the envelope says: with a signer of whole envelopes it need not be what was asked for. */
function timesIn({ signedAttributes }: VerifiedEnvelope): Times {
  const { date: signingTime } =
    signedAttributes.signingScheme === 'notary.x509'
      ? signedAttributes.signingTime
      : signedAttributes.authenticSigningTime;
  return { signingTime, expiry: signedAttributes.expiry?.date };
}

/** RFC 3339 has four digits for the year. */
const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59);

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
