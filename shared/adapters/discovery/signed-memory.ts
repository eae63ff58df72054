// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafely } from './safe-file.ts';

const memoryFile = /^notation-signed-[0-9a-f-]{36}\.json$/;

/** Sign steps of one job whose memory is read. */
const maxFiles = 1000;

/** What earlier steps of this job signed, `registry/repository@digest`; files that cannot be read are passed over. */
export async function readSigned(tempDirectory: string): Promise<ReadonlySet<string>> {
  const names = await readdir(tempDirectory).catch(() => []);
  const signed = new Set<string>();
  for (const name of names.filter((each) => memoryFile.test(each)).slice(0, maxFiles)) {
    const file = await readSafely(tempDirectory, name);
    for (const reference of parse(file?.text ?? '')) signed.add(reference);
  }
  return signed;
}

/** Keeps in mind what this step signed. Each step has a file of its own, which must not exist yet: no link is followed. */
export async function writeSigned(tempDirectory: string, references: readonly string[]): Promise<void> {
  if (references.length === 0) return;
  const path = join(tempDirectory, `notation-signed-${randomUUID()}.json`);
  await writeFile(path, `${JSON.stringify(references)}\n`, { flag: 'wx', mode: 0o600 });
}

function parse(text: string): string[] {
  try {
    const references: unknown = JSON.parse(text);
    return Array.isArray(references) ? references.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}
