// SPDX-License-Identifier: Apache-2.0
import type { Timing } from '../timing.ts';

/** What one attempt gave: an answer, or the error of the network below it. */
export type VaultAnswer =
  | { readonly status: number; readonly body: string; readonly retryAfter: number | undefined }
  | { readonly status: 0; readonly error: unknown; readonly code: string };

/** Attempts of one request. */
const maxAttempts = 5;
/** Milliseconds that one request may wait altogether. */
const waitBudget = 60_000;
/** Milliseconds of the first wait, doubled each time, and the longest one. */
const firstDelay = 250;
const maxDelay = 4_000;

/** Failures of the network that a repetition may cure. */
const transientCodes =
  /^(?:ECONNRESET|ECONNREFUSED|ETIMEDOUT|EPIPE|EAI_AGAIN|ENETUNREACH|REQUEST_SEND_ERROR|PARSE_ERROR)$/;

/**
 * Repeats what may succeed a moment later, as long as the budget lasts: signing is safe to repeat. What is throttled
 * (429) is not its matter but that of the vault's pace, which all requests share.
 */
export async function withVaultRetry(timing: Timing, attempt: () => Promise<VaultAnswer>): Promise<VaultAnswer> {
  let waited = 0;
  for (let count = 1; ; count++) {
    const answer = await attempt();
    if (!isTransient(answer) || count >= maxAttempts) return answer;
    const own = timing.random() * Math.min(maxDelay, firstDelay * 2 ** (count - 1));
    const wait = Math.max(10, 'error' in answer ? own : (answer.retryAfter ?? own));
    if (waited + wait > waitBudget) return answer;
    waited += wait;
    await timing.sleep(wait);
  }
}

function isTransient(answer: VaultAnswer): boolean {
  if ('error' in answer) return transientCodes.test(answer.code);
  return [408, 500, 502, 503, 504].includes(answer.status);
}
