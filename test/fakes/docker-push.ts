// SPDX-License-Identifier: Apache-2.0

/** What `docker push` prints without a terminal for one tag. */
export function pushTranscript(repository: string, tag: string, digest: string): string {
  return [
    `The push refers to repository [${repository}]`,
    '5f70bf18a086: Preparing',
    'a3ed95caeb02: Preparing',
    'a3ed95caeb02: Layer already exists',
    '5f70bf18a086: Pushed',
    `${tag}: digest: ${digest} size: 1573`,
    '',
  ].join('\n');
}
