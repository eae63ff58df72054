// SPDX-License-Identifier: Apache-2.0
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseFileCommand } from './github-file-command.ts';
import type { FileCommandValues } from './github-file-command.ts';
import { readSafely } from './safe-file.ts';

/** The outputs and the state that one earlier step wrote. */
export interface StepFiles {
  readonly outputs: FileCommandValues;
  readonly state: FileCommandValues;
}

/** What could be read of earlier steps. */
export interface EarlierSteps {
  /** In the order in which their outputs were written. */
  readonly steps: readonly StepFiles[];
  /** Why steps cannot be seen; undefined when they can. */
  readonly unreadable: string | undefined;
  /** How many files were passed over because they are not safe to read, or not of this job. */
  readonly skipped: number;
}

/** Files of one job that are looked at: seven a step, and jobs have at most a thousand steps. */
const maxFiles = 10_000;

/** Characters kept of one job, so that many large files do not fill the memory. */
const maxTotalLength = 64 * 1024 * 1024;

/** Clocks of file systems are as coarse as this. */
const clockSlackMs = 2000;

const stepFile = /^set_output_([0-9a-fA-F-]{1,64})$/;

/**
 * Reads the outputs and states of earlier steps beside our own `GITHUB_OUTPUT`, which the runner leaves in place until
 * the job ends (GH 2.3). Only regular files inside that folder, and written since the job started, are read.
 */
export async function readEarlierSteps(ownOutputFile: string): Promise<EarlierSteps> {
  const nothing = (unreadable: string): EarlierSteps => ({ steps: [], unreadable, skipped: 0 });
  if (ownOutputFile === '') return nothing('GITHUB_OUTPUT is not set');
  try {
    const folder = dirname(ownOutputFile);
    const names = await readdir(folder);
    if (names.length > maxFiles) return nothing(`more than ${maxFiles} files`);
    const own = stepFile.exec(basename(ownOutputFile))?.[1];
    const ids = names.flatMap((name) => stepFile.exec(name)?.[1] ?? []).filter((id) => id !== own);
    return await readSteps(folder, ids, (await jobStart(folder, names)) - clockSlackMs);
  } catch {
    return nothing('not readable');
  }
}

async function readSteps(folder: string, ids: readonly string[], since: number): Promise<EarlierSteps> {
  const steps: (StepFiles & { readonly written: number })[] = [];
  let skipped = 0;
  let total = 0;
  for (const id of ids) {
    const outputs = await readSafely(folder, `set_output_${id}`, since);
    const state = await readSafely(folder, `save_state_${id}`, since);
    total += (outputs?.text.length ?? 0) + (state?.text.length ?? 0);
    if (outputs === undefined || total > maxTotalLength) {
      skipped++;
      continue;
    }
    const parsed = { outputs: parseFileCommand(outputs.text), state: parseFileCommand(state?.text ?? '') };
    if (parsed.outputs.size > 0) steps.push({ ...parsed, written: outputs.written });
  }
  steps.sort((a, b) => a.written - b.written);
  return { steps, unreadable: undefined, skipped };
}

/**
 * When the job started, in milliseconds: the creation of the folder; where the file system does not keep that (it gives
 * the time of the last change instead), the oldest file in it.
 */
async function jobStart(folder: string, names: readonly string[]): Promise<number> {
  const { birthtimeMs, ctimeMs } = await stat(folder);
  if (birthtimeMs > 0 && birthtimeMs < ctimeMs) return birthtimeMs;
  const times = names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? Infinity);
  return Math.min(...(await Promise.all(times)));
}
