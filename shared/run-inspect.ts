// SPDX-License-Identifier: Apache-2.0
import { parseArtifacts } from './artifact-inputs.ts';
import type { RequestedArtifact } from './artifact-inputs.ts';
import { composeStorage } from './compose.ts';
import { concurrently, maxConcurrentArtifacts } from './concurrently.ts';
import { NotaryError } from './errors.ts';
import { InputReader } from './input-reader.ts';
import { inspectArtifact } from './inspect.ts';
import { nameOf, tagOrDigestOf } from './oci/artifact-reference.ts';
import { checkLoginRegistry, parseRegistrySettings } from './registry-inputs.ts';
import { failureText } from './report/failure.ts';
import { inspectSummary, inspectTree, inspectionJson } from './report/inspect-report.ts';
import type { InspectReportEntry } from './report/inspect-report.ts';
import type { Step } from './step.ts';
import { tagWarning } from './tag-warning.ts';
import { signatureLimits, wholeNumberInput } from './whole-number-input.ts';

/** The inspect command: shows every signature of the artifacts named, without judging any. */
export async function runInspect(step: Step): Promise<void> {
  const { host, log } = step;
  const reader = new InputReader(host);
  const requested = await parseArtifacts(reader, (again) => {
    log.warning(`${again} is named more than once in {input:artifacts}; it is taken once`);
  });
  if (!reader.given('artifacts')) reader.report(missingArtifacts());
  const registries = parseRegistrySettings(reader, host);
  const maxSignatures = wholeNumberInput(reader, 'maxSignatures', signatureLimits);
  const summaryWanted = reader.flag('showSummary', true);
  reader.finish();

  checkLoginRegistry(
    registries,
    requested.map(({ reference }) => reference),
  );
  const storage = composeStorage(step, registries, 'pull');
  try {
    const entries: InspectReportEntry[] = [];
    const work = ({ reference }: RequestedArtifact) => {
      const limit = maxSignatures === undefined ? {} : { maxSignatures };
      const request = { ...limit, name: nameOf(reference), tagOrDigest: tagOrDigestOf(reference) };
      return inspectArtifact(request, { source: storage.open(reference) });
    };
    await concurrently(requested, maxConcurrentArtifacts, work, (artifact, outcome) => {
      const entry: InspectReportEntry =
        'error' in outcome
          ? { requested: artifact.requested, error: outcome.error }
          : { requested: artifact.requested, inspection: outcome.result };
      tell(step, artifact, entry);
      entries.push(entry);
    });
    host.setOutput('inspection', inspectionJson(entries, step.words));
    if (summaryWanted) await host.showSummary(inspectSummary(entries, step.words));
    failIfAny(entries);
  } finally {
    await storage.close();
  }
}

function missingArtifacts(): NotaryError {
  return new NotaryError('input-missing', 'input {input:artifacts} is required', {
    hint: 'Give the artifacts to inspect, one a line: {input:artifacts}: registry.example.com/app@sha256:…',
  });
}

function tell({ log, words }: Step, { reference }: RequestedArtifact, entry: InspectReportEntry): void {
  if (entry.inspection === undefined) {
    log.info(`Could not inspect ${entry.requested}`);
    log.info(words(failureText(entry.error)));
    return;
  }
  if (reference.tag !== undefined) log.warning(tagWarning(reference, entry.inspection.artifact.digest));
  for (const line of inspectTree(entry.inspection)) log.info(line);
  const { signatures, truncated, reference: inspected } = entry.inspection;
  if (truncated)
    log.warning(`${inspected}: exceeded configured limit of max signatures ${signatures.length} to examine`);
}

function failIfAny(entries: readonly InspectReportEntry[]): void {
  const failed = entries.filter((entry) => entry.inspection === undefined);
  if (failed.length === 0) return;
  if (entries.length === 1) throw failed[0]?.error;
  const named = failed.map(({ requested, error }) => `${requested}: ${failureText(error)}`);
  throw new NotaryError(
    'artifacts-failed',
    [`${failed.length} of ${entries.length} artifacts could not be read:`, ...named].join('\n'),
  );
}
