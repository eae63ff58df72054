// SPDX-License-Identifier: Apache-2.0
import type { BlobCopy, CopySource } from '../../copy-ports.ts';
import { NotaryError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Slots } from '../slots.ts';
import type { Timing } from '../timing.ts';
import { type BlobContent, type OpenContent, storedSize, uploadBlob, uploadLocation } from './blob-upload.ts';
import type { Transport } from './transport.ts';

/** What copying blobs into a repository needs beside its requests. */
export interface Copying {
  readonly registry: string;
  readonly repository: string;
  /** Copies of all repositories of a run under way at a time: each holds a connection to its source. */
  readonly slots: Slots;
  /** Requests whose tokens also allow to read another repository of the registry. */
  readonly transportFrom: (repository: string) => Transport;
}

/**
 * Takes a blob from a source: not at all when it is there, without moving it within a registry that can do so, else as a
 * stream. Throws `push-failed` when the registry has other bytes than it was sent, and what either side throws.
 */
export async function copyBlob(
  transport: Transport,
  timing: Timing,
  copying: Copying,
  descriptor: Descriptor,
  source: CopySource,
): Promise<BlobCopy> {
  if (await isThere(transport, descriptor)) return 'there';
  const mounted = await mountBlob(copying, descriptor, source);
  if (mounted !== 'mounted') {
    await copying.slots.run(() => uploadBlob(transport, timing, streamedContent(descriptor, source), mounted));
  }
  await checkStored(transport, descriptor);
  return mounted === 'mounted' ? 'mounted' : 'copied';
}

async function isThere(transport: Transport, { digest, size }: Descriptor): Promise<boolean> {
  const found = await storedSize(transport, digest);
  return found === size || found === 'untold';
}

/** Whoever gives less than it said it took must not be trusted with the manifest. */
async function checkStored(transport: Transport, { digest, size }: Descriptor): Promise<void> {
  const found = await storedSize(transport, digest);
  // Not every registry answers HEAD, nor knows at once what it has; each checks what a manifest names.
  if (found === undefined || found === 'untold' || found === size) return;
  const { text, registry } = transport.operation(`looking for the blob ${digest}`);
  throw new NotaryError('push-failed', `${text}: ${registry} has ${found} bytes of it instead of ${size}`);
}

/** Where the registry wants the blob when it cannot be mounted; undefined when it does not say. */
async function mountBlob(
  { registry, repository, transportFrom }: Copying,
  { digest }: Descriptor,
  { origin }: CopySource,
): Promise<'mounted' | URL | undefined> {
  if (origin?.registry !== registry || origin.repository === repository) return undefined;
  const transport = transportFrom(origin.repository);
  const purpose = `mounting the blob ${digest} of ${origin.repository}`;
  try {
    const response = await transport.send({
      method: 'POST',
      target: `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(origin.repository)}`,
      purpose,
      actions: 'pull,push',
      expect: [201, 202],
      repeatable: true,
      limit: 8 * 1024,
      redirects: 'same-origin',
    });
    return response.status === 201 ? 'mounted' : uploadLocation(transport, purpose, response, digest);
  } catch (error) {
    // It saves time where it works, and is allowed; the copy that follows says what is wrong otherwise.
    if (error instanceof NotaryError && error.code !== 'cancelled') return undefined;
    throw error;
  }
}

/** The blob of a source; its first piece is there before anything is sent, so that a source that fails costs nothing. */
function streamedContent(descriptor: Descriptor, source: CopySource): BlobContent {
  const { digest, size } = descriptor;
  return { digest, size, open: () => openStream(source.readBlob(descriptor)[Symbol.asyncIterator]()) };
}

async function openStream(pieces: AsyncIterator<Uint8Array>): Promise<OpenContent> {
  let next: IteratorResult<Uint8Array> | undefined = await pieces.next();
  let failure: unknown;
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      if (next === undefined) throw new NotaryError('registry-unreachable', 'the content has been sent before');
      for (; next.done !== true; next = await pieces.next()) yield next.value;
    } catch (thrown) {
      failure = thrown;
      throw thrown;
    } finally {
      next = undefined;
    }
  }
  return {
    body,
    failure: () => failure,
    close: async () => {
      await pieces.return?.();
    },
  };
}
