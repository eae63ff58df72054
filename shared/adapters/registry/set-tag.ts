// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import type { Timing } from '../timing.ts';
import type { Manifests } from './manifests.ts';
import type { Transport } from './transport.ts';

/** Reads of a tag until it must be what was set, and milliseconds before the second: some registries read late (REG 4.4). */
const maxReads = 8;
const readDelay = 100;

interface Place {
  readonly transport: Transport;
  readonly manifests: Manifests;
  readonly timing: Timing;
}

/** Sets a tag unless it is set, and looks that it is. Throws `push-failed` when the registry refuses it or keeps another. */
export async function setTag(
  { transport, manifests, timing }: Place,
  tag: string,
  { digest, mediaType }: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  const purpose = `setting the tag ${tag}`;
  // Bytes are compared, because a registry may name what is tagged by the digest of another algorithm.
  let found = await manifests.readTag(tag, purpose);
  if (found !== undefined && equalBytes(found.bytes, bytes)) return;
  await manifests.tag(tag, mediaType, bytes);
  for (let read = 0; read < maxReads; read++) {
    if (read > 0) await timing.sleep(readDelay * 2 ** (read - 1) * (0.5 + timing.random()));
    found = await manifests.readTag(tag, purpose);
    if (found !== undefined && equalBytes(found.bytes, bytes)) return;
  }
  const { text } = transport.operation(purpose);
  throw new NotaryError('push-failed', `${text}: the tag names ${found?.digest ?? 'nothing'} instead of ${digest}`, {
    hint: 'Another job may have set the tag at the same time; the copy itself is there by its digest.',
  });
}
