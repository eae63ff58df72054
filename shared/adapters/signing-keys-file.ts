// SPDX-License-Identifier: Apache-2.0
import { lstat, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NotaryError, messageOf } from '../errors.ts';
import { type NamedKey, type NamedLocalKey, findNamedKey } from '../plugin/signing-keys.ts';
import { Secret } from '../primitives/secret.ts';
import { notationConfigFolder } from './plugin-folder.ts';
import type { LocalKey } from './signers/local-key.ts';

/** Hundreds of keys with their configuration; also of a key or certificate file. */
const maxBytes = 1024 * 1024;

/** Where Notation's key list is looked for. */
export interface KeyListPlace {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** A relative `NOTATION_CONFIG` is below it. */
  readonly workspace: string;
}

/** A key of the key list, and the list. */
export interface ListedKey {
  readonly key: NamedKey;
  readonly file: string;
}

/** Reads a key of the user's Notation key list, which is never written. Throws `key-unreadable` or `key-unsupported`. */
export async function readNamedKey(name: string, place: KeyListPlace): Promise<ListedKey> {
  const folder = notationConfigFolder(place.environment, place.platform);
  if (folder === undefined) {
    throw new NotaryError('key-unreadable', "Notation's configuration folder is not known on this machine", {
      hint: 'Set NOTATION_CONFIG to the folder that holds signingkeys.json, or HOME (on Windows APPDATA) for the agent.',
    });
  }
  const file = join(resolve(place.workspace, folder), 'signingkeys.json');
  return { key: findNamedKey(await readKeyList(file), name, file), file };
}

/** An empty list where there is no file, as with the reference; links are not followed, as with the reference. */
async function readKeyList(file: string): Promise<Uint8Array> {
  try {
    const found = await lstat(file);
    if (!found.isFile()) throw new Error('it is not a regular file (symlinks are not supported)');
    return await readBounded(file);
  } catch (cause) {
    const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const problem = absent ? 'there is no such file' : messageOf(cause);
    throw new NotaryError('key-unreadable', `Notation's key list ${file} cannot be read: ${problem}`, {
      hint: 'Add the key on this machine, as the user that the runner works for, with notation key add; or set NOTATION_CONFIG to the folder of the list.',
      cause,
    });
  }
}

/** What is larger is not read to its end, even if it grows meanwhile. */
async function readBounded(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file');
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      length += bytesRead;
      if (length > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
      if (bytesRead === 0) return buffer.subarray(0, length);
    }
  } finally {
    await file.close();
  }
}

/** Reads the files of a local key of the list. Throws `key-unreadable`. */
export async function readNamedLocalKey(
  { name, keyPath, certPath }: NamedLocalKey,
  workspace: string,
): Promise<Omit<LocalKey, 'password'>> {
  const read = async (path: string): Promise<string> => {
    try {
      return (await readBounded(resolve(workspace, path))).toString('utf8');
    } catch (cause) {
      const text = `the file ${path} of the signing key ${JSON.stringify(name)} cannot be read: ${messageOf(cause)}`;
      throw new NotaryError('key-unreadable', text, {
        hint: 'The user that the runner works for must be able to read it.',
      });
    }
  };
  return { privateKey: new Secret(await read(keyPath)), certificateChain: await read(certPath) };
}
