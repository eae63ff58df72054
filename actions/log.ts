// SPDX-License-Identifier: Apache-2.0
import * as core from '@actions/core';
import type { HostLog } from '../shared/index.ts';
import { safeLine, safeText } from './safe-text.ts';

/** GitHub shows ten annotations of a kind for a step (GH 3.6), and the failure is one: what is more becomes a line of the log. */
const maxAnnotations = 9;

/** The log of a step, the only place that prints. Foreign text goes through `safeText` (GH 3.8). */
export class RunnerLog implements HostLog {
  #warnings = 0;
  #errors = 0;

  debug(text: string): void {
    if (core.isDebug()) core.debug(safeText(text));
  }

  info(text: string): void {
    core.info(safeText(text));
  }

  warning(text: string): void {
    if (this.#warnings++ < maxAnnotations) core.warning(safeText(text));
    else this.info(`Warning: ${text}`);
  }

  error(text: string): void {
    if (this.#errors++ < maxAnnotations) core.error(safeText(text));
    else this.info(`Error: ${text}`);
  }

  /** Groups do not nest, and one that stays open hides what follows. */
  async group<T>(title: string, work: () => Promise<T>): Promise<T> {
    core.startGroup(safeLine(title));
    try {
      return await work();
    } finally {
      core.endGroup();
    }
  }
}
