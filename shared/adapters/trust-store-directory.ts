// SPDX-License-Identifier: Apache-2.0
import { lstat, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotaryError, messageOf } from '../errors.ts';
import type { TrustStore, TrustStoreType } from '../ports.ts';
import { quote } from '../primitives/quote.ts';
import { parseCertificates, type Certificate } from '../x509/certificate.ts';
import { checkTrustedCertificates, checkTrustedRoots } from '../x509/trusted-certificates.ts';

// People put authorities into a store one by one; the largest public collections have a few hundred.
const maxFiles = 1000;
// Such a collection as one PEM file has less than 1 MiB.
const maxFileBytes = 4 * 1024 * 1024;

const storeTypes: readonly string[] = ['ca', 'signingAuthority', 'tsa'] satisfies readonly TrustStoreType[];

/** The trust store below a folder: files of certificates in `x509/<type>/<name>/` (reference section 6.2). */
export function openTrustStore(folder: string): TrustStore {
  return { load: (type, name) => loadStore({ folder, type, name, path: join(folder, 'x509', type, name) }) };
}

/** One named store and where it is. */
interface Store {
  readonly folder: string;
  readonly type: TrustStoreType;
  readonly name: string;
  readonly path: string;
}

async function loadStore(store: Store): Promise<readonly Certificate[]> {
  const { type, name } = store;
  if (!storeTypes.includes(type)) throw storeError(store, `unsupported trust store type: ${type}`);
  if (!/^[a-zA-Z0-9_.-]+$/.test(name)) {
    throw storeError(store, `trust store name needs to follow [a-zA-Z0-9_.-]+ format, ${name} is invalid`);
  }
  await checkFolder(store);
  const certificates: Certificate[] = [];
  for (const entry of await listEntries(store)) certificates.push(...(await loadEntry(store, entry)));
  if (certificates.length === 0) {
    throw fileError(store, `no x509 certificates were found in trust store ${quote(name)} of type ${quote(type)}`);
  }
  return certificates;
}

/** The store itself must be a folder; its parents may be symbolic links. */
async function checkFolder(store: Store): Promise<void> {
  const { type, name, path } = store;
  let isFolder: boolean;
  try {
    isFolder = (await lstat(path)).isDirectory();
  } catch (error) {
    if (!isMissing(error)) throw inaccessible(store, error);
    throw storeError(store, `the trust store ${quote(name)} of type ${quote(type)} does not exist`, error);
  }
  if (isFolder) return;
  const problem = `with path ${path} is not a regular directory (symlinks are not supported)`;
  throw storeError(store, `the trust store ${name} of type ${type} ${problem}`);
}

interface Entry {
  readonly name: string;
  readonly isFile: boolean;
}

/** What the folder holds, sorted by the bytes of the names. */
async function listEntries(store: Store): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const entry of await opendir(store.path)) {
      entries.push({ name: entry.name, isFile: entry.isFile() });
      if (entries.length > maxFiles) break;
    }
  } catch (error) {
    throw inaccessible(store, error);
  }
  if (entries.length > maxFiles) {
    const { type, name } = store;
    throw storeError(store, `the trust store ${quote(name)} of type ${quote(type)} has more than ${maxFiles} entries`);
  }
  return entries.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

async function loadEntry(store: Store, entry: Entry): Promise<Certificate[]> {
  const where = `trusted certificate ${entry.name} in trust store ${store.name} of type ${store.type}`;
  if (!entry.isFile) {
    throw fileError(store, `${where} is not a regular file (directories or symlinks are not supported)`);
  }
  const certificates = await attempt(
    async () => parseCertificates(await readBounded(join(store.path, entry.name))),
    (reason) => fileError(store, `failed to read the ${where}. ${reason}`),
  );
  await attempt(
    () => {
      checkTrustedCertificates(certificates);
    },
    (reason) => fileError(store, `failed to validate the ${where}. ${reason}`),
  );
  if (store.type === 'tsa') {
    await attempt(
      () => {
        checkTrustedRoots(certificates);
      },
      (reason) => fileError(store, `${where} is invalid: ${reason}`),
    );
  }
  return certificates;
}

/** Runs a step; its failure becomes the given error. */
async function attempt<T>(step: () => T | Promise<T>, failure: (reason: string) => NotaryError): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw failure(messageOf(error));
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > maxFileBytes) throw new NotaryError('certificate-file', `the file has more than ${maxFileBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function inaccessible(store: Store, error: unknown): NotaryError {
  const { type, name } = store;
  const problem = `failed to access the trust store ${quote(name)} of type ${quote(type)}`;
  return storeError(store, `${problem}. ${messageOf(error)}`, error);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function storeError({ type, name, folder }: Store, message: string, cause?: unknown): NotaryError {
  const wanted = `x509/${type}/${name}/`;
  return new NotaryError('trust-store', message, {
    hint: `The policy names the store ${type}:${name}, so ${wanted} with certificate files is expected below ${folder}, the folder of {input:trustStore}.`,
    cause,
  });
}

function fileError({ path }: Store, message: string): NotaryError {
  return new NotaryError('certificate-file', message, {
    hint: `Every file in ${path} must hold certificates, as PEM or DER, of CAs or self-signed; nothing else may be there.`,
  });
}
