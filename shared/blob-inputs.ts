// SPDX-License-Identifier: Apache-2.0
import { relative, resolve } from 'node:path';
import { findBlobs } from './adapters/blob-glob.ts';
import { openBlobFile } from './adapters/blob-file.ts';
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import type { InputReader } from './input-reader.ts';
import type { Blob } from './ports.ts';

/** The files of a step. */
export interface BlobInputs {
  readonly blobs: readonly Blob[];
  /** Undefined when it is not given. */
  readonly contentMediaType: string | undefined;
}

/** Finds the files that the inputs name; each is taken once. Problems go to the reader. */
export async function parseBlobInputs(reader: InputReader, { workspace }: Host): Promise<BlobInputs> {
  const paths = new Set<string>();
  const lines = reader.lines('blobs');
  if (reader.given('blobs') && lines.length === 0) reader.report(nothingNamed());
  for (const line of lines) {
    for (const path of (await reader.attempt(() => findBlobs(workspace, line))) ?? []) paths.add(path);
  }
  const directory = reader.text('blobSignatureDirectory');
  const mediaType = reader.text('blobMediaType');
  const placed = directory === '' ? {} : { signatureDirectory: resolve(workspace, directory) };
  const blobs = [...paths].map((path) => openBlobFile(path, { name: shownPath(workspace, path), ...placed }));
  refuseSharedSignatures(reader, blobs);
  return { blobs, contentMediaType: mediaType === '' ? undefined : mediaType };
}

/** A step that has nothing to do must not succeed: it would call nothing verified. */
function nothingNamed(): NotaryError {
  return new NotaryError('input-missing', '{input:blobs} has no line that names a file', {
    hint: 'Give the files, one a line: {input:blobs}: dist/*.zip',
  });
}

/** Relative to the workspace, with slashes, where the file is below it. */
function shownPath(workspace: string, path: string): string {
  const way = relative(workspace, path);
  return (way.startsWith('..') ? path : way).replaceAll('\\', '/');
}

/** In one signature directory, files of one name would have one signature file. */
function refuseSharedSignatures(reader: InputReader, blobs: readonly Blob[]): void {
  const owners = new Map<string, Blob>();
  for (const blob of blobs) {
    for (const file of blob.signatureFiles.slice(0, 1)) {
      const owner = owners.get(file);
      owners.set(file, blob);
      if (owner === undefined) continue;
      const text = `${owner.name} and ${blob.name} would have the same signature file in {input:blobSignatureDirectory}`;
      reader.report(
        new NotaryError('input-invalid', text, { hint: 'Name them in steps with a directory of their own.' }),
      );
    }
  }
}
