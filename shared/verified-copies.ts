// SPDX-License-Identifier: Apache-2.0
import type { ChosenArtifact } from './artifact-choice.ts';
import type { Verification } from './compose.ts';
import type { CopyTarget } from './copy-ports.ts';
import { NotaryError } from './errors.ts';
import { type ArtifactReference, nameOf } from './oci/artifact-reference.ts';
import type { Descriptor } from './oci/descriptor.ts';
import type { VerifyReportEntry } from './report/verify-entry.ts';
import type { CopyItem } from './run-copy.ts';
import type { DeferredLog } from './step.ts';
import { type VerifyRequest, verifyArtifact } from './verify.ts';

/** How artifacts and their copies are verified. */
export interface CopyVerification extends Pick<Verification, 'policy' | 'ports'> {
  readonly scopes: ReadonlyMap<ArtifactReference, string>;
  readonly request: Pick<VerifyRequest, 'requiredMetadata' | 'strictness' | 'maxSignatures' | 'expiryWarningDays'>;
}

/** What may be copied, in the order of what was to be verified; what the policy skips may be used, but nobody verified it. */
export function verifiedItems(
  targets: readonly ChosenArtifact[],
  entries: readonly VerifyReportEntry[],
  verifying: CopyVerification,
): CopyItem[] {
  return targets.flatMap((chosen, index) => {
    const outcome = entries[index]?.outcome;
    if (outcome?.outcome !== 'verified' && outcome?.outcome !== 'skipped') return [];
    const { artifact } = outcome;
    // Files have none.
    if (artifact === undefined) return [];
    const { reference, tags } = chosen;
    const refusal =
      outcome.outcome === 'verified'
        ? undefined
        : new NotaryError('verification-failed', `${outcome.reference} is not copied: the trust policy says skip`, {
            hint: 'Only what was verified is copied: give its repository a statement of another level.',
          });
    const confirm: CopyItem['confirm'] = (target, name, log) =>
      confirmCopy(chosen, artifact, verifying, target, name, log);
    return [{ reference, tags, artifact, refusal, confirm }];
  });
}

/** Verifies a copy where it is now, by the policy statement of its artifact. */
async function confirmCopy(
  chosen: ChosenArtifact,
  artifact: Descriptor,
  verifying: CopyVerification,
  source: CopyTarget,
  name: string,
  log: DeferredLog,
): Promise<void> {
  const { policy, ports, scopes, request } = verifying;
  if (policy === undefined) throw new Error('artifacts are verified by a trust policy');
  const policyScope = scopes.get(chosen.reference) ?? nameOf(chosen.reference);
  const named = { requested: `${name}@${artifact.digest}`, name, tagOrDigest: artifact.digest };
  const outcome = await verifyArtifact({ ...request, ...named, policyScope, policy }, { ...ports, source, log });
  if (outcome.outcome === 'verified') return;
  const reason = outcome.outcome === 'failed' ? outcome.error : 'the trust policy says skip';
  throw new NotaryError('verification-failed', `${named.requested}: the copy does not verify: ${reason}`);
}
