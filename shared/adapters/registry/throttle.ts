// SPDX-License-Identifier: Apache-2.0
import type { HttpResponse } from '../http.ts';
import { retryAfter } from '../retry.ts';
import type { Timing } from '../timing.ts';

/** Requests to one registry at a time: as many as there are connections to it. */
const maxParallel = 16;
/** Milliseconds for which nothing is sent after a 429 that does not say how long; then with half as many at a time. */
const defaultPause = 500;
/** Milliseconds that a registry can make all requests wait; when it asks for more, every request gives up by itself. */
const maxPause = 60_000;

/**
 * How fast requests go to one registry. After an answer 429 all of them wait as long as it asks, and half as many go at a
 * time; every run of good answers allows one more (additive increase, multiplicative decrease, as TCP does).
 */
export class Throttle {
  readonly #timing: Timing;
  readonly #waiting: (() => void)[] = [];
  readonly #urgent: (() => void)[] = [];
  #parallel = maxParallel;
  #running = 0;
  #good = 0;
  /** On the clock of `Timing`: before it nothing is sent. */
  #notBefore = 0;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  /** Requests that may go at a time now. */
  get parallel(): number {
    return this.#parallel;
  }

  /** Sends a request when it is its turn; urgent ones go before all others. */
  async run(send: () => Promise<HttpResponse>, urgent = false): Promise<HttpResponse> {
    const queue = urgent ? this.#urgent : this.#waiting;
    if (this.#running >= this.#parallel) await new Promise<void>((resolve) => queue.push(resolve));
    else this.#running++;
    try {
      const wait = this.#notBefore - this.#timing.now();
      if (wait > 0) await this.#timing.sleep(wait);
      const response = await send();
      this.#learn(response);
      return response;
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#running--;
    while (this.#running < this.#parallel) {
      const next = this.#urgent.shift() ?? this.#waiting.shift();
      if (next === undefined) return;
      this.#running++;
      next();
    }
  }

  #learn(response: HttpResponse): void {
    const now = this.#timing.now();
    if (response.status === 429) {
      const asked = retryAfter(response, Date.now()) ?? defaultPause;
      // Answers to what was sent at the same time tell nothing new.
      if (now >= this.#notBefore) this.#parallel = Math.max(1, Math.floor(this.#parallel / 2));
      if (asked <= maxPause) this.#notBefore = Math.max(this.#notBefore, now + asked);
      this.#good = 0;
    } else if (response.status < 400 && ++this.#good >= this.#parallel) {
      this.#parallel = Math.min(maxParallel, this.#parallel + 1);
      this.#good = 0;
    }
  }
}
