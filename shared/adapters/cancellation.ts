// SPDX-License-Identifier: Apache-2.0

/** Milliseconds that cancelled work gets to end by itself: agents kill a few seconds later, without a word. */
const grace = 1_500;

/**
 * Aborted when the product stops this step: runners and agents send SIGINT, then SIGTERM. What does not end by itself
 * then ends with the process; a second signal ends it at once.
 */
export function cancellationSignal(): AbortSignal {
  return (listening ??= listen());
}

let listening: AbortSignal | undefined;

function listen(): AbortSignal {
  const controller = new AbortController();
  const cancel = (): void => {
    if (controller.signal.aborted) return;
    controller.abort();
    setTimeout(() => process.exit(1), grace).unref();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, cancel);
  return controller.signal;
}
