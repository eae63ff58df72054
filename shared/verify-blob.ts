// SPDX-License-Identifier: Apache-2.0
import { NotaryError, messageOf } from './errors.ts';
import type { Blob, BlobSignature, VerifyPorts } from './ports.ts';
import { digestOf } from './primitives/digest.ts';
import { formatRfc3339 } from './primitives/go-time.ts';
import { checkMediaType } from './primitives/media-type.ts';
import { quote } from './primitives/quote.ts';
import { RememberedTrustStore } from './remembered-trust-store.ts';
import { type BlobTrustPolicy, type BlobTrustPolicyStatement, selectBlobStatement } from './trust/blob-policy.ts';
import type { SignatureOutcome, VerificationOutcome } from './validation/outcome.ts';
import type { Strictness } from './validation/strictness.ts';
import { type BlobExpectation, findBlobMismatch } from './validation/target-blob.ts';
import {
  type Failure,
  allFailed,
  defaultExpiryWarningDays,
  endsOf,
  reasonOf,
  told,
  warningsOf,
} from './verify-outcome.ts';
import { type Judgement, verifySignature } from './verify-signature.ts';

/** A file to verify, and what by. */
export interface VerifyBlobRequest extends BlobExpectation {
  readonly policy: BlobTrustPolicy;
  /** Without it the global statement applies. */
  readonly policyName?: string;
  /** The default is `reference`. */
  readonly strictness?: Strictness;
  /** What ends within so many days is told; 0: nothing. The default is 30. */
  readonly expiryWarningDays?: number;
}

/**
 * Verifies the signature files of a file by a trust policy; the first that verifies suffices. What is wrong with the file or
 * its signatures is an outcome. Throws when the file or a signature file cannot be read.
 */
export async function verifyBlob(
  request: VerifyBlobRequest,
  ports: Omit<VerifyPorts, 'source'> & { readonly blob: Blob },
): Promise<VerificationOutcome> {
  const { blob } = ports;
  checkContentMediaType(request.contentMediaType);
  const now = ports.clock.now();
  const subject = { requested: blob.name, reference: blob.name, artifact: undefined, verifiedAt: formatRfc3339(now) };
  const statement = select(request);
  if (statement instanceof NotaryError) {
    const unselected = { statement: undefined, level: undefined, signatures: [] };
    return { outcome: 'failed', ...subject, ...unselected, ...told(statement) };
  }
  const selectedBy = request.policyName === undefined ? 'global-policy' : 'policy-name';
  const applied = { ...subject, statement: statement.name, selectedBy, level: statement.level } as const;
  // The reference crashes here after it has succeeded (NP 15.3).
  if (statement.level.name === 'skip') return { outcome: 'skipped', ...applied, signatures: [] };

  const trustStore = new RememberedTrustStore(ports.trustStore);
  const judgement: Judgement = {
    findMismatch: (envelope) => findBlobMismatch(envelope, request, (hash) => blob.describe(hash)),
    statement,
    strictness: request.strictness ?? 'reference',
    now,
    ports: { ...ports, trustStore },
  };
  const signatures = await verifySignatures(blob, judgement);
  const verified = signatures.find((signature) => signature.verified);
  if (verified !== undefined) {
    const days = request.expiryWarningDays ?? defaultExpiryWarningDays;
    const ends = await endsOf(verified, { statement, stores: trustStore, now, days });
    return { outcome: 'verified', ...applied, signatures, warnings: warningsOf(verified), ...ends };
  }
  return { outcome: 'failed', ...applied, signatures, ...noneVerified(blob, signatures) };
}

async function verifySignatures(blob: Blob, judgement: Judgement): Promise<SignatureOutcome[]> {
  const signatures: SignatureOutcome[] = [];
  for (const signature of await blob.readSignatures()) {
    const outcome = await verifyFile(signature, judgement);
    signatures.push(outcome);
    if (outcome.verified) break;
    judgement.ports.log.debug(`signature file ${signature.file} failed: ${reasonOf(outcome)}`);
  }
  return signatures;
}

async function verifyFile({ file, mediaType, bytes }: BlobSignature, judgement: Judgement): Promise<SignatureOutcome> {
  const { digest, ...outcome } = await verifySignature({ digest: digestOf(bytes) }, { mediaType, bytes }, judgement);
  return { digest, file, ...outcome };
}

function select({ policy, policyName }: VerifyBlobRequest): BlobTrustPolicyStatement | NotaryError {
  try {
    return selectBlobStatement(policy, policyName);
  } catch (thrown) {
    if (thrown instanceof NotaryError) return thrown;
    throw thrown;
  }
}

/** Throws `input-invalid` in the reference's words (8.3). */
function checkContentMediaType(mediaType: string | undefined): void {
  try {
    if (mediaType !== undefined) checkMediaType(mediaType);
  } catch (cause) {
    const text = `invalid content media-type ${quote(mediaType ?? '')}: ${messageOf(cause)}`;
    throw new NotaryError('input-invalid', text, { hint: 'Correct {input:blobMediaType}.', cause });
  }
}

function noneVerified(blob: Blob, signatures: readonly SignatureOutcome[]): Failure {
  if (signatures.length > 0) return allFailed(blob.name, signatures);
  return {
    error: `no signature is associated with ${quote(blob.name)}, make sure the file was signed successfully`,
    hint: `Sign the file first, or set {input:blobSignatureDirectory}. Looked for: ${blob.signatureFiles.join(', ')}`,
  };
}
