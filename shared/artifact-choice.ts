// SPDX-License-Identifier: Apache-2.0
import { parseArtifacts } from './artifact-inputs.ts';
import type { RequestedArtifact } from './artifact-inputs.ts';
import type { RegistryClient } from './adapters/registry/client.ts';
import { referencesFromDigest, referencesFromMetadata } from './adapters/discovery/explicit.ts';
import { corroborate } from './detected.ts';
import { NotaryError } from './errors.ts';
import type { Detection } from './host.ts';
import type { InputReader } from './input-reader.ts';
import { movedTags } from './moved-tags.ts';
import { parseReference } from './oci/reference.ts';
import type { Step } from './step.ts';

/** An artifact to work on, and where it was named. */
export interface ChosenArtifact extends RequestedArtifact {
  readonly tags: readonly string[];
  /** `input`, or a channel of detection. */
  readonly source: string;
}

/** What the inputs say about artifacts. */
export interface ArtifactChoice {
  /** Artifacts named by inputs; when there are some, detection is not even run. */
  readonly explicit: readonly ChosenArtifact[];
  readonly detect: string;
  readonly include: readonly string[];
}

/** The metadata output of bake with full provenance is large (GH 2.10, safety rule 2). */
const maxMetadataBytes = 8 * 1024 * 1024;

/** Parses every input that names artifacts. */
export async function parseArtifactChoice(reader: InputReader, { log }: Step): Promise<ArtifactChoice> {
  const requested = await parseArtifacts(reader, (again) => {
    log.warning(`${again} is named more than once in {input:artifacts}; it is taken once`);
  });
  const explicit =
    requested.length > 0
      ? requested.map((artifact) => ({ ...artifact, tags: [], source: 'input' }))
      : [...(await fromMetadata(reader)), ...(await fromDigest(reader))];
  return { explicit, detect: reader.text('detect'), include: reader.lines('detectInclude') };
}

async function fromMetadata(reader: InputReader): Promise<ChosenArtifact[]> {
  const given = reader.text('imageMetadata');
  if (given === '') return [];
  const found = await reader.attempt(async () => {
    const text = given.startsWith('{') ? given : await reader.file('imageMetadata', maxMetadataBytes);
    return referencesFromMetadata(text);
  });
  return (found ?? []).map(({ reference, tags }) => target(reference, tags, 'image_metadata'));
}

async function fromDigest(reader: InputReader): Promise<ChosenArtifact[]> {
  if (!reader.given('digest') && !reader.given('repository')) return [];
  const references = await reader.attempt(() =>
    referencesFromDigest(reader.text('digest'), reader.lines('repository')),
  );
  return (references ?? []).map((reference) => target(reference, [], 'digest'));
}

function target(reference: string, tags: readonly string[], source: string): ChosenArtifact {
  return { requested: reference, reference: parseReference(reference), tags, source };
}

/** The artifacts to work on: the explicit ones, else what this job has pushed, confirmed by the registries. */
export async function chooseArtifacts(
  step: Step,
  choice: ArtifactChoice,
  registries: RegistryClient,
): Promise<readonly ChosenArtifact[]> {
  if (choice.explicit.length > 0) return choice.explicit;
  const { host } = step;
  const detected = await host.detectPushed({ detect: choice.detect, include: choice.include });
  const sourceFor = (registry: string, repository: string) => registries.repository(registry, repository);
  const detection = detected.ambiguity === undefined ? await corroborate(detected, sourceFor) : detected;
  host.setOutput('detection', detectionJson(detection));
  await step.log.group('Artifacts that this job has pushed', () => {
    for (const line of detectionLines(detection)) step.log.info(line);
    return Promise.resolve();
  });
  if (detection.ambiguity !== undefined) {
    throw new NotaryError('detection-ambiguous', detection.ambiguity, { hint: detection.fix });
  }
  if (detection.artifacts.length === 0) throw nothingFound(detection);
  for (const { what, source, reason, warn } of detection.rejected) {
    if (warn === true) step.log.warning(`${what}, from ${source}, is left out: ${reason}`);
  }
  for (const warning of await movedTags(detection.artifacts, sourceFor)) step.log.warning(warning);
  return detection.artifacts.map(({ reference, tags, source }) => target(reference, tags, source));
}

/** The `detection` output: one line of JSON, keys in a fixed order. */
function detectionJson({ artifacts, rejected, channels }: Detection): string {
  return JSON.stringify({
    artifacts,
    rejected: rejected.map(({ what, source, reason }) => ({ what, source, reason })),
    channels,
  });
}

function detectionLines({ artifacts, rejected, channels }: Detection): string[] {
  return [
    ...artifacts.map(({ reference, tags, source, evidence }) => {
      const named = tags.length === 0 ? '' : ` (tags ${tags.join(', ')})`;
      return `${reference}${named} - from ${source}: ${evidence.join(', ')}`;
    }),
    ...rejected.map(({ what, source, reason }) => `left out: ${what} - from ${source}: ${reason}`),
    ...channels.map(({ name, state }) => `looked at ${name}: ${state}`),
  ];
}

function nothingFound({ rejected, channels, fix }: Detection): NotaryError {
  const seen = rejected.map(({ what, reason }) => `- ${what}: ${reason}`);
  const looked = channels.map(({ name, state }) => `${name} (${state})`).join(', ');
  const message = [
    'input {input:artifacts} is required: it is not given, and nothing was found that this job has pushed',
    `Looked at: ${looked === '' ? 'nothing' : looked}.`,
    ...(seen.length === 0 ? [] : ['Seen and left out:', ...seen]),
  ].join('\n');
  return new NotaryError('nothing-detected', message, { hint: fix });
}
