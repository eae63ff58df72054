// SPDX-License-Identifier: Apache-2.0
import { HttpFailure } from './http-failure.ts';
import type { HttpResponse } from './http.ts';
import type { Timing } from './timing.ts';

/** Statuses that a repetition may cure (REG 6.2). */
const transientStatuses = [408, 425, 429, 500, 502, 503, 504];
/** Repetitions of one request: a server that fails six times within these waits is down. */
const defaultRetries = 5;
/** Repetitions when nobody listens at all: that is rarely cured by waiting longer. */
const maxRefusals = 5;
/** Milliseconds of the first wait; each further one is twice as long. */
const firstDelay = 300;
/** Milliseconds of the longest wait that we choose. */
const maxDelay = 10_000;
/** Milliseconds that one request may spend waiting, the server's own wishes included. */
const waitBudget = 60_000;

/**
 * Sends a request that may be repeated, and waits between attempts as the server asks or by full jitter; never beyond the
 * deadline of the run.
 */
export async function withRetry(
  timing: Timing,
  send: () => Promise<HttpResponse>,
  retries = defaultRetries,
): Promise<HttpResponse> {
  const deadline = timing.deadline ?? Number.POSITIVE_INFINITY;
  let waited = 0;
  for (let attempt = 0; ; attempt++) {
    const outcome = await attemptOnce(send);
    const wish = outcome instanceof HttpFailure ? undefined : retryAfter(outcome, Date.now());
    const wait = wish ?? timing.random() * Math.min(maxDelay, firstDelay * 2 ** attempt);
    const allowed = outcome instanceof HttpFailure && outcome.reason === 'refused' ? maxRefusals : retries;
    const inTime = waited + wait <= waitBudget && timing.now() + wait <= deadline;
    const repeat = isTransient(outcome) && attempt < allowed && inTime;
    if (!repeat && outcome instanceof HttpFailure) throw outcome;
    if (!repeat) return outcome as HttpResponse;
    waited += wait;
    await timing.sleep(wait);
  }
}

async function attemptOnce(send: () => Promise<HttpResponse>): Promise<HttpResponse | HttpFailure> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof HttpFailure) return error;
    throw error;
  }
}

function isTransient(outcome: HttpResponse | HttpFailure): boolean {
  return outcome instanceof HttpFailure ? outcome.transient : isTransientStatus(outcome.status);
}

/** Whether a status says that the same request may succeed later. */
export function isTransientStatus(status: number): boolean {
  return transientStatuses.includes(status);
}

/** Milliseconds that a 429 or 503 asks to wait (RFC 9110, 10.2.3); undefined when it does not say. */
export function retryAfter({ status, headers }: HttpResponse, now: number): number | undefined {
  const value = headers['retry-after'];
  if ((status !== 429 && status !== 503) || typeof value !== 'string') return undefined;
  if (/^[0-9]{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
