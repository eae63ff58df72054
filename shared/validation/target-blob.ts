// SPDX-License-Identifier: Apache-2.0
import type { VerifiedEnvelope } from '../envelope/content.ts';
import { addUserMetadata } from '../envelope/payload.ts';
import { NotaryError } from '../errors.ts';
import { quote } from '../primitives/quote.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type TargetMismatch, findMissingMetadata, readPayload } from './target-artifact.ts';

/** What a file must be like to be the one that was signed. */
export interface BlobExpectation {
  /** Without it, the media type in the signature does not count. */
  readonly contentMediaType: string | undefined;
  readonly requiredMetadata: ReadonlyMap<string, string>;
}

/**
 * Whether a signature is about a file, by digest, size and perhaps media type, and carries the user metadata asked for
 * (reference 8.3). `describe` gives digest and size of the file by the hash of the signature's algorithm.
 */
export async function findBlobMismatch(
  envelope: VerifiedEnvelope,
  { contentMediaType, requiredMetadata }: BlobExpectation,
  describe: (hash: 'sha256' | 'sha384' | 'sha512') => Promise<Pick<Descriptor, 'digest' | 'size'>>,
): Promise<TargetMismatch | undefined> {
  const payload = readPayload(envelope);
  if ('error' in payload) return payload;
  const blob = await describe(envelope.algorithm.hash);
  const reserved = reservedMetadata({ mediaType: contentMediaType ?? '', ...blob }, requiredMetadata);
  if (reserved !== undefined) return reserved;
  const { annotations, ...signed } = payload.targetArtifact;
  const missing = findMissingMetadata(annotations, requiredMetadata);
  if (missing !== undefined) return missing;
  const sameType = contentMediaType === undefined || contentMediaType === signed.mediaType;
  if (sameType && signed.digest === blob.digest && signed.size === blob.size) return undefined;
  const about = `${quote(signed.mediaType)} ${quote(signed.digest)} of ${signed.size} bytes`;
  const hint = `The signature is about ${about}; the file has ${quote(blob.digest)} and ${blob.size} bytes.`;
  return { error: 'integrity check failed. signature does not match the given blob', hint };
}

/** The reference merges the metadata asked for into the descriptor, where reserved keys are refused. */
function reservedMetadata(blob: Descriptor, metadata: ReadonlyMap<string, string>): TargetMismatch | undefined {
  try {
    addUserMetadata(blob, metadata);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    return { error: `failed to generate descriptor for given artifact. Error: ${thrown.message}` };
  }
}
