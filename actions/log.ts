// SPDX-License-Identifier: Apache-2.0
import * as core from '@actions/core';
import type { HostLog } from '../shared/index.ts';
import { safeLine, safeText } from './safe-text.ts';

/** GitHub shows ten annotations of a kind for a step; the last place is kept for the failure (GH 3.6). */
const maxAnnotations = 9;

/** The log of a step, the only place that prints. Foreign text goes through `safeText` (GH 3.8). */
export class RunnerLog implements HostLog {
  readonly #annotated = { warning: 0, error: 0 };

  debug(text: string): void {
    if (core.isDebug()) core.debug(safeText(text));
  }

  info(text: string): void {
    core.info(safeText(text));
  }

  warning(text: string): void {
    this.#annotate('warning', 'Warning', text);
  }

  error(text: string): void {
    this.#annotate('error', 'Error', text);
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

  /** An annotation as long as there is room on the page, then a line of the log. */
  #annotate(kind: 'warning' | 'error', word: string, text: string): void {
    if (this.#annotated[kind]++ < maxAnnotations) core[kind](safeText(text));
    else this.info(`${word}: ${text}`);
  }
}
