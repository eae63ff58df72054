// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type EnvelopeFormat, envelopeMediaTypes } from '../envelope/content.ts';
import { NotaryError, messageOf } from '../errors.ts';
import { maxEnvelopeSize } from '../oci/signature-manifest.ts';
import type { Blob, BlobSignature, WrittenSignature } from '../ports.ts';
import { type Digest, type DigestAlgorithm, parseDigest } from '../primitives/digest.ts';

/** Bytes read at a time; the size of a file is not limited, because it is never held as a whole. */
const chunkBytes = 1024 * 1024;

const formats = ['jws', 'cose'] as const satisfies readonly EnvelopeFormat[];

export interface BlobFileOptions {
  /** What messages call the file; by default its path. */
  readonly name?: string;
  /** Where signature files are; by default beside the file. */
  readonly signatureDirectory?: string;
}

/**
 * A file on disk with its signature files, named as Notation names them: `<file name>.<jws or cose>.sig`, readable by their
 * owner only.
 */
export function openBlobFile(path: string, options: BlobFileOptions = {}): Blob {
  const { name = path, signatureDirectory = dirname(path) } = options;
  const signatureFile = (format: EnvelopeFormat): string => join(signatureDirectory, `${basename(path)}.${format}.sig`);
  return {
    name,
    describe: (algorithm) => describe(path, name, algorithm),
    signatureFiles: formats.map(signatureFile),
    readSignatures: async () => {
      const found = await Promise.all(formats.map((format) => readSignature(signatureFile(format), format)));
      return found.filter((signature) => signature !== undefined);
    },
    writeSignature: (format, envelope) => writeSignature(signatureFile(format), envelope),
  };
}

/** Whether a file name is one that a signature file has. */
export function isSignatureFile(path: string): boolean {
  return /\.(?:jws|cose)\.sig$/i.test(path);
}

async function describe(
  path: string,
  name: string,
  algorithm: DigestAlgorithm,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  try {
    const file = await openRegular(path, 0);
    try {
      const hash = createHash(algorithm);
      const buffer = Buffer.alloc(chunkBytes);
      let size = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
        if (bytesRead === 0) return { digest: parseDigest(`${algorithm}:${hash.digest('hex')}`), size };
        hash.update(buffer.subarray(0, bytesRead));
        size += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new NotaryError('input-invalid', `the file ${JSON.stringify(name)} cannot be read: ${messageOf(cause)}`, {
      hint: 'Check the paths of {input:blobs}.',
      cause,
    });
  }
}

/** Without O_NONBLOCK, opening a named pipe waits for a writer. Windows does not have the flag: undefined counts as 0. */
async function openRegular(path: string, flags: number): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error('it is not a regular file');
}

async function readSignature(file: string, format: EnvelopeFormat): Promise<BlobSignature | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await openRegular(file, 0);
    const { size } = await handle.stat();
    if (size > maxEnvelopeSize) throw new Error(`it has more than ${maxEnvelopeSize} bytes`);
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await handle.read(bytes, 0, size, 0);
    if (bytesRead === 0) throw new Error('signature cannot be nil or empty');
    return { file, mediaType: envelopeMediaTypes[format], bytes: bytes.subarray(0, bytesRead) };
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    const text = `the signature file ${JSON.stringify(file)} cannot be read: ${messageOf(cause)}`;
    throw new NotaryError('signature-retrieval', text, { cause });
  } finally {
    await handle?.close();
  }
}

/** Modes are Notation's. A link in the place of the file is replaced, not followed. */
async function writeSignature(file: string, envelope: Uint8Array): Promise<WrittenSignature> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const replaced = await exists(file);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(envelope);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    return { file, replaced };
  } catch (cause) {
    await unlink(temporary).catch(() => undefined);
    throw new NotaryError('push-failed', `failed to write signature to file: ${messageOf(cause)}`, {
      hint: 'Check {input:blobSignatureDirectory}.',
      cause,
    });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
