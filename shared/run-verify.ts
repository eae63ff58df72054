// SPDX-License-Identifier: Apache-2.0
import { join, resolve } from 'node:path';
import { composeStorage, composeVerification } from './compose.ts';
import type { ArtifactStorage, Verification } from './compose.ts';
import { concurrently, maxConcurrentArtifacts } from './concurrently.ts';
import type { Settled } from './concurrently.ts';
import { parseUserMetadata } from './envelope/payload.ts';
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import { InputReader } from './input-reader.ts';
import { layoutScope } from './layout-scope.ts';
import { type ArtifactReference, nameOf, tagOrDigestOf } from './oci/artifact-reference.ts';
import { failureText } from './report/failure.ts';
import { count } from './report/shown.ts';
import {
  explanation,
  passed,
  plainlyVerified,
  resultsJson,
  verifyLine,
  verifySummary,
} from './report/verify-report.ts';
import type { VerifyReportEntry } from './report/verify-report.ts';
import { chooseArtifacts, parseArtifactChoice } from './artifact-choice.ts';
import type { ArtifactChoice, ChosenArtifact } from './artifact-choice.ts';
import { DeferredLog } from './step.ts';
import type { Step } from './step.ts';
import { checkLoginRegistry, parseRegistrySettings } from './registry-inputs.ts';
import { tagWarning } from './tag-warning.ts';
import type { VerificationOutcome } from './validation/outcome.ts';
import { parseVerificationPluginInputs } from './plugin-inputs.ts';
import type { Strictness } from './validation/strictness.ts';
import { verifyArtifact } from './verify.ts';

type LayoutScopes = ReadonlyMap<ArtifactReference, string>;

/** What every artifact of the step shares. */
interface Verifying extends Verification {
  readonly storage: ArtifactStorage;
  readonly scopes: LayoutScopes;
  readonly requiredMetadata: ReadonlyMap<string, string>;
  readonly strictness: Strictness;
}

/** The verify command: verifies every artifact named; all are tried, one failure at the end. */
export async function runVerify(step: Step): Promise<void> {
  const { host, log } = step;
  const reader = new InputReader(host);
  const choice = await parseArtifactChoice(reader, step);
  if (choice.explicit.length === 0 && !host.detectsFor.includes('verify')) reader.report(missingArtifacts());
  const registries = parseRegistrySettings(reader, host);
  const requiredMetadata = (await reader.attempt(() => parseUserMetadata(reader.lines('userMetadata')))) ?? new Map();
  const summaryWanted = reader.flag('showSummary', true);
  reader.flag('allowReferrersApi', false);
  const strictness = reader.choice('strictness', ['reference', 'strict']);
  const plugins = await parseVerificationPluginInputs(reader, host);
  const trust = { ...trustPaths(reader, host), strictness, plugins };
  const scopes = await layoutScopes(reader, choice, host);
  const verification = await reader.attempt(() => composeVerification(step, trust));
  reader.finish();
  if (verification === undefined) throw new Error('trust without problems can be composed');

  checkLoginRegistry(
    registries,
    choice.explicit.map(({ reference }) => reference),
  );
  const storage = composeStorage(step, registries, 'pull');
  try {
    const targets = await chooseArtifacts(step, choice, storage.registries);
    checkLoginRegistry(
      registries,
      targets.map(({ reference }) => reference),
    );
    log.info(`Verifying ${count(targets.length, 'artifact')}`);
    const entries = await verifyAll(step, targets, {
      ...verification,
      ...{ storage, scopes, requiredMetadata, strictness },
    });
    report(step, entries);
    if (summaryWanted) await host.showSummary(verifySummary(entries, step.words));
    failIfAny(entries);
  } finally {
    await Promise.all([storage.close(), verification.close()]);
  }
}

/** The paths given, or the conventional ones of the host. */
function trustPaths(reader: InputReader, host: Host): { policyPaths: string[]; storeFolder: string } {
  const policy = reader.text('trustPolicy');
  const store = reader.text('trustStore');
  return {
    policyPaths:
      policy === ''
        ? host.conventions.trustPolicy.map((path) => join(host.workspace, path))
        : [resolve(host.workspace, policy)],
    storeFolder: store === '' ? join(host.workspace, host.conventions.trustStore) : resolve(host.workspace, store),
  };
}

/** The registry scopes of the artifacts in OCI image layouts. */
async function layoutScopes(reader: InputReader, choice: ArtifactChoice, host: Host): Promise<LayoutScopes> {
  const given = reader.text('ociLayoutScope');
  const scopes = new Map<ArtifactReference, string>();
  for (const { reference } of choice.explicit) {
    const scope = await reader.attempt(() => layoutScope(reference, given, host.workspace));
    if (scope !== undefined) scopes.set(reference, scope);
  }
  return scopes;
}

function missingArtifacts(): NotaryError {
  return new NotaryError('input-missing', 'input {input:artifacts} is required', {
    hint: 'Give the artifacts to verify by digest, one a line: {input:artifacts}: registry.example.com/app@sha256:…',
  });
}

async function verifyAll(
  step: Step,
  targets: readonly ChosenArtifact[],
  verifying: Verifying,
): Promise<VerifyReportEntry[]> {
  const entries: VerifyReportEntry[] = [];
  const logs = new Map(targets.map((target) => [target, new DeferredLog()]));
  const work = async (target: ChosenArtifact): Promise<VerificationOutcome> =>
    verifyTarget(target, verifying, logs.get(target) ?? new DeferredLog());
  await concurrently(targets, maxConcurrentArtifacts, work, async (target, outcome) => {
    logs.get(target)?.release(step.log);
    const entry = entryOf(target, outcome);
    await tell(step, entry);
    entries.push(entry);
  });
  return entries;
}

async function verifyTarget(
  { reference, requested }: ChosenArtifact,
  { policy, ports, storage, scopes, requiredMetadata, strictness }: Verifying,
  log: DeferredLog,
): Promise<VerificationOutcome> {
  const policyScope = scopes.get(reference);
  const scope = policyScope === undefined ? {} : { policyScope };
  const named = { requested, name: nameOf(reference), tagOrDigest: tagOrDigestOf(reference) };
  const outcome = await verifyArtifact(
    { ...named, ...scope, policy, requiredMetadata, strictness },
    { ...ports, source: storage.open(reference), log },
  );
  if (reference.tag !== undefined && outcome.artifact !== undefined) {
    log.warning(tagWarning(reference, outcome.artifact.digest));
  }
  return outcome;
}

function entryOf({ requested }: ChosenArtifact, outcome: Settled<VerificationOutcome>): VerifyReportEntry {
  return { requested, outcome: 'error' in outcome ? { outcome: 'error', error: outcome.error } : outcome.result };
}

async function tell({ log, words }: Step, entry: VerifyReportEntry): Promise<void> {
  const { outcome } = entry;
  await log.group(`Verification of ${entry.requested}`, () => {
    for (const line of explanation(entry)) log.info(line);
    return Promise.resolve();
  });
  log.info(verifyLine(entry));
  if (outcome.outcome === 'verified')
    for (const warning of [...outcome.warnings, ...outcome.expiring]) log.warning(`${outcome.reference}: ${warning}`);
  if (outcome.outcome === 'skipped') log.warning(verifyLine(entry));
  if (!passed(entry)) log.info(words(reasonOf(entry)));
}

function reasonOf({ outcome }: VerifyReportEntry): string {
  if (outcome.outcome === 'error') return failureText(outcome.error);
  if (outcome.outcome !== 'failed') return '';
  return outcome.hint === undefined ? outcome.error : `${outcome.error}\n${outcome.hint}`;
}

function report({ host, words }: Step, entries: readonly VerifyReportEntry[]): void {
  host.setOutput('verified', String(entries.every(plainlyVerified)));
  host.setOutput('results', resultsJson(entries, words));
  const references = entries.flatMap(({ outcome }) => (outcome.outcome === 'verified' ? [outcome.reference] : []));
  host.setOutput('references', references.join('\n'));
}

function failIfAny(entries: readonly VerifyReportEntry[]): void {
  const failed = entries.filter((entry) => !passed(entry));
  const [first] = failed;
  if (first === undefined) return;
  if (entries.length === 1) {
    if (first.outcome.outcome === 'error') throw first.outcome.error;
    throw new NotaryError('verification-failed', `${first.requested}: ${reasonOf(first)}`);
  }
  const named = failed.map((entry) => `${entry.requested}: ${reasonOf(entry)}`);
  throw new NotaryError(
    'artifacts-failed',
    [`${failed.length} of ${entries.length} artifacts were not verified:`, ...named].join('\n'),
  );
}
