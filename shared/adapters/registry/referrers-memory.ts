// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { objectMember, parseDescriptor, parseDocument, textMember } from '../../oci/document.ts';
import type { Log } from '../../ports.ts';
import { hexOf, type Digest } from '../../primitives/digest.ts';

/** What earlier steps of a job listed for one subject. */
export interface ReferrersMemory {
  /** Hints, none of them checked: whoever takes one up asks the registry whether it is still there. Never throws. */
  recall(): Promise<readonly Descriptor[]>;
  /** Never throws: without a memory everything works but for reads that are stale from one step to the next. */
  remember(descriptor: Descriptor): Promise<void>;
}

/** Descriptors recalled of one subject: more than a job ever pushes, and each may cost a request. */
const maxEntries = 100;
/** Bytes of one of them: a digest, a size and a few annotations. */
const maxEntrySize = 64 * 1024;

/**
 * A memory in the folder that a job empties at its end: GHCR shows a referrers index only seconds after it was written, so
 * that the next step would read, and write, one without the entries of the step before (REG 4.4). Every entry is a file
 * of its own, so that steps that run at once need no lock.
 */
export function openReferrersMemory(
  folder: string,
  place: { readonly registry: string; readonly repository: string; readonly subject: Digest },
  log: Log,
): ReferrersMemory {
  const { registry, repository, subject } = place;
  const name = createHash('sha256').update([registry, repository, subject].join('\n')).digest('hex');
  const directory = join(folder, 'notation-referrers', name);
  return {
    recall: async () => {
      const found: Descriptor[] = [];
      for (const file of await filesOf(directory)) {
        const descriptor = await readEntry(join(directory, file), place);
        if (descriptor !== undefined) found.push(descriptor);
        else log.debug(`ignored ${file} in ${directory}: it is not ours`);
      }
      return found;
    },
    remember: async (descriptor) => {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const file = join(directory, `${hexOf(descriptor.digest)}.json`);
        const temporary = `${file}.${process.pid}`;
        await writeFile(temporary, JSON.stringify({ registry, repository, subject, descriptor }), { mode: 0o600 });
        await rename(temporary, file);
      } catch (error) {
        log.debug(`cannot write to ${directory}: ${messageOf(error)}`);
      }
    },
  };
}

async function filesOf(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => /^[0-9a-f]{64,128}\.json$/.test(name)).slice(0, maxEntries);
  } catch {
    return [];
  }
}

/** The descriptor in a file; undefined when the file is damaged, or of something else. */
async function readEntry(
  file: string,
  { registry, repository, subject }: { registry: string; repository: string; subject: Digest },
): Promise<Descriptor | undefined> {
  try {
    const found = await lstat(file);
    if (!found.isFile() || found.size > maxEntrySize) return undefined;
    const document = parseDocument(await readFile(file));
    const entry = objectMember(document, 'descriptor');
    const texts = ['registry', 'repository', 'subject'].map((key) => textMember(document, key));
    if (entry === undefined || texts.join('\n') !== [registry, repository, subject].join('\n')) return undefined;
    return parseDescriptor(entry);
  } catch {
    return undefined;
  }
}
