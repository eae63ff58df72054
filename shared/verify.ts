// SPDX-License-Identifier: Apache-2.0
import {
  type ArtifactRequest,
  type ResolvedArtifact,
  fetchEnvelope,
  listSignatures,
  resolveArtifact,
} from './artifact.ts';
import { type ErrorCode, NotaryError } from './errors.ts';
import type { Descriptor } from './oci/descriptor.ts';
import type { ArtifactSource, VerifyPorts } from './ports.ts';
import { formatRfc3339 } from './primitives/go-time.ts';
import { quote } from './primitives/quote.ts';
import { RememberedTrustStore } from './remembered-trust-store.ts';
import type { TrustPolicy } from './trust/policy.ts';
import { anyRepository } from './trust/registry-scope.ts';
import { type SelectedStatement, selectStatement } from './trust/select-statement.ts';
import type { SignatureOutcome, VerificationOutcome } from './validation/outcome.ts';
import type { Strictness } from './validation/strictness.ts';
import { findTargetMismatch } from './validation/target-artifact.ts';
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

/** An artifact to verify, and what by. */
export interface VerifyRequest extends ArtifactRequest {
  /** The user's words. */
  readonly requested: string;
  readonly policy: TrustPolicy;
  /** What the trust policy is asked about instead of the artifact's name: the scope of an OCI image layout. */
  readonly policyScope?: string;
  /** User metadata that a signature must carry. */
  readonly requiredMetadata: ReadonlyMap<string, string>;
  /** The default is `reference`. */
  readonly strictness?: Strictness;
  /** Signatures looked at before giving up; the default is the reference's. */
  readonly maxSignatures?: number;
  /** What ends within so many days is told; 0: nothing. The default is 30. */
  readonly expiryWarningDays?: number;
}

/** As the Notation CLI's `--max-signatures`: whoever can push referrers must not keep a verification busy. */
const defaultMaxSignatures = 100;

/**
 * Verifies the signatures of an artifact by a trust policy; the first that verifies suffices. What is wrong with the
 * artifact or its signatures is an outcome. Throws when it could not be found out: registry not reachable, access
 * refused, listing not readable.
 */
export async function verifyArtifact(request: VerifyRequest, ports: VerifyPorts): Promise<VerificationOutcome> {
  const maxSignatures = request.maxSignatures ?? defaultMaxSignatures;
  if (!(maxSignatures > 0)) {
    const text = `verifyOptions.MaxSignatureAttempts expects a positive number, got ${maxSignatures}`;
    throw new NotaryError('input-invalid', text);
  }
  const now = ports.clock.now();
  const resolved = await resolveArtifact(request, ports.source);
  const { artifact, reference } = resolved;
  const subject = { requested: request.requested, reference, artifact, verifiedAt: formatRfc3339(now) };
  const { policyScope = request.name } = request;
  const selected = select(request.policy, `${policyScope}@${artifact.digest}`);
  if (selected instanceof NotaryError) {
    return { outcome: 'failed', ...subject, ...unselected, signatures: [], ...told(selected) };
  }
  const { statement, scope } = selected;
  const selectedBy = scope === anyRepository ? 'any-scope' : 'registry-scope';
  const applied = { ...subject, statement: statement.name, selectedBy, scope, level: statement.level } as const;
  if (statement.level.name === 'skip') return { outcome: 'skipped', ...applied, signatures: [] };

  const { requiredMetadata, strictness = 'reference' } = request;
  const trustStore = new RememberedTrustStore(ports.trustStore);
  const judgement: Judgement = {
    artifact,
    findMismatch: (envelope) => Promise.resolve(findTargetMismatch(envelope, artifact, requiredMetadata)),
    statement,
    strictness,
    now,
    ports: { ...ports, trustStore },
  };
  const { source } = ports;
  const { signatures, failure } = await verifySignatures(resolved, source, judgement, maxSignatures);
  const verified = signatures.find((signature) => signature.verified);
  if (verified !== undefined) {
    const days = request.expiryWarningDays ?? defaultExpiryWarningDays;
    const ends = await endsOf(verified, { statement, stores: trustStore, now, days });
    return { outcome: 'verified', ...applied, signatures, warnings: warningsOf(verified), ...ends };
  }
  return { outcome: 'failed', ...applied, signatures, ...(failure ?? noneVerified(reference, signatures)) };
}

const unselected = { statement: undefined, level: undefined } as const;

function select(policy: TrustPolicy, reference: string): SelectedStatement | NotaryError {
  try {
    return selectStatement(policy, reference);
  } catch (thrown) {
    if (thrown instanceof NotaryError) return thrown;
    throw thrown;
  }
}

interface Verified {
  readonly signatures: readonly SignatureOutcome[];
  /** Why it ended before the last signature, without one that verified. */
  readonly failure?: Failure;
}

async function verifySignatures(
  { artifact, reference }: ResolvedArtifact,
  source: ArtifactSource,
  judgement: Judgement,
  maxSignatures: number,
): Promise<Verified> {
  const signatures: SignatureOutcome[] = [];
  for await (const signature of listSignatures(source, artifact)) {
    const stored = await fetchOrFail(signature, reference, source);
    if ('error' in stored) return { signatures, failure: stored };
    const outcome = await verifySignature(signature, stored, judgement);
    signatures.push(outcome);
    if (outcome.verified) return { signatures };
    judgement.ports.log.debug(`signature ${signature.digest} of ${reference} failed: ${reasonOf(outcome)}`);
    if (signatures.length >= maxSignatures) return { signatures, failure: limitReached(maxSignatures) };
  }
  return { signatures };
}

/** Failures that say something of the stored signature; all others say that it could not be fetched. */
const signatureDefects: ReadonlySet<ErrorCode> = new Set([
  'signature-retrieval',
  'malformed',
  'registry-limit',
  'digest-mismatch',
  'artifact-not-found',
]);

/** One signature that cannot be retrieved ends the verification, as in the reference: later ones are not looked at. */
async function fetchOrFail(
  signature: Descriptor,
  reference: string,
  source: ArtifactSource,
): Promise<Awaited<ReturnType<typeof fetchEnvelope>> | Failure> {
  try {
    return await fetchEnvelope(source, signature);
  } catch (thrown) {
    if (!(thrown instanceof NotaryError)) throw thrown;
    const text =
      `unable to retrieve digital signature with digest ${quote(signature.digest)} associated with ${quote(reference)} ` +
      `from the Repository, error : ${thrown.message}`;
    const hint = thrown.hint === undefined ? {} : { hint: thrown.hint };
    if (signatureDefects.has(thrown.code)) return { error: text, ...hint };
    throw new NotaryError(thrown.code, text, { ...hint, cause: thrown });
  }
}

function limitReached(maxSignatures: number): Failure {
  return {
    error: `signature evaluation stopped. The configured limit of ${maxSignatures} signatures to verify per artifact exceeded`,
    hint: 'Remove signatures that are no longer needed from the artifact, or look at more with {input:maxSignatures}.',
  };
}

function noneVerified(reference: string, signatures: readonly SignatureOutcome[]): Failure {
  if (signatures.length > 0) return allFailed(reference, signatures);
  return {
    error: `no signature is associated with ${quote(reference)}, make sure the artifact was signed successfully`,
    hint: 'Sign the artifact first. Copying an image to another repository does not copy its signatures by itself.',
  };
}
