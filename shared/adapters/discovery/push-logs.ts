// SPDX-License-Identifier: Apache-2.0
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseImageName, repositoryOf } from './image-name.ts';
import { readSafely } from './safe-file.ts';

/** One pushed tag, as `docker push` reports it. */
export interface PushedTag {
  /** `registry/repository`. */
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** The push logs of a job, in the order of the pushes. */
export interface PushLogs {
  readonly files: readonly { readonly name: string; readonly pushed: readonly PushedTag[] }[];
  /** Set when not everything could be read. */
  readonly incomplete?: string;
}

/** Docker@2 writes one file per push step; jobs have a few. */
const maxFiles = 200;

/** The line that ends the push of a tag; a digest that is cut or of another algorithm is none. */
const digestLine = /^([\w][\w.-]{0,127}): digest: (sha256:[0-9a-f]{64}) size: \d+$/;
const repositoryLine = /^The push refers to repository \[([^\]]+)\]$/;

/** Parses output of `docker push`, of any number of pushes in a row. Lines of any other kind are left out. */
export function parsePushLog(text: string): PushedTag[] {
  const pushed: PushedTag[] = [];
  let repository: string | undefined;
  for (const line of text.split(/[\r\n]+/)) {
    const named = repositoryLine.exec(line.trimEnd())?.[1];
    if (named !== undefined) repository = repositoryIn(named);
    const [, tag, digest] = digestLine.exec(line.trimEnd()) ?? [];
    if (repository !== undefined && tag !== undefined && digest !== undefined) pushed.push({ repository, tag, digest });
  }
  return pushed;
}

/**
 * Reads the logs that the push steps of Docker@2 leave in `task_outputs` below the agent's temporary folder, which is
 * emptied with every job. The folder is undocumented: that it is missing or holds other files changes nothing.
 */
export async function readPushLogs(tempDirectory: string): Promise<PushLogs | undefined> {
  const folder = join(tempDirectory, 'task_outputs');
  const names = await pushLogNames(folder);
  if (names === undefined) return undefined;
  const files: { name: string; pushed: PushedTag[] }[] = [];
  let incomplete = names.length > maxFiles ? `only the last ${maxFiles} files were read` : undefined;
  for (const name of names.slice(-maxFiles)) {
    const file = await readSafely(folder, name);
    if (file === undefined) incomplete ??= `${name} could not be read`;
    else files.push({ name, pushed: parsePushLog(file.text) });
  }
  return { files, ...(incomplete === undefined ? {} : { incomplete }) };
}

/** Names of the form `push_<milliseconds>.txt`, oldest first; undefined without the folder. */
async function pushLogNames(folder: string): Promise<string[] | undefined> {
  try {
    const numbered = (await readdir(folder)).flatMap((name) => {
      const time = /^push_(\d{1,15})\.txt$/.exec(name)?.[1];
      return time === undefined ? [] : [{ name, time: Number(time) }];
    });
    return numbered.sort((a, b) => a.time - b.time).map(({ name }) => name);
  } catch {
    return undefined;
  }
}

function repositoryIn(named: string): string | undefined {
  const name = parseImageName(named);
  return name?.tag !== undefined || name?.digest !== undefined || name === undefined ? undefined : repositoryOf(name);
}
