// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { checkedContent } from '../checked-content.ts';
import { HttpFailure } from '../http-failure.ts';
import type { Actions } from './authorization.ts';
import { unreachableError, type Operation } from './failure.ts';
import { transferTime } from './transfer-time.ts';
import type { Transport } from './transport.ts';

/**
 * A blob of any size as it comes, whole only when it is what the descriptor says. Throws `digest-mismatch`,
 * `artifact-not-found`, `registry-unreachable` for a connection that breaks, and what a registry answers.
 */
export async function* streamBlob(
  transport: Transport,
  actions: Actions,
  descriptor: Descriptor,
): AsyncGenerator<Uint8Array> {
  const { digest, size } = descriptor;
  const purpose = `fetching the blob ${digest}`;
  const operation = transport.operation(purpose);
  const response = await transport.send({
    method: 'GET',
    target: `blobs/${digest}`,
    purpose,
    actions,
    expect: [200, 404],
    repeatable: true,
    streamed: true,
    limit: size,
    redirects: 'any',
    timeout: transferTime(size),
  });
  if (response.status === 404) throw new NotaryError('artifact-not-found', `${operation.text}: not found`);
  if (response.stream === undefined) throw new Error('the body of an answer 200 was asked for as a stream');
  try {
    yield* checkedContent(response.stream, descriptor, (difference) => altered(operation, difference));
  } catch (thrown) {
    throw thrown instanceof HttpFailure ? unreachableError(operation, thrown) : thrown;
  }
}

function altered({ text, registry }: Operation, difference: string): NotaryError {
  return new NotaryError('digest-mismatch', `${text}: the content has ${difference}`, {
    hint: `${registry}, or something between, delivers altered or incomplete content. Do not trust it before the reason is known.`,
  });
}
