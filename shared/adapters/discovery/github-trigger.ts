// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from 'node:fs/promises';
import { isObject, parseObject } from './build-metadata.ts';

/** GitHub cuts payloads of events at 25 MB. */
const maxEventBytes = 32 * 1024 * 1024;

/**
 * Why this run may be under the influence of someone who may not push here: then what steps say they pushed is not
 * believed (GH 2.10, safety rule 3). Undefined for runs that are not. A payload that cannot be read counts against it.
 */
export async function untrustedTrigger(eventName: string, eventPath: string): Promise<string | undefined> {
  if (eventName === 'pull_request_target') return 'the run was triggered by pull_request_target';
  if (!eventName.startsWith('pull_request')) return undefined;
  const request = parseObject(await readEvent(eventPath))?.['pull_request'];
  const head = repositoryOf(request, 'head');
  const base = repositoryOf(request, 'base');
  return head !== undefined && head === base ? undefined : 'the run was triggered by a pull request from a fork';
}

/** `full_name` of a side's repository; absent when the fork has been deleted. */
function repositoryOf(request: unknown, side: 'head' | 'base'): string | undefined {
  const branch = isObject(request) ? request[side] : undefined;
  const repository = isObject(branch) ? branch['repo'] : undefined;
  const name = isObject(repository) ? repository['full_name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

async function readEvent(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    return size > maxEventBytes ? '' : await readFile(path, 'utf8');
  } catch {
    return '';
  }
}
