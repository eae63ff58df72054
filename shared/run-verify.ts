// SPDX-License-Identifier: Apache-2.0
import { dirname, join, resolve } from 'node:path';
import { parseBlobInputs } from './blob-inputs.ts';
import type { BlobInputs } from './blob-inputs.ts';
import { composeStorage, composeVerification } from './compose.ts';
import type { ArtifactStorage, Verification } from './compose.ts';
import { concurrently, maxConcurrentArtifacts } from './concurrently.ts';
import type { Settled } from './concurrently.ts';
import { parseCopyInputs, registriesOf } from './copy-inputs.ts';
import { parseUserMetadata } from './envelope/payload.ts';
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import { InputReader } from './input-reader.ts';
import { layoutScope } from './layout-scope.ts';
import { type ArtifactReference, nameOf, tagOrDigestOf } from './oci/artifact-reference.ts';
import type { Blob } from './ports.ts';
import { withCopies } from './report/copy-report.ts';
import { failureText } from './report/failure.ts';
import { count } from './report/shown.ts';
import { resultsJson } from './report/results-json.ts';
import { type VerifyReportEntry, passed, plainlyVerified } from './report/verify-entry.ts';
import { explanation, verifyLine } from './report/verify-log.ts';
import { verifySummary } from './report/verify-report.ts';
import { chooseArtifacts, parseArtifactChoice } from './artifact-choice.ts';
import type { ArtifactChoice, ChosenArtifact } from './artifact-choice.ts';
import { DeferredLog } from './step.ts';
import type { Step } from './step.ts';
import { checkLoginRegistry, parseRegistrySettings } from './registry-inputs.ts';
import { copyAll, failWithCopies } from './run-copy.ts';
import { tagWarning } from './tag-warning.ts';
import type { VerificationOutcome } from './validation/outcome.ts';
import { parseVerificationPluginInputs } from './plugin-inputs.ts';
import type { Strictness } from './validation/strictness.ts';
import { verifiedItems } from './verified-copies.ts';
import { verifyBlob } from './verify-blob.ts';
import { type VerifyRequest, verifyArtifact } from './verify.ts';
import { dayLimits, signatureLimits, wholeNumberInput } from './whole-number-input.ts';

type LayoutScopes = ReadonlyMap<ArtifactReference, string>;

/** What every artifact of the step shares. */
interface Verifying extends Verification {
  readonly storage: ArtifactStorage;
  readonly scopes: LayoutScopes;
  readonly requiredMetadata: ReadonlyMap<string, string>;
  readonly strictness: Strictness;
  readonly limits: VerifyLimits;
}

/** The verify command: verifies every artifact named; all are tried, one failure at the end. */
export async function runVerify(step: Step): Promise<void> {
  const { host, log } = step;
  const reader = new InputReader(host);
  const choice = await parseArtifactChoice(reader, step);
  const files = await parseBlobInputs(reader, host);
  const onlyFiles = reader.given('blobs') && choice.explicit.length === 0;
  if (choice.explicit.length === 0 && !onlyFiles && !host.detectsFor.includes('verify')) {
    reader.report(missingArtifacts());
  }
  const registries = parseRegistrySettings(reader, host);
  const requiredMetadata = (await reader.attempt(() => parseUserMetadata(reader.lines('userMetadata')))) ?? new Map();
  const destinations = await parseCopyInputs(reader, onlyFiles);
  const summaryWanted = reader.flag('showSummary', true);
  reader.flag('allowReferrersApi', false);
  const strictness = reader.choice('strictness', ['reference', 'strict']);
  const limits = parseLimits(reader);
  const plugins = await parseVerificationPluginInputs(reader, host);
  const { policyPaths, blobPolicyPaths, storeFolder } = trustPaths(reader, host);
  const trust = {
    ...{ storeFolder, strictness, plugins },
    policyPaths: onlyFiles ? undefined : policyPaths,
    blobPolicyPaths: files.blobs.length === 0 ? undefined : blobPolicyPaths,
  };
  const policyName = reader.text('blobPolicyName');
  const scopes = await layoutScopes(reader, choice, host);
  const verification = await reader.attempt(() => composeVerification(step, trust));
  reader.finish();
  if (verification === undefined) throw new Error('trust without problems can be composed');

  checkLoginRegistry(
    registries,
    choice.explicit.map(({ reference }) => reference),
    registriesOf(destinations),
  );
  const storage = composeStorage(step, registries, 'pull');
  try {
    const targets = onlyFiles ? [] : await chooseArtifacts(step, choice, storage.registries);
    checkLoginRegistry(
      registries,
      targets.map(({ reference }) => reference),
      registriesOf(destinations),
    );
    const verifying = { ...verification, ...{ storage, scopes, requiredMetadata, strictness, limits } };
    const tasks = [
      ...targets.map((target) => artifactTask(target, verifying)),
      ...files.blobs.map((blob) => blobTask(blob, files, policyName, verifying)),
    ];
    log.info(`Verifying ${count(tasks.length, 'artifact')}`);
    const entries = await verifyAll(step, tasks);
    report(step, entries);
    const plan = { destinations, storage, referrersMode: 'api-first' } as const;
    const copies = await copyAll(
      step,
      verifiedItems(targets, entries, { ...verifying, request: { ...limits, requiredMetadata, strictness } }),
      plan,
    );
    if (summaryWanted) await host.showSummary(withCopies(verifySummary(entries, step.words), copies, step.words));
    failWithCopies(copies, () => {
      failIfAny(entries);
    });
  } finally {
    await Promise.all([storage.close(), verification.close()]);
  }
}

type VerifyLimits = Pick<VerifyRequest, 'maxSignatures' | 'expiryWarningDays'>;

/** What is not given has the default of the use cases. */
function parseLimits(reader: InputReader): VerifyLimits {
  const maxSignatures = wholeNumberInput(reader, 'maxSignatures', signatureLimits);
  const expiryWarningDays = wholeNumberInput(reader, 'expiryWarningDays', dayLimits);
  return {
    ...(maxSignatures === undefined ? {} : { maxSignatures }),
    ...(expiryWarningDays === undefined ? {} : { expiryWarningDays }),
  };
}

/** The paths given, or the conventional ones of the host. */
function trustPaths(reader: InputReader, host: Host) {
  const policy = reader.text('trustPolicy');
  const store = reader.text('trustStore');
  const blobPolicy = reader.text('blobTrustPolicy');
  const policyPaths =
    policy === ''
      ? host.conventions.trustPolicy.map((path) => join(host.workspace, path))
      : [resolve(host.workspace, policy)];
  return {
    policyPaths,
    blobPolicyPaths:
      blobPolicy === ''
        ? policyPaths.map((path) => join(dirname(path), 'trustpolicy.blob.json'))
        : [resolve(host.workspace, blobPolicy)],
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

/** Something to verify. */
interface VerifyTask {
  readonly requested: string;
  run(log: DeferredLog): Promise<VerificationOutcome>;
}

function artifactTask(target: ChosenArtifact, verifying: Verifying): VerifyTask {
  return { requested: target.requested, run: (log) => verifyTarget(target, verifying, log) };
}

function blobTask(
  blob: Blob,
  { contentMediaType }: BlobInputs,
  policyName: string,
  { blobPolicy: policy, ports, requiredMetadata, strictness, limits }: Verifying,
): VerifyTask {
  if (policy === undefined) throw new Error('files are verified by a blob trust policy');
  const named = policyName === '' ? {} : { policyName };
  const request = { ...limits, ...named, policy, contentMediaType, requiredMetadata, strictness };
  return { requested: blob.name, run: (log) => verifyBlob(request, { ...ports, blob, log }) };
}

async function verifyAll(step: Step, tasks: readonly VerifyTask[]): Promise<VerifyReportEntry[]> {
  const entries: VerifyReportEntry[] = [];
  const logs = new Map(tasks.map((task) => [task, new DeferredLog()]));
  const work = async (task: VerifyTask): Promise<VerificationOutcome> => task.run(logs.get(task) ?? new DeferredLog());
  await concurrently(tasks, maxConcurrentArtifacts, work, async (task, outcome) => {
    logs.get(task)?.release(step.log);
    const entry = entryOf(task, outcome);
    await tell(step, entry);
    entries.push(entry);
  });
  return entries;
}

async function verifyTarget(
  { reference, requested }: ChosenArtifact,
  { policy, ports, storage, scopes, requiredMetadata, strictness, limits }: Verifying,
  log: DeferredLog,
): Promise<VerificationOutcome> {
  if (policy === undefined) throw new Error('artifacts are verified by a trust policy');
  const policyScope = scopes.get(reference);
  const scope = policyScope === undefined ? {} : { policyScope };
  const named = { requested, name: nameOf(reference), tagOrDigest: tagOrDigestOf(reference) };
  const outcome = await verifyArtifact(
    { ...limits, ...named, ...scope, policy, requiredMetadata, strictness },
    { ...ports, source: storage.open(reference), log },
  );
  if (reference.tag !== undefined && outcome.artifact !== undefined) {
    log.warning(tagWarning(reference, outcome.artifact.digest));
  }
  return outcome;
}

function entryOf({ requested }: VerifyTask, outcome: Settled<VerificationOutcome>): VerifyReportEntry {
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
