// SPDX-License-Identifier: Apache-2.0
import type { RejectedCandidate } from '../../ports.ts';
import { parseDigest } from '../../primitives/digest.ts';
import type { Digest } from '../../primitives/digest.ts';
import { isImageId, parseBuildMetadata } from './build-metadata.ts';
import type { BuildMetadata } from './build-metadata.ts';
import { judgeBuild, judgeTarget } from './build-push.ts';
import type { PushVerdict } from './build-push.ts';
import { candidatesOf } from './candidate.ts';
import type { Candidate, ChannelFindings } from './candidate.ts';
import type { EarlierSteps, StepFiles } from './github-step-files.ts';
import { parseImageName, repositoryOf } from './image-name.ts';

export const stepOutputs = 'step-outputs';

/** What one step gave. */
interface StepFindings {
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly RejectedCandidate[];
}

/**
 * Finds what earlier steps have pushed in their outputs and states, by the shapes of GH 2.3. Values of other keys are not
 * looked at, but for one that is wholly a reference by digest: that is told as a hint.
 */
export function findInStepOutputs(earlier: EarlierSteps, intermediates: boolean): ChannelFindings {
  if (earlier.unreadable !== undefined) {
    return { name: stepOutputs, state: earlier.unreadable, candidates: [], rejected: [] };
  }
  const steps = earlier.steps.map((step) => findInStep(step, intermediates));
  const candidates = steps.flatMap((step) => step.candidates);
  const rejected = steps.flatMap((step) => step.rejected);
  return {
    name: stepOutputs,
    state: stateOf(candidates.length, rejected.length, earlier.skipped),
    candidates,
    rejected,
  };
}

function stateOf(found: number, rejected: number, skipped: number): string {
  const words = [
    ...(found > 0 ? [`${found} found`] : []),
    ...(rejected > 0 ? [`${rejected} left out`] : []),
    ...(skipped > 0 ? [`${skipped} not readable`] : []),
  ];
  return words.length === 0 ? 'empty' : words.join(', ');
}

function findInStep(step: StepFiles, intermediates: boolean): StepFindings {
  const metadata = step.outputs.get('metadata');
  const builds = metadata === undefined ? [] : buildsIn(metadata);
  if (builds.length > 0) return join(builds.map((build) => findBuild(step, build, intermediates)));
  if (step.outputs.has('registry-paths')) return findPushToRegistry(step);
  return hintsOf(step);
}

/** Other actions have an output of this name too. */
function buildsIn(metadata: string): readonly BuildMetadata[] {
  try {
    return parseBuildMetadata(metadata).filter((build) => build.digest !== undefined);
  } catch {
    return [];
  }
}

function findBuild(step: StepFiles, build: BuildMetadata, intermediates: boolean): StepFindings {
  const { digest, target } = build;
  if (digest === undefined) return nothing;
  const verdict = verdictOf(step, target);
  const tagged = 'tags' in verdict ? verdict.tags.flatMap((tag) => parseImageName(tag) ?? []) : [];
  const names = build.names.length > 0 ? build.names : tagged;
  const action =
    target === undefined ? 'docker/build-push-action output' : `docker/bake-action output, target ${target}`;
  const reject = (reason: string): StepFindings => {
    const what = names.length === 0 ? [digest] : [...new Set(names.map((name) => `${repositoryOf(name)}@${digest}`))];
    return {
      candidates: [],
      rejected: what.map((text) => ({ what: text, source: stepOutputs, reason: `${reason} (${action})` })),
    };
  };
  const output = step.outputs.get('digest');
  if (target === undefined && output !== undefined && output !== digest) {
    return reject('the digest output of the step is another one than that of its metadata');
  }
  if (isImageId(build, target === undefined ? step.outputs.get('imageid') : undefined)) {
    return reject('this is the id of the local image, which no registry knows, not the digest of what was pushed');
  }
  if (verdict.kind === 'not-pushed') return reject(verdict.reason);
  if (verdict.kind === 'intermediate' && !intermediates) {
    return reject('pushed by digest only, as a part of an index: sign the index that is put together from it');
  }
  if (names.length === 0) return reject('its repository is not known');
  const evidence = verdict.kind === 'pushed' ? verdict.evidence : 'push-by-digest=true';
  return { candidates: candidatesOf(names, digest, [action, evidence]), rejected: [] };
}

function verdictOf({ state }: StepFiles, target: string | undefined): PushVerdict {
  const inputs = state.get('summaryInputs') ?? '';
  return target === undefined ? judgeBuild(inputs) : judgeTarget(target, inputs, state.get('bakeDefinition') ?? '');
}

/** redhat-actions/push-to-registry: it does nothing but push. */
function findPushToRegistry({ outputs }: StepFiles): StepFindings {
  const digest = digestIn(outputs.get('digest') ?? '');
  const names = pathsIn(outputs.get('registry-paths') ?? '').flatMap((path) => parseImageName(path) ?? []);
  if (digest === undefined || names.length === 0) return nothing;
  return { candidates: candidatesOf(names, digest, ['redhat-actions/push-to-registry output']), rejected: [] };
}

function pathsIn(json: string): string[] {
  try {
    const paths: unknown = JSON.parse(json);
    return Array.isArray(paths) ? paths.filter((path) => typeof path === 'string') : [];
  } catch {
    return [];
  }
}

/** What is worth telling of a step that no shape fits. */
function hintsOf({ outputs }: StepFiles): StepFindings {
  const references = [...outputs.values()].flatMap((value) => {
    const image = value.includes('@sha256:') && value.includes('/') ? parseImageName(value) : undefined;
    return image?.digest === undefined ? [] : [`${repositoryOf(image)}@${image.digest}`];
  });
  const reason =
    'an output of an earlier step, but nothing shows that this job pushed it; name it in {input:artifacts} to sign it';
  const hints = references.map((what) => ({ what, source: stepOutputs, reason }));
  const digest = digestIn(outputs.get('digest') ?? '');
  if (hints.length > 0 || digest === undefined) return { candidates: [], rejected: hints };
  const alone = 'a digest without a repository; give {input:digest} and {input:repository} to sign it';
  return { candidates: [], rejected: [{ what: digest, source: stepOutputs, reason: alone }] };
}

function digestIn(text: string): Digest | undefined {
  try {
    return parseDigest(text);
  } catch {
    return undefined;
  }
}

const nothing: StepFindings = { candidates: [], rejected: [] };

function join(findings: readonly StepFindings[]): StepFindings {
  return {
    candidates: findings.flatMap((each) => each.candidates),
    rejected: findings.flatMap((each) => each.rejected),
  };
}
