// SPDX-License-Identifier: Apache-2.0
import { type ArtifactRequest, resolveArtifact } from './artifact.ts';
import type { EnvelopeMediaType } from './envelope/content.ts';
import { addUserMetadata } from './envelope/payload.ts';
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
import { signEnvelope } from './sign-envelope.ts';
import type { SignedOnce } from './sign-once.ts';
import { type ExistingSignature, findExistingSignature, wishAfter, wishBefore } from './existing-signature.ts';
import { type Signing, checkSigning, envelopeRecord, timesIn, timesOf } from './signing.ts';
import type { SignatureWish } from './validation/same-signature.ts';
import { thumbprint } from './x509/thumbprint.ts';

/** An artifact to sign, and how. */
export interface SignRequest extends ArtifactRequest, Signing {
  readonly manifestForm: SignatureManifestForm;
  readonly referrersMode: ReferrersMode;
  /** Shared by artifacts that are signed in the same way: one that is in several places is signed once. */
  readonly once?: SignedOnce;
}

/**
 * Signs an artifact and pushes the signature as its referrer, unless a signature like it is to be kept. The finished envelope
 * is verified before anything is pushed.
 * Throws when the artifact cannot be resolved, the signer fails or its signature does not verify, and when the push fails.
 */
export async function signArtifact(request: SignRequest, ports: SignPorts): Promise<SignatureRecord> {
  const { target } = ports;
  const mediaType = checkSigning(request);
  const { artifact, reference } = await resolveArtifact(request, target);
  const { expirySeconds = 0, signingAgent } = request;
  const now = ports.clock.now();
  const asked = { mediaType, descriptor: addUserMetadata(artifact, request.userMetadata), now, expirySeconds };
  const times = timesOf(now, expirySeconds);
  const find = async (wish: SignatureWish | undefined): Promise<SignatureRecord | undefined> => {
    if (request.onExisting !== 'skip' || wish === undefined) return undefined;
    const existing = await findExistingSignature(target, artifact, wish, ports.log);
    return existing && recordOfExisting(existing, { reference, artifact, mediaType });
  };
  const wish = wishBefore(asked, ports);
  const before = await find(wish);
  if (before !== undefined) return before;
  const sign = () =>
    signEnvelope({ mediaType, descriptor: asked.descriptor, ...times, expirySeconds, signingAgent }, ports);
  const made = await (request.once?.envelopeOf(artifact, sign) ?? sign());
  const after = wish === undefined ? await find(wishAfter(asked, made, ports)) : undefined;
  if (after !== undefined) return after;
  const { verified, bytes: envelope } = made;
  const annotations = {
    ...made.annotations,
    ...signatureAnnotations(verified.certificateChain.map(thumbprint), timesIn(verified).signingTime),
  };
  const pushed = await pushSignature(target, { mediaType, envelope, subject: artifact, annotations }, request);
  ports.log.debug(`pushed signature ${pushed.descriptor.digest} of ${reference} (${pushed.via})`);
  return {
    reference,
    artifact,
    signature: { digest: pushed.descriptor.digest, size: pushed.descriptor.size },
    ...envelopeRecord(mediaType, made),
    via: pushed.via,
    warnings: [...made.warnings, ...pushed.warnings],
  };
}

function recordOfExisting(
  { stored: { digest, size }, envelope: verified }: ExistingSignature<Descriptor>,
  {
    reference,
    artifact,
    mediaType,
  }: Pick<SignatureRecord, 'reference' | 'artifact'> & { mediaType: EnvelopeMediaType },
): SignatureRecord {
  return {
    reference,
    artifact,
    signature: { digest, size },
    ...envelopeRecord(mediaType, { verified }),
    via: 'existing',
    skipped: true,
    warnings: [],
  };
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
