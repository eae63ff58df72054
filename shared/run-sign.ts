// SPDX-License-Identifier: Apache-2.0
import { artifactSigningTimestamps } from './artifact-signing-inputs.ts';
import { parseBlobInputs } from './blob-inputs.ts';
import type { BlobInputs } from './blob-inputs.ts';
import { composeSigner, composeStorage, composeTimestamping, systemClock } from './compose.ts';
import type { ArtifactStorage } from './compose.ts';
import { confirmSignature } from './copy.ts';
import { parseCopyInputs, registriesOf } from './copy-inputs.ts';
import { concurrently, maxConcurrentArtifacts } from './concurrently.ts';
import type { Settled } from './concurrently.ts';
import { NotaryError } from './errors.ts';
import { InputReader } from './input-reader.ts';
import { nameOf, tagOrDigestOf } from './oci/artifact-reference.ts';
import type { Signer, SignatureRecord, Timestamper, Blob } from './ports.ts';
import { withCopies } from './report/copy-report.ts';
import { failureText } from './report/failure.ts';
import { count } from './report/shown.ts';
import { signLine, signSummary, signaturesJson } from './report/sign-report.ts';
import type { SignReportEntry } from './report/sign-report.ts';
import { type CopyItem, copyAll, failWithCopies } from './run-copy.ts';
import { signArtifact } from './sign.ts';
import { defaultContentMediaType, signBlob } from './sign-blob.ts';
import { parseKeyInputs, parseSignSettings } from './sign-inputs.ts';
import type { SignSettings } from './sign-inputs.ts';
import { SignedOnce } from './sign-once.ts';
import { parseTimestampInputs } from './timestamp-inputs.ts';
import { DeferredLog } from './step.ts';
import type { Step } from './step.ts';
import { chooseArtifacts, parseArtifactChoice } from './artifact-choice.ts';
import type { ChosenArtifact } from './artifact-choice.ts';
import { checkLoginRegistry, parseRegistrySettings } from './registry-inputs.ts';
import { tagWarning } from './tag-warning.ts';
import { agent } from './version.ts';

/** What every artifact of the step shares. */
interface Signing {
  readonly storage: ArtifactStorage;
  readonly signer: Signer;
  readonly timestamper: Timestamper | undefined;
  readonly settings: SignSettings;
  readonly once: SignedOnce;
}

/** The sign command: signs every artifact named, or what the job has pushed; all are tried, one failure at the end. */
export async function runSign(step: Step): Promise<void> {
  const { host, log } = step;
  const reader = new InputReader(host);
  const settings = await parseSignSettings(reader, host.product);
  const key = await parseKeyInputs(reader, host, settings, log);
  const rule = key !== undefined && 'signingProfile' in key ? artifactSigningTimestamps : undefined;
  const timestamps = await parseTimestampInputs(reader, host, rule);
  const choice = await parseArtifactChoice(reader, step);
  const files = await parseBlobInputs(reader, host);
  const registries = parseRegistrySettings(reader, host);
  const destinations = await parseCopyInputs(reader, reader.given('blobs') && choice.explicit.length === 0);
  const summaryWanted = reader.flag('showSummary', true);
  const openSigner = key === undefined ? undefined : await reader.attempt(() => composeSigner(step, key));
  reader.finish();
  if (openSigner === undefined) throw new Error('a key without problems gives a signer');

  checkLoginRegistry(
    registries,
    choice.explicit.map(({ reference }) => reference),
    registriesOf(destinations),
  );
  const storage = composeStorage(step, registries, 'push');
  const timestamping = composeTimestamping(step, timestamps);
  const { timestamper } = timestamping;
  try {
    const onlyFiles = files.blobs.length > 0 && choice.explicit.length === 0;
    const targets = onlyFiles ? [] : await chooseArtifacts(step, choice, storage.registries);
    checkLoginRegistry(
      registries,
      targets.map(({ reference }) => reference),
      registriesOf(destinations),
    );
    const signer = await openSigner();
    const signing = { storage, signer, timestamper, settings, once: new SignedOnce() };
    const tasks = [
      ...targets.map((target) => artifactTask(target, signing)),
      ...files.blobs.map((blob) => blobTask(blob, files, signing)),
    ];
    log.info(`Signing ${count(tasks.length, 'artifact')} with ${signer.description}`);
    const entries = await signAll(step, tasks);
    report(step, entries);
    await host.rememberSigned?.(
      entries.flatMap(({ outcome, source }) =>
        'record' in outcome && source !== 'blobs' ? [outcome.record.reference] : [],
      ),
    );
    const plan = { destinations, storage, referrersMode: settings.referrersMode };
    const copies = await copyAll(step, signedItems(targets, entries), plan);
    if (summaryWanted) await host.showSummary(withCopies(signSummary(entries, step.words), copies, step.words));
    failWithCopies(copies, () => {
      failIfAny(entries);
    });
  } finally {
    await storage.close();
    await timestamping.close();
  }
}

/** What was signed, to be copied with its new signature. Entries are in the order of what was to be signed. */
function signedItems(targets: readonly ChosenArtifact[], entries: readonly SignReportEntry[]): CopyItem[] {
  return targets.flatMap(({ reference, tags }, index) => {
    const outcome = entries[index]?.outcome;
    if (outcome === undefined || 'error' in outcome) return [];
    const { artifact, signature } = outcome.record;
    return [{ reference, tags, artifact, confirm: (target) => confirmSignature(target, artifact, signature.digest) }];
  });
}

/** Something to sign. */
interface SignTask extends Pick<SignReportEntry, 'requested' | 'tags' | 'source'> {
  run(log: DeferredLog): Promise<SignatureRecord>;
}

function artifactTask(target: ChosenArtifact, signing: Signing): SignTask {
  const { requested, tags, source } = target;
  return { requested, tags, source, run: (log) => signTarget(target, signing, log) };
}

function blobTask(blob: Blob, { contentMediaType = defaultContentMediaType }: BlobInputs, signing: Signing): SignTask {
  const { signer, timestamper, settings } = signing;
  const run = (log: DeferredLog): Promise<SignatureRecord> =>
    signBlob(
      { ...settings, contentMediaType, signingAgent: agent },
      { ...{ blob, signer, timestamper }, clock: systemClock, log },
    );
  return { requested: blob.name, tags: [], source: 'blobs', run };
}

async function signAll(step: Step, tasks: readonly SignTask[]): Promise<SignReportEntry[]> {
  const entries: SignReportEntry[] = [];
  const logs = new Map(tasks.map((task) => [task, new DeferredLog()]));
  const work = async (task: SignTask): Promise<SignatureRecord> => task.run(logs.get(task) ?? new DeferredLog());
  await concurrently(tasks, maxConcurrentArtifacts, work, (task, outcome) => {
    logs.get(task)?.release(step.log);
    const entry = entryOf(task, outcome);
    tell(step, entry);
    entries.push(entry);
  });
  return entries;
}

async function signTarget(target: ChosenArtifact, signing: Signing, log: DeferredLog): Promise<SignatureRecord> {
  const { reference } = target;
  const record = await signArtifact(
    {
      ...signing.settings,
      name: nameOf(reference),
      tagOrDigest: tagOrDigestOf(reference),
      signingAgent: agent,
      once: signing.once,
    },
    {
      ...{ target: signing.storage.open(reference), signer: signing.signer, timestamper: signing.timestamper },
      ...{ clock: systemClock, log },
    },
  );
  if (reference.tag !== undefined) log.warning(tagWarning(reference, record.artifact.digest));
  return record;
}

function entryOf({ requested, tags, source }: SignTask, outcome: Settled<SignatureRecord>): SignReportEntry {
  return {
    requested,
    tags,
    source,
    outcome: 'error' in outcome ? { error: outcome.error } : { record: outcome.result },
  };
}

function tell({ log, words }: Step, entry: SignReportEntry): void {
  if ('record' in entry.outcome) for (const warning of entry.outcome.record.warnings) log.warning(warning);
  log.info(signLine(entry));
  if ('error' in entry.outcome) log.info(words(failureText(entry.outcome.error)));
}

function report({ host, words }: Step, entries: readonly SignReportEntry[]): void {
  const records = entries.flatMap(({ outcome }) => ('record' in outcome ? [outcome.record] : []));
  host.setOutput('signatures', signaturesJson(entries, words));
  host.setOutput('references', records.map(({ reference }) => reference).join('\n'));
  const [only] = records.length === 1 ? records : [];
  host.setOutput('digest', only?.artifact.digest ?? '');
  host.setOutput('signature_digest', only?.signature.digest ?? '');
}

function failIfAny(entries: readonly SignReportEntry[]): void {
  const failed = entries.flatMap(({ outcome }) => ('error' in outcome ? [outcome.error] : []));
  if (failed.length === 0) return;
  if (entries.length === 1) throw failed[0];
  const named = entries.flatMap(({ requested, outcome }) =>
    'error' in outcome ? [`${requested}: ${failureText(outcome.error)}`] : [],
  );
  throw new NotaryError(
    'artifacts-failed',
    [`${failed.length} of ${entries.length} artifacts were not signed:`, ...named].join('\n'),
  );
}
