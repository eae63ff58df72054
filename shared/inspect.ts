// SPDX-License-Identifier: Apache-2.0
import { type ArtifactRequest, fetchEnvelope, listSignatures, resolveArtifact } from './artifact.ts';
import { parseEnvelope, readContent } from './envelope/envelope.ts';
import { NotaryError } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import type { ArtifactSource } from './ports.ts';
import type { Digest } from './primitives/digest.ts';
import type { SignatureSummary } from './validation/outcome.ts';
import { summarizeSignature } from './validation/signature-summary.ts';

/** An artifact whose signatures are to be shown. */
export interface InspectRequest extends ArtifactRequest {
  /** Signatures shown; the default is the reference's. */
  readonly maxSignatures?: number;
}

/** What the signatures of an artifact say; nothing of it has been verified. */
export interface Inspection {
  /** `registry/repository@digest`. */
  readonly reference: string;
  readonly artifact: Descriptor;
  /** In the registry's order. */
  readonly signatures: readonly InspectedSignature[];
  /** Whether there are more signatures than were looked at. */
  readonly truncated: boolean;
}

/** One signature: its summary, or why there is none. */
export interface InspectedSignature {
  /** The signature manifest. */
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes of the signature manifest. */
  readonly size: number;
  readonly summary?: SignatureSummary;
  readonly error?: string;
}

/** As the Notation CLI's `--max-signatures`. */
const defaultMaxSignatures = 100;

/**
 * Reads every signature of an artifact, without any trust policy. One that cannot be read is told with its error and does
 * not stop the others. Throws when the artifact or the listing cannot be read.
 */
export async function inspectArtifact(
  request: InspectRequest,
  { source }: { readonly source: ArtifactSource },
): Promise<Inspection> {
  const maxSignatures = request.maxSignatures ?? defaultMaxSignatures;
  const { artifact, reference } = await resolveArtifact(request, source);
  const signatures: InspectedSignature[] = [];
  for await (const descriptor of listSignatures(source, artifact)) {
    if (signatures.length >= maxSignatures) return { reference, artifact, signatures, truncated: true };
    signatures.push(await inspectSignature(descriptor, source));
  }
  return { reference, artifact, signatures, truncated: false };
}

async function inspectSignature(descriptor: Descriptor, source: ArtifactSource): Promise<InspectedSignature> {
  const { digest, mediaType, size } = descriptor;
  try {
    const stored = await fetchEnvelope(source, descriptor);
    const summary = summarizeSignature(readContent(parseEnvelope(stored.mediaType, stored.bytes)));
    return { digest, mediaType, size, summary };
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    return { digest, mediaType, size, error: thrown.message };
  }
}
