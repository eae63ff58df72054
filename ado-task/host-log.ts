// SPDX-License-Identifier: Apache-2.0
import { EOL } from 'node:os';
import * as taskLib from 'azure-pipelines-task-lib/task.js';
import type { HostLog } from '../shared/index.ts';
import { safeText } from './safe-text.ts';

/** The log of a task: everything that is printed goes through `safeText`. */
export const hostLog: HostLog = {
  debug(text) {
    taskLib.debug(safeText(text));
  },
  info(text) {
    printLine(safeText(text));
  },
  warning(text) {
    taskLib.warning(safeText(text));
  },
  error(text) {
    taskLib.error(safeText(text));
  },
  async group(title, work) {
    printLine(`##[group]${safeText(title).replaceAll('\n', ' ')}`);
    try {
      return await work();
    } finally {
      printLine('##[endgroup]');
    }
  },
};

function printLine(text: string): void {
  process.stdout.write(text.replaceAll('\n', EOL) + EOL);
}
