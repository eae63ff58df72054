// SPDX-License-Identifier: Apache-2.0
import type { Timing } from '../timing.ts';
import type { VaultAnswer } from './azure-key-vault-retry.ts';

/** Milliseconds for which a vault may refuse everything before a request gives up; it counts over ten seconds (KEY 2.5). */
const patience = 60_000;
/** Milliseconds of the first pause after a refusal that names none, the factor of each further one, and the longest. */
const firstPause = 50;
const pauseFactor = 1.5;
const maxPause = 100;
/** Milliseconds over which successes are counted, and over which unused turns are kept. */
const second = 1_000;
/** Requests a second below which it never goes: whoever asked for one thing so far has learned nothing of the limit. */
const minRate = 10;
/** Part by which each success raises the rate: until it was too high for the first time, and afterwards. */
const growth = { searching: 0.05, found: 0.0025 };

/** Sends requests to one vault as fast as it takes them. */
export interface VaultPace {
  /** Sends until the answer is no 429; then with it, once the vault has refused everything for a minute. */
  run(attempt: () => Promise<VaultAnswer>): Promise<VaultAnswer>;
}

/**
 * Without a refusal requests go at once. The first 429 sets a rate, the successes of the last second, and all requests wait
 * their turn from then on; after a pause the turns that it took are made up for. So hundreds of signatures that wait together
 * do not ask again and again, and the vault is kept as busy as it allows.
 */
export function createVaultPace(timing: Timing): VaultPace {
  const state: PaceState = {
    rate: Infinity,
    nextTurn: 0,
    pausedAt: -1,
    limit: 'searching',
    refusals: 0,
    lastSuccess: timing.now(),
    successes: [],
  };
  let queue = Promise.resolve();
  const turn = async (): Promise<void> => {
    for (let now = timing.now(); now < state.nextTurn; now = timing.now()) await timing.sleep(state.nextTurn - now);
    const apart = second / state.rate;
    // While nothing succeeds one request asks for all; its answer decides when the next one goes.
    if (state.refusals > 0) state.nextTurn = timing.now() + Math.max(apart, maxPause);
    else state.nextTurn = Math.max(state.nextTurn, timing.now() - second) + apart;
  };
  return {
    run: async (attempt) => {
      let refusedFrom: number | undefined;
      for (;;) {
        if (state.rate !== Infinity) await (queue = queue.then(turn));
        const sentAt = timing.now();
        const answer = await attempt();
        if (answer.status === 200) noteSuccess(state, timing.now());
        if (answer.status !== 429) return answer;
        noteRefusal(state, sentAt, 'retryAfter' in answer ? answer.retryAfter : undefined, timing);
        refusedFrom ??= sentAt;
        if (state.nextTurn - Math.max(refusedFrom, state.lastSuccess) > patience) return answer;
      }
    },
  };
}

interface PaceState {
  /** Requests a second; infinite until the vault refuses one. */
  rate: number;
  /** On the clock, as all times here: when the next request may go. */
  nextTurn: number;
  pausedAt: number;
  /** Whether a rate that was set has been too high already. */
  limit: 'searching' | 'found';
  /** One after the other, without a success between. */
  refusals: number;
  lastSuccess: number;
  /** Times of the last second. */
  readonly successes: number[];
}

function noteSuccess(state: PaceState, now: number): void {
  forgetOld(state, now);
  state.successes.push(now);
  if (state.refusals > 0) state.nextTurn = now - Math.min(second, now - state.lastSuccess);
  if (state.rate !== Infinity) state.rate *= 1 + growth[state.limit];
  state.refusals = 0;
  state.lastSuccess = now;
}

function noteRefusal(state: PaceState, sentAt: number, retryAfter: number | undefined, timing: Timing): void {
  const now = timing.now();
  if (retryAfter !== undefined) state.nextTurn = Math.max(state.nextTurn, now + retryAfter);
  // What was sent before the pause says nothing new about it.
  if (sentAt <= state.pausedAt) return;
  forgetOld(state, now);
  const recent = state.successes.length;
  if (state.rate === Infinity) state.rate = Math.max(minRate, recent);
  else if (state.refusals === 0) {
    state.limit = 'found';
    state.rate = Math.max(minRate, Math.min(state.rate, Math.max(recent, state.rate / 2)));
  }
  const pause = Math.min(maxPause, firstPause * pauseFactor ** state.refusals) * (0.75 + timing.random() / 2);
  if (retryAfter === undefined) state.nextTurn = Math.max(state.nextTurn, now + pause);
  state.refusals += 1;
  state.pausedAt = now;
}

function forgetOld({ successes }: PaceState, now: number): void {
  while ((successes[0] ?? Infinity) <= now - second) successes.shift();
}
