// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from './errors.ts';
import type { Host } from './host.ts';
import { hostWords } from './host-words.ts';
import { causesOf, failureText } from './report/failure.ts';
import { runInspect } from './run-inspect.ts';
import { runSign } from './run-sign.ts';
import { runVerify } from './run-verify.ts';
import { openStep } from './step.ts';
import type { Step } from './step.ts';

/**
 * Runs one step: the command of the host, its report, its result. Everything thrown anywhere ends here, as one message of
 * the host; nothing is thrown.
 */
export async function run(host: Host): Promise<void> {
  const step = openStep(host);
  try {
    try {
      await dispatch(step);
    } finally {
      await step.end();
    }
    host.finish(step.warned() ? 'warning' : 'succeeded');
  } catch (thrown) {
    for (const cause of causesOf(thrown)) host.log.debug(cause);
    if (thrown instanceof Error && !(thrown instanceof NotaryError)) host.log.debug(thrown.stack ?? '');
    const location = thrown instanceof NotaryError ? thrown.location : undefined;
    host.fail(hostWords(host.product, failureText(thrown)), location);
    host.finish('failed');
  }
}

async function dispatch(step: Step): Promise<void> {
  const command = step.host.command();
  switch (command) {
    case 'setup':
      return step.host.setup();
    case 'sign':
      return runSign(step);
    case 'verify':
      return runVerify(step);
    case 'inspect':
      return runInspect(step);
  }
}
