// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { BlobCopy, CopySource } from '../../copy-ports.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { maxEnvelopeSize } from '../../oci/signature-manifest.ts';
import { digestOf, type Digest } from '../../primitives/digest.ts';
import type { Timing } from '../timing.ts';
import type { Actions } from './authorization.ts';
import { copyBlob, type Copying } from './blob-copy.ts';
import { streamBlob } from './blob-stream.ts';
import { heldContent, storedSize, uploadBlob } from './blob-upload.ts';
import { checkContent, twiceIfAltered } from './content.ts';
import type { Transport } from './transport.ts';

/** Blobs of one repository. */
export interface Blobs {
  fetch(descriptor: Descriptor): Promise<Uint8Array>;
  /** A blob of any size as it comes, checked at its end. */
  stream(descriptor: Descriptor): AsyncIterable<Uint8Array>;
  /** Uploads a blob unless it is there. */
  push(mediaType: string, bytes: Uint8Array): Promise<Descriptor>;
  /** Takes a blob from a source unless it is there. */
  copy(descriptor: Descriptor, source: CopySource): Promise<BlobCopy>;
}

export function createBlobs(transport: Transport, timing: Timing, reading: Actions, copying: Copying): Blobs {
  const pushing = new Map<Digest, Promise<BlobCopy>>();
  // Every signature has the same configuration blob, images share layers: each is sent once per repository and run.
  const once = (digest: Digest, send: () => Promise<BlobCopy>): Promise<BlobCopy> => {
    const known = pushing.get(digest);
    if (known !== undefined) return known.then(() => 'there');
    const push = send();
    pushing.set(digest, push);
    push.catch(() => pushing.delete(digest));
    return push;
  };
  return {
    fetch: (descriptor) => twiceIfAltered(() => fetchBlob(transport, reading, descriptor)),
    stream: (descriptor) => streamBlob(transport, reading, descriptor),
    push: async (mediaType, bytes) => {
      const digest = digestOf(bytes);
      await once(digest, () => pushBlob(transport, timing, digest, bytes));
      return { mediaType, digest, size: bytes.length };
    },
    copy: (descriptor, source) =>
      once(descriptor.digest, () => copyBlob(transport, timing, copying, descriptor, source)),
  };
}

async function fetchBlob(transport: Transport, actions: Actions, descriptor: Descriptor): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  const purpose = `fetching the blob ${digest}`;
  const operation = transport.operation(purpose);
  if (size > maxEnvelopeSize) {
    throw new NotaryError('registry-limit', `${operation.text}: ${size} bytes, at most ${maxEnvelopeSize} are read`);
  }
  const response = await transport.send({
    method: 'GET',
    target: `blobs/${digest}`,
    purpose,
    actions,
    expect: [200, 404],
    repeatable: true,
    limit: size,
    redirects: 'any',
  });
  if (response.status === 404) throw new NotaryError('artifact-not-found', `${operation.text}: not found`);
  checkContent(operation, response.body, descriptor);
  return response.body;
}

async function pushBlob(transport: Transport, timing: Timing, digest: Digest, bytes: Uint8Array): Promise<BlobCopy> {
  if ((await storedSize(transport, digest)) !== undefined) return 'there';
  await uploadBlob(transport, timing, heldContent(digest, bytes));
  return 'copied';
}
