// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, NotaryError } from '../errors.ts';
import type { Log } from '../ports.ts';
import { decodeBase64, encodeBase64 } from '../primitives/base64.ts';
import { deltaAddresses, type CrlBundle } from '../revocation/crl.ts';
import { parseRevocationList, type RevocationList } from '../revocation/revocation-list.ts';

/** CRLs in files, for later steps of a job. */
export interface CrlCache {
  /** Undefined unless there is an intact entry. Never throws. */
  read(address: string): Promise<CrlBundle | undefined>;
  /** Never throws. */
  write(address: string, bundle: CrlBundle): Promise<void>;
}

/** Bytes of an entry: two CRLs of 32 MiB as base64. */
const maxEntryBytes = 90 * 1024 * 1024;

/**
 * A cache in a folder, in the reference's format (section 10.4): an entry is named by the SHA-256 of its address. Nothing in
 * it is trusted, entries are judged like downloads; and nothing that is wrong with it stops a verification, it is told once.
 */
export function openCrlCache(folder: string, log: Log): CrlCache {
  let told = false;
  const discard = (error: unknown): undefined => {
    if (codeOf(error) === 'ENOENT') return undefined;
    const text = `CRL cache error discarded: ${messageOf(error)}`;
    if (told) log.debug(text);
    else log.warning(text);
    told = true;
    return undefined;
  };
  const fileOf = (address: string): string => join(folder, createHash('sha256').update(address).digest('hex'));
  return {
    read: async (address) => readEntry(folder, fileOf(address)).catch(discard),
    write: async (address, bundle) => writeEntry(folder, fileOf(address), bundle).catch(discard),
  };
}

async function readEntry(folder: string, file: string): Promise<CrlBundle> {
  await checkFolder(folder);
  const handle = await open(file, constants.O_RDONLY | noFollow | constants.O_NONBLOCK);
  try {
    const status = await handle.stat();
    if (!status.isFile() || status.size > maxEntryBytes) throw corrupt('not a file of a size that entries have');
    return parseEntry(await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

/** Not on Windows, where it does not exist. */
const noFollow = (constants as Partial<typeof constants>).O_NOFOLLOW ?? 0;

function parseEntry(text: string): CrlBundle {
  const entry = parseObject(text);
  const base = parseList(entry.baseCRL);
  const delta = entry.deltaCRL === undefined ? undefined : parseList(entry.deltaCRL);
  if (delta === undefined && deltaAddresses(base).length > 0) throw corrupt('the delta CRL is missing');
  return { base, ...(delta === undefined ? {} : { delta }) };
}

function parseObject(text: string): { readonly baseCRL?: unknown; readonly deltaCRL?: unknown } {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // the same as any other content
  }
  throw corrupt('not a JSON object');
}

function parseList(value: unknown): RevocationList {
  if (typeof value !== 'string') throw corrupt('a CRL is not a string');
  return parseRevocationList(decodeBase64(value));
}

/** Under another name until it is complete: neither a reader nor another writer sees half an entry. */
async function writeEntry(folder: string, file: string, { base, delta }: CrlBundle): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  await checkFolder(folder);
  const deltaCRL = delta === undefined ? {} : { deltaCRL: encodeBase64(delta.der) };
  const entry = { baseCRL: encodeBase64(base.der), ...deltaCRL };
  const temporary = join(folder, `notation-${randomUUID()}`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(entry));
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** A folder that somebody else may write to could keep us on an old CRL for as long as that is valid. */
async function checkFolder(folder: string): Promise<void> {
  const status = await lstat(folder);
  if (!status.isDirectory()) throw corrupt('its place is not a folder');
  const own = process.getuid?.();
  if (own !== undefined && (status.uid !== own || (status.mode & 0o022) !== 0)) {
    throw corrupt('others may write to its folder');
  }
}

function corrupt(problem: string): NotaryError {
  return new NotaryError('malformed', problem);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
