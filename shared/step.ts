// SPDX-License-Identifier: Apache-2.0
import { messageOf } from './errors.ts';
import type { Host, HostLog } from './host.ts';
import { hostWords } from './host-words.ts';
import type { Log } from './ports.ts';

/** One run of a host: the host, and its log with inputs named in the host's words. */
export interface Step {
  readonly host: Host;
  readonly log: HostLog;
  /** Whether anything was warned about. */
  warned(): boolean;
  /** Has something done when the step ends, however it ends. */
  atEnd(work: () => Promise<void>): void;
  /** Does it. Never throws: what cannot be cleaned up is a debug line. */
  end(): Promise<void>;
  /** A text with inputs named as users of this host type them. */
  readonly words: (text: string) => string;
}

export function openStep(host: Host): Step {
  let warned = false;
  const endings: (() => Promise<void>)[] = [];
  const words = (text: string): string => hostWords(host.product, text);
  const log: HostLog = {
    debug: (text) => {
      host.log.debug(words(text));
    },
    info: (text) => {
      host.log.info(words(text));
    },
    warning: (text) => {
      warned = true;
      host.log.warning(words(text));
    },
    error: (text) => {
      host.log.error(words(text));
    },
    group: (title, work) => host.log.group(title, work),
  };
  return {
    ...{ host, log, words },
    warned: () => warned,
    atEnd: (work) => endings.push(work),
    end: async () => {
      const results = await Promise.allSettled(endings.splice(0).map((work) => work()));
      for (const result of results) if (result.status === 'rejected') log.debug(messageOf(result.reason));
    },
  };
}

/** Keeps what is logged until it is this artifact's turn, so that logs of concurrent work do not mix. */
export class DeferredLog implements Log {
  readonly #lines: ((log: Log) => void)[] = [];

  debug(text: string): void {
    this.#lines.push((log) => {
      log.debug(text);
    });
  }

  info(text: string): void {
    this.#lines.push((log) => {
      log.info(text);
    });
  }

  warning(text: string): void {
    this.#lines.push((log) => {
      log.warning(text);
    });
  }

  /** Passes everything on, in order. */
  release(log: Log): void {
    for (const line of this.#lines.splice(0)) line(log);
  }
}
