// SPDX-License-Identifier: Apache-2.0
import type { FileHandle } from 'node:fs/promises';
import { NotaryError, messageOf } from '../../errors.ts';
import type { Digest } from '../../primitives/digest.ts';

/** The files of an OCI image layout, wherever they are kept. */
export interface LayoutFiles {
  /** A file by its path in the layout (`index.json`, `blobs/sha256/…`); undefined when there is none. Reads do not write. */
  read(path: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** A file of any size as it comes, in pieces that are the reader's own. Throws `artifact-not-found` when there is none. */
  stream(path: string): AsyncIterable<Uint8Array>;
  /** Bytes of a file; undefined when there is none. */
  size(path: string): Promise<number | undefined>;
  /** Adds a blob as it comes; it is there only when its content came to its end. Throws what the content throws. */
  addStream(digest: Digest, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  /** Adds a blob; it need not be stored before `updateIndex` returns. */
  addBlob(digest: Digest, bytes: Uint8Array): Promise<void>;
  /**
   * Replaces index.json by what `change` makes of it, at once and one writer after the other; nothing is written when it
   * gives undefined.
   */
  updateIndex(change: (index: Uint8Array) => Uint8Array | undefined): Promise<void>;
}

/** index.json lists what is in a layout; more than this is no layout of a pipeline. */
export const maxIndexBytes = 4 * 1024 * 1024;

/** `blobs/<algorithm>/<hex>`. */
export function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** The error for a layout that cannot be used as one. */
export function layoutError(layout: string, reason: string, cause?: unknown, hint?: string): NotaryError {
  const text = `the OCI image layout ${JSON.stringify(layout)} cannot be used: ${reason}`;
  return new NotaryError('layout-unusable', text, { ...(hint === undefined ? {} : { hint }), cause });
}

/** Runs work on files; what the system throws becomes the error of a layout. */
export async function onLayout<T>(layout: string, doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof NotaryError) throw thrown;
    throw layoutError(layout, `${doing}: ${messageOf(thrown)}`, thrown);
  }
}

/** Bytes read at a time. */
const pieceSize = 1024 * 1024;

/** Bytes of an open file from `start` to `end`, or to where it ends, in pieces of their own. */
export async function* piecesOf(file: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let position = start; position < end;) {
    const buffer = Buffer.alloc(Math.min(pieceSize, end - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

/** The error for a file that is not there. */
export function missing(layout: string, path: string): NotaryError {
  return new NotaryError('artifact-not-found', `the OCI image layout ${JSON.stringify(layout)} does not have ${path}`);
}

/** Whether something thrown is an error of the system with a code such as `ENOENT`. */
export function isSystemError(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
}

/** The error for a file that is larger than it may be. */
export function tooLarge(layout: string, path: string, maxBytes: number): NotaryError {
  const text = `${path} of the OCI image layout ${JSON.stringify(layout)} has more than ${maxBytes} bytes`;
  return new NotaryError('registry-limit', text);
}
