// SPDX-License-Identifier: Apache-2.0
import type { VerifiedEnvelope } from '../envelope/content.ts';
import { parsePayload } from '../envelope/payload.ts';
import { NotaryError } from '../errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { quote } from '../primitives/quote.ts';

/** Why a signature that is sound in itself is not the one that was asked for. */
export interface TargetMismatch {
  readonly error: string;
  readonly hint?: string;
}

/**
 * Whether a signature is about this artifact (media type, digest and size; annotations do not count) and carries the user
 * metadata asked for. Missing metadata is told before a mismatch of the artifact, as the reference does.
 */
export function findTargetMismatch(
  envelope: VerifiedEnvelope,
  artifact: Descriptor,
  requiredMetadata: ReadonlyMap<string, string>,
): TargetMismatch | undefined {
  const payload = readPayload(envelope);
  if ('error' in payload) return payload;
  const { annotations, ...target } = payload.targetArtifact;
  const missing = findMissingMetadata(annotations, requiredMetadata);
  if (missing !== undefined) return missing;
  const { mediaType, digest, size } = artifact;
  if (target.mediaType === mediaType && target.digest === digest && target.size === size) return undefined;
  const signed = `${quote(target.mediaType)} ${quote(target.digest)} of ${target.size} bytes`;
  return { error: 'content descriptor mismatch', hint: `The signature is about another artifact: ${signed}.` };
}

/** Whether the user metadata of a signature lacks what is asked for. */
export function findMissingMetadata(
  annotations: ReadonlyMap<string, string>,
  requiredMetadata: ReadonlyMap<string, string>,
): TargetMismatch | undefined {
  const missing = [...requiredMetadata].filter(([key, value]) => annotations.get(key) !== value);
  if (missing.length === 0) return undefined;
  const wanted = missing.map(([key, value]) => `${key}=${value}`).map(quote);
  const hint = `The signature does not have ${wanted.join(', ')} of {input:userMetadata}.`;
  return { error: 'unable to find specified metadata in the signature', hint };
}

/** What a signature says that it is about. */
export function readPayload(envelope: VerifiedEnvelope): ReturnType<typeof parsePayload> | TargetMismatch {
  try {
    return parsePayload(envelope.payload.content);
  } catch (thrown) {
    if (thrown instanceof NotaryError) return { error: thrown.message };
    throw thrown;
  }
}
