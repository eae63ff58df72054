// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { HttpFailure, type HttpFailureReason } from '../../../shared/adapters/http-failure.ts';
import type { HttpResponse } from '../../../shared/adapters/http.ts';
import { retryAfter, withRetry } from '../../../shared/adapters/retry.ts';
import { virtualTiming } from '../../fakes/timing.ts';

const url = new URL('https://r.example.com/v2/');

function answer(status: number, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers, body: new Uint8Array(), url };
}

function failure(reason: HttpFailureReason): HttpFailure {
  return new HttpFailure(reason, 'GET', url);
}

/** Sends a request that meets these outcomes one after the other, the last one for ever. */
async function run(outcomes: (HttpResponse | HttpFailure)[], random = 0.5) {
  const timing = virtualTiming(random);
  let sent = 0;
  const result = await withRetry(timing, () => {
    const outcome = outcomes[Math.min(sent++, outcomes.length - 1)] ?? answer(200);
    return outcome instanceof HttpFailure ? Promise.reject(outcome) : Promise.resolve(outcome);
  }).catch((error: unknown) => error);
  return { result, sent, sleeps: timing.sleeps };
}

describe('withRetry', () => {
  it.each([408, 425, 429, 500, 502, 503, 504])('repeats after %i', async (status) => {
    const { result, sent } = await run([answer(status), answer(status), answer(200)]);
    expect(result).toMatchObject({ status: 200 });
    expect(sent).toBe(3);
  });

  it.each([200, 201, 400, 401, 403, 404, 405, 413, 501, 505])('does not repeat after %i', async (status) => {
    expect(await run([answer(status)])).toMatchObject({ result: { status }, sent: 1, sleeps: [] });
  });

  it.each(['refused', 'reset', 'timeout', 'network'] as const)('repeats after the failure %s', async (reason) => {
    expect(await run([failure(reason), answer(200)])).toMatchObject({ result: { status: 200 }, sent: 2 });
  });

  it.each(['dns', 'tls', 'plain-http', 'redirect', 'encoding', 'too-large', 'cancelled'] as const)(
    '[REG-10] does not repeat after the failure %s',
    async (reason) => {
      expect(await run([failure(reason)])).toMatchObject({ result: { reason }, sent: 1 });
    },
  );

  it('gives up after five repetitions with growing waits', async () => {
    const { result, sent, sleeps } = await run([answer(500)]);
    expect(result).toMatchObject({ status: 500 });
    expect(sent).toBe(6);
    expect(sleeps).toEqual([150, 300, 600, 1200, 2400]);
  });

  it('[REG-85] waits as long as 429 and 503 ask, and no longer than a minute', async () => {
    expect((await run([answer(429, { 'retry-after': '30' }), answer(200)])).sleeps).toEqual([30_000]);
    expect((await run([answer(503, { 'retry-after': '2' }), answer(200)])).sleeps).toEqual([2_000]);
    expect(await run([answer(429, { 'retry-after': '3600' })])).toMatchObject({ sent: 1, result: { status: 429 } });
    expect((await run([answer(429, { 'retry-after': '25' })])).sleeps).toEqual([25_000, 25_000]);
  });
});

describe('retryAfter', () => {
  it('[REG-85] reads seconds and dates, on 429 and 503 only', () => {
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT';
    expect(retryAfter(answer(429, { 'retry-after': '0' }), 0)).toBe(0);
    expect(retryAfter(answer(429, { 'retry-after': date }), Date.parse(date) - 5_000)).toBe(5_000);
    expect(retryAfter(answer(429, { 'retry-after': date }), Date.parse(date) + 5_000)).toBe(0);
    expect(retryAfter(answer(429, { 'retry-after': 'soon' }), 0)).toBeUndefined();
    expect(retryAfter(answer(500, { 'retry-after': '3' }), 0)).toBeUndefined();
  });
});
