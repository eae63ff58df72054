// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../../../../shared/adapters/http.ts';
import { Throttle } from '../../../../shared/adapters/registry/throttle.ts';
import { startRegistry } from '../../../fakes/registry.ts';
import { virtualTiming } from '../../../fakes/timing.ts';
import { errorOf, testClient } from '../../../support/registry-client.ts';

const url = new URL('https://r.example.com/v2/');

function answer(status: number, headers: Record<string, string> = {}): () => Promise<HttpResponse> {
  return () => Promise.resolve({ status, headers, body: new Uint8Array(), url });
}

describe('Throttle', () => {
  it('lets sixteen requests go at a time, in the order in which they came', async () => {
    const throttle = new Throttle(virtualTiming());
    const started: number[] = [];
    const release: (() => void)[] = [];
    const all = Array.from({ length: 20 }, (_, number) =>
      throttle.run(() => {
        started.push(number);
        return new Promise((resolve) => release.push(() => void answer(200)().then(resolve)));
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(started).toHaveLength(16);
    while (release.length > 0) {
      release.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    expect(started).toEqual(Array.from({ length: 20 }, (_, number) => number));
  });

  it('lets urgent requests go first', async () => {
    const throttle = new Throttle(virtualTiming());
    const order: string[] = [];
    const send = (name: string) => () => {
      order.push(name);
      return new Promise<HttpResponse>((resolve) => setImmediate(() => void answer(200)().then(resolve)));
    };
    const first = Array.from({ length: 16 }, () => throttle.run(send('first')));
    const rest = [throttle.run(send('patient')), throttle.run(send('urgent'), true)];
    await Promise.all([...first, ...rest]);
    expect(order.slice(16)).toEqual(['urgent', 'patient']);
  });

  it('[REG-85] makes all requests wait as long as a 429 asks, and sends half as many at a time', async () => {
    const timing = virtualTiming();
    const throttle = new Throttle(timing);
    await throttle.run(answer(429, { 'retry-after': '7' }));
    expect(throttle.parallel).toBe(8);
    await throttle.run(answer(200));
    expect(timing.sleeps).toEqual([7_000]);
    await throttle.run(answer(429));
    await throttle.run(answer(200));
    expect(throttle.parallel).toBe(4);
    expect(timing.sleeps).toEqual([7_000, 500]);
  });

  it('gains speed again with good answers, and is never slower than one at a time', async () => {
    const throttle = new Throttle(virtualTiming());
    for (let count = 0; count < 10; count++) await throttle.run(answer(429));
    expect(throttle.parallel).toBe(1);
    for (let count = 0; count < 200; count++) await throttle.run(answer(200));
    expect(throttle.parallel).toBe(16);
  });

  it('does not wait an hour for anybody', async () => {
    const timing = virtualTiming();
    const throttle = new Throttle(timing);
    await throttle.run(answer(429, { 'retry-after': '3600' }));
    await throttle.run(answer(200));
    expect(timing.sleeps).toEqual([]);
  });

  it('gives its turn away when a request fails', async () => {
    const throttle = new Throttle(virtualTiming());
    for (let count = 0; count < 40; count++) {
      await expect(throttle.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    }
    await expect(throttle.run(answer(200))).resolves.toMatchObject({ status: 200 });
  });
});

describe('the deadline of a run', () => {
  it('[REG-85] ends repetitions of all requests together', async () => {
    const registry = await startRegistry();
    registry.options.faults.push({ fault: { kind: 'status', status: 503, headers: { 'retry-after': '50' } } });
    const client = testClient({ totalTime: 120_000 });
    const repository = client.repository(registry.host, 'team/app');
    const names = Array.from({ length: 5 }, (_, index) => `v${index}`);
    for (const name of names) expect((await errorOf(repository.resolve(name))).code).toBe('registry-response');
    expect(client.timing.now()).toBeLessThanOrEqual(120_000);
    // Two waits of 50 seconds fit, whoever has them; all others give up at once.
    expect(registry.requests).toHaveLength(names.length + 2);
    await client.close();
    await registry.close();
  });
});
