// SPDX-License-Identifier: Apache-2.0
import { algorithmOfKeySpec } from './envelope/algorithm.ts';
import { type EnvelopeFormat, type EnvelopeMediaType, envelopeMediaTypes } from './envelope/content.ts';
import { addUserMetadata } from './envelope/payload.ts';
import { NotaryError, messageOf } from './errors.ts';
import { type ExistingSignature, findExistingFile, wishAfter, wishBefore } from './existing-signature.ts';
import type { Blob, BlobSignature, Log, SignPorts, SignatureRecord } from './ports.ts';
import { digestOf } from './primitives/digest.ts';
import { checkMediaType } from './primitives/media-type.ts';
import { quote } from './primitives/quote.ts';
import { signEnvelope } from './sign-envelope.ts';
import { type Signing, checkSigning, envelopeRecord, timesOf } from './signing.ts';
import type { SignatureWish } from './validation/same-signature.ts';

/** How to sign a file. */
export interface SignBlobRequest extends Signing {
  /** Of the content; signed as it stands here. */
  readonly contentMediaType: string;
}

/** The media type of a file of which nothing is known, as the Notation CLI has it. */
export const defaultContentMediaType = 'application/octet-stream';

/**
 * Signs a file; the signature is a file of its own. The digest is of the hash that the key signs with (NP 1.3). The finished
 * envelope is verified before anything is written.
 */
export async function signBlob(
  request: SignBlobRequest,
  ports: Omit<SignPorts, 'target'> & { readonly blob: Blob },
): Promise<SignatureRecord> {
  const { blob, signer } = ports;
  const mediaType = checkSigning(request);
  checkContentMediaType(request.contentMediaType);
  if (signer.kind === 'envelope') {
    throw new NotaryError('feature-unavailable', `${signer.description} cannot sign files: it makes whole envelopes`, {
      hint: 'Sign files with a key or plugin that signs bytes (SIGNATURE_GENERATOR.RAW).',
    });
  }
  const { digest, size } = await blob.describe(algorithmOfKeySpec(signer.keySpec).hash);
  const artifact = { mediaType: request.contentMediaType, digest, size };
  const { expirySeconds = 0, signingAgent } = request;
  const now = ports.clock.now();
  const asked = { mediaType, descriptor: addUserMetadata(artifact, request.userMetadata), now, expirySeconds };
  const times = timesOf(now, expirySeconds);
  const wish = wishBefore(asked, ports);
  const before = await findKept(request, blob, wish, ports.log);
  if (before !== undefined) return recordOfExisting(before, { reference: blob.name, artifact, mediaType });
  const made = await signEnvelope(
    { mediaType, descriptor: asked.descriptor, ...times, expirySeconds, signingAgent },
    ports,
  );
  const after =
    wish === undefined ? await findKept(request, blob, wishAfter(asked, made, ports), ports.log) : undefined;
  if (after !== undefined) return recordOfExisting(after, { reference: blob.name, artifact, mediaType });
  const { file, replaced } = await blob.writeSignature(formatOf(mediaType), made.bytes);
  return {
    reference: blob.name,
    artifact,
    signature: { digest: digestOf(made.bytes), size: made.bytes.length },
    ...envelopeRecord(mediaType, made),
    ...{ via: 'file', file },
    warnings: [
      ...made.warnings,
      ...(replaced ? [`the signature file ${file} was there already and has been replaced`] : []),
    ],
  };
}

async function findKept(
  { onExisting }: SignBlobRequest,
  blob: Blob,
  wish: SignatureWish | undefined,
  log: Log,
): Promise<ExistingSignature<BlobSignature> | undefined> {
  return onExisting === 'skip' && wish !== undefined ? findExistingFile(blob, wish, log) : undefined;
}

function recordOfExisting(
  { stored: { file, bytes }, envelope: verified }: ExistingSignature<BlobSignature>,
  {
    reference,
    artifact,
    mediaType,
  }: Pick<SignatureRecord, 'reference' | 'artifact'> & { mediaType: EnvelopeMediaType },
): SignatureRecord {
  return {
    reference,
    artifact,
    signature: { digest: digestOf(bytes), size: bytes.length },
    ...envelopeRecord(mediaType, { verified }),
    ...{ via: 'file', file, skipped: true },
    warnings: [],
  };
}

/** Throws `sign-request-invalid` with the reference's words (NP 1.5). */
function checkContentMediaType(mediaType: string): void {
  const invalid = (text: string, cause?: unknown): NotaryError =>
    new NotaryError('sign-request-invalid', text, { hint: 'Correct {input:blobMediaType}.', cause });
  if (mediaType === '') throw invalid('content media-type cannot be empty');
  try {
    checkMediaType(mediaType);
  } catch (cause) {
    throw invalid(`invalid content media-type ${quote(mediaType)}: ${messageOf(cause)}`, cause);
  }
}

function formatOf(mediaType: EnvelopeMediaType): EnvelopeFormat {
  return mediaType === envelopeMediaTypes.cose ? 'cose' : 'jws';
}
