// SPDX-License-Identifier: Apache-2.0
import { basename, dirname } from 'node:path';
import type { DetectOptions, Detection } from '../../ports.ts';
import type { ChannelFindings } from './candidate.ts';
import { parseDetectSetting } from './detect-setting.ts';
import { artifactsList, findInArtifactsList } from './github-artifacts-list.ts';
import { readEarlierSteps } from './github-step-files.ts';
import { findInStepOutputs, stepOutputs } from './github-step-outputs.ts';
import { untrustedTrigger } from './github-trigger.ts';
import { readSafely } from './safe-file.ts';
import { select } from './select.ts';
import { readSigned } from './signed-memory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** In the order of their weight: the first one with candidates decides. */
const channelNames = [artifactsList, stepOutputs];

/**
 * What earlier steps of this job have pushed, by what they declared or left in their outputs (GH 2). Reads files only.
 * Throws `input-invalid` for a wrong `detect`, `malformed` for a declaration that cannot be understood.
 */
export async function detectOnGitHub(environment: Environment, options: DetectOptions): Promise<Detection> {
  const setting = parseDetectSetting(options.detect, channelNames);
  const distrust = setting.named ? undefined : await distrustOf(environment);
  if (distrust !== undefined) {
    const state = `off: ${distrust}; name the channels in {input:detect} to use them all the same`;
    return { artifacts: [], rejected: [], channels: channelNames.map((name) => ({ name, state })), fix: fixFor('') };
  }
  const list = await readList(environment);
  const channels = [
    setting.channels.has(artifactsList) ? findInList(list) : off(artifactsList),
    setting.channels.has(stepOutputs)
      ? findInStepOutputs(await readEarlierSteps(environment['GITHUB_OUTPUT'] ?? ''), setting.intermediates)
      : off(stepOutputs),
  ];
  const signed = await readSigned(environment['RUNNER_TEMP'] ?? '');
  return { ...select(channels, { include: options.include, signed }), fix: fixFor(list) };
}

function off(name: string): ChannelFindings {
  return { name, state: 'off', candidates: [], rejected: [] };
}

async function distrustOf(environment: Environment): Promise<string | undefined> {
  return untrustedTrigger(environment['GITHUB_EVENT_NAME'] ?? '', environment['GITHUB_EVENT_PATH'] ?? '');
}

/** The text of the list of artifacts; undefined without one, null when it cannot be read. */
async function readList(environment: Environment): Promise<string | undefined | null> {
  const path = environment['GITHUB_ARTIFACTS_LIST'] ?? '';
  if (path === '') return undefined;
  return (await readSafely(dirname(path), basename(path)))?.text ?? null;
}

function findInList(list: string | undefined | null): ChannelFindings {
  return list === null ? { ...off(artifactsList), state: 'not readable' } : findInArtifactsList(list);
}

/** The lines that make the next run work; the second way is only told where the runner keeps a list. */
function fixFor(list: string | undefined | null): string {
  const lines = [
    'Name what to sign: add to this step (build is the id of the step that pushed)',
    '  with:',
    '    {input:artifacts}: ghcr.io/owner/app@${{ steps.build.outputs.digest }}',
  ];
  if (list !== undefined && list !== null && list !== '') {
    lines.push('or, after the push, run: echo "oci://ghcr.io/owner/app@$DIGEST" >> "$GITHUB_ARTIFACTS"');
  }
  return lines.join('\n');
}
