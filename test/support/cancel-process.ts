// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';

/** Milliseconds that runner and agent wait after SIGINT, and then after SIGTERM (GH 3.1, ADO 4.7). */
const afterInterrupt = 7_500;
const afterTerminate = 2_500;

/** Cancels a step as runner and agent do: SIGINT, a while later SIGTERM, and then the end. */
export function cancelProcess(child: ChildProcess, cancelled: AbortSignal): void {
  const timers: NodeJS.Timeout[] = [];
  const interrupt = (): void => {
    child.kill('SIGINT');
    timers.push(setTimeout(() => child.kill('SIGTERM'), afterInterrupt));
    timers.push(setTimeout(() => child.kill('SIGKILL'), afterInterrupt + afterTerminate));
  };
  cancelled.addEventListener('abort', interrupt, { once: true });
  child.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
}
