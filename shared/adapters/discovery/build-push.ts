// SPDX-License-Identifier: Apache-2.0
import { isObject, parseObject } from './build-metadata.ts';
import { isPushed, isPushedByDigest, parseBuildOutput } from './build-output.ts';
import type { BuildOutput } from './build-output.ts';

/** Whether a build was pushed, as the state of docker's action tells. */
export type PushVerdict =
  | { readonly kind: 'pushed'; readonly evidence: string; readonly tags: readonly string[] }
  /** Pushed without a tag, to become part of an index. */
  | { readonly kind: 'intermediate'; readonly tags: readonly string[] }
  | { readonly kind: 'not-pushed'; readonly reason: string };

const unknown: PushVerdict = {
  kind: 'not-pushed',
  reason: 'nothing shows whether it was pushed: the state of the step is missing',
};

/** Judges the `summaryInputs` state of docker/build-push-action: its inputs as JSON, only those that are set. */
export function judgeBuild(summaryInputs: string): PushVerdict {
  const inputs = parseObject(summaryInputs);
  if (inputs === undefined) return unknown;
  return judge(isSet(inputs['push']), isSet(inputs['load']), outputsOf(inputs['outputs']), textsOf(inputs['tags']));
}

/**
 * Judges one target of docker/bake-action by the definition that bake printed (`bakeDefinition` state), which has the
 * `push` input applied already; without the target there, by that input alone.
 */
export function judgeTarget(target: string, summaryInputs: string, bakeDefinition: string): PushVerdict {
  const inputs = parseObject(summaryInputs);
  const targets = parseObject(bakeDefinition)?.['target'];
  const definition = isObject(targets) && Object.hasOwn(targets, target) ? targets[target] : undefined;
  if (inputs === undefined && definition === undefined) return unknown;
  const outputs = isObject(definition) ? outputsOf(definition['output']) : [];
  const tags = isObject(definition) ? textsOf(definition['tags']) : [];
  // --push leaves a target alone that is exported as something else than an image (buildx: setPushOverride).
  const pushable = outputs.every((output) => ['image', 'registry', 'docker'].includes(output.get('type') ?? ''));
  return judge(isSet(inputs?.['push']) && pushable, isSet(inputs?.['load']), outputs, tags);
}

function judge(push: boolean, load: boolean, outputs: readonly BuildOutput[], tags: readonly string[]): PushVerdict {
  const registry = outputs.find(isPushed);
  if (push || registry !== undefined) {
    if (outputs.some(isPushedByDigest)) return { kind: 'intermediate', tags };
    return { kind: 'pushed', evidence: push ? 'push: true' : `outputs: type=${registry?.get('type') ?? ''}`, tags };
  }
  const loaded = load || outputs.some((output) => output.get('type') === 'docker');
  return {
    kind: 'not-pushed',
    reason: loaded ? 'built, not pushed: only loaded into the local docker' : 'built, not pushed',
  };
}

function isSet(value: unknown): boolean {
  return value === true || value === 'true';
}

function outputsOf(value: unknown): BuildOutput[] {
  return Array.isArray(value) ? value.flatMap((entry) => parseBuildOutput(entry) ?? []) : [];
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
