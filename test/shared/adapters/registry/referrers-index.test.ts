// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ReferrersIndexUpdate, type SettleTime } from '../../../../shared/adapters/registry/referrers-index.ts';
import type { Descriptor } from '../../../../shared/oci/descriptor.ts';
import { addReferrers, descriptorsOf, emptyReferrersIndex } from '../../../../shared/oci/referrers.ts';
import { digestOf } from '../../../../shared/primitives/digest.ts';
import { SimulatedTag, Simulation } from '../../../fakes/tag-store.ts';

const usual: SettleTime = { quiet: 300, contended: 900 };
/** The delays of the measurements of REG 4.4. */
const slow = { request: 300, answer: 150 };

function entry(name: string): Descriptor {
  return {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(Buffer.from(name)),
    size: name.length,
  };
}

function writer(simulation: Simulation, tag: SimulatedTag, settle = usual): ReferrersIndexUpdate {
  return new ReferrersIndexUpdate({ store: tag.store(), timing: simulation.timing, settle, place: 'here' });
}

/** Pushes an entry's manifest and lists it. */
function publish(tag: SimulatedTag, update: ReferrersIndexUpdate, name: string): Promise<void> {
  tag.manifests.add(entry(name).digest);
  return update.publish(entry(name));
}

function names(tag: SimulatedTag, candidates: readonly string[]): string[] {
  const digests = descriptorsOf(tag.index).map(({ digest }) => digest);
  return candidates.filter((name) => digests.includes(entry(name).digest));
}

/** Several writers that start within a second; what is listed in the end. */
async function race(seed: number, writers: number, delays = slow) {
  const simulation = new Simulation(seed);
  const tag = new SimulatedTag(simulation, delays);
  const all = Array.from({ length: writers }, (_, index) => `writer ${index}`);
  const work = all.map(async (name) => {
    await simulation.wait(simulation.random() * 1000);
    await publish(tag, writer(simulation, tag), name);
  });
  const results = await simulation.run(work);
  return { all, listed: names(tag, all), results, simulation };
}

describe('ReferrersIndexUpdate', () => {
  it('takes two reads and less than a second when nobody else writes', async () => {
    const simulation = new Simulation(1);
    const tag = new SimulatedTag(simulation, { request: 5, answer: 5 });
    await simulation.run([publish(tag, writer(simulation, tag), 'a')]);
    expect(names(tag, ['a'])).toEqual(['a']);
    expect(simulation.timing.now()).toBeLessThan(800);
  });

  it('waits for nothing when told that nobody else writes', async () => {
    const simulation = new Simulation(1);
    const tag = new SimulatedTag(simulation, { request: 5, answer: 5 });
    await simulation.run([publish(tag, writer(simulation, tag, { quiet: 0, contended: 0 }), 'a')]);
    expect(simulation.timing.now()).toBeLessThan(40);
  });

  it('writes once for all that join while it is at work', async () => {
    const simulation = new Simulation(2);
    const tag = new SimulatedTag(simulation, { request: 5, answer: 5 });
    const update = writer(simulation, tag);
    const all = Array.from({ length: 100 }, (_, index) => `image ${index}`);
    await simulation.run(all.map((name) => publish(tag, update, name)));
    expect(names(tag, all)).toEqual(all);
    expect(simulation.timing.now()).toBeLessThan(800);
  });

  it.each([2, 8])(
    '[REG-69] [REG-67] [SEC-29] loses nothing of %i writers in any of thousands of interleavings',
    { timeout: 120_000 },
    async (writers) => {
      for (let seed = 1; seed <= (writers === 2 ? 10_000 : 1000); seed++) {
        const { all, listed, results } = await race(seed, writers);
        expect(
          results.every(({ status }) => status === 'fulfilled'),
          `seed ${seed}`,
        ).toBe(true);
        expect(listed, `seed ${seed}`).toEqual(all);
      }
    },
  );

  it.each([2, 8])(
    '[REG-67] loses nothing of %i writers where manifests go with an index that another writer replaces',
    { timeout: 120_000 },
    async (writers) => {
      for (let seed = 1; seed <= 300; seed++) {
        const simulation = new Simulation(seed);
        const tag = new SimulatedTag(simulation, { request: 100, answer: 100 });
        tag.prunes = true;
        const all = Array.from({ length: writers }, (_, index) => `writer ${index}`);
        const work = all.map(async (name) => {
          await simulation.wait(simulation.random() * 500);
          const push = () => Promise.resolve(tag.manifests.add(entry(name).digest));
          await push();
          await writer(simulation, tag).publish(entry(name), push);
        });
        await simulation.run(work);
        expect(names(tag, all), `seed ${seed}`).toEqual(all);
        expect(
          all.filter((name) => !tag.manifests.has(entry(name).digest)),
          `seed ${seed}`,
        ).toEqual([]);
      }
    },
  );

  it('[REG-69] [SEC-29] loses nothing of 24 writers', { timeout: 120_000 }, async () => {
    const { all, listed } = await race(7, 24);
    expect(listed).toEqual(all);
  });

  it('[REG-68] adds again what a careless writer overwrites while it watches', async () => {
    const simulation = new Simulation(3);
    const tag = new SimulatedTag(simulation, { request: 20, answer: 20 });
    const careless = (async () => {
      await simulation.wait(250);
      tag.manifests.add(entry('careless').digest);
      tag.set(addReferrers(emptyReferrersIndex, [entry('careless')]));
    })();
    await simulation.run([publish(tag, writer(simulation, tag), 'careful'), careless]);
    expect(names(tag, ['careful', 'careless'])).toEqual(['careful', 'careless']);
  });

  it('[REG-93] keeps both entries of two writers in turn although reads are 8 s behind', async () => {
    const simulation = new Simulation(4);
    const tag = new SimulatedTag(simulation, { request: 20, answer: 20 });
    tag.staleness = 8_000;
    const settle = { quiet: 10_000, contended: 10_000 };
    await simulation.run([publish(tag, writer(simulation, tag, settle), 'first')]);
    await simulation.run([publish(tag, writer(simulation, tag, settle), 'second')]);
    expect(names(tag, ['first', 'second'])).toEqual(['first', 'second']);
  });

  it('[REG-94] watches longer once its own write is not yet to be seen', async () => {
    const simulation = new Simulation(5);
    const tag = new SimulatedTag(simulation, { request: 20, answer: 20 });
    tag.staleness = 8_000;
    await simulation.run([publish(tag, writer(simulation, tag), 'a')]);
    expect(names(tag, ['a'])).toEqual(['a']);
    expect(simulation.timing.now()).toBeGreaterThan(8_000);
  });

  it('[REG-97] does not bring back an entry whose manifest was deleted meanwhile', async () => {
    const simulation = new Simulation(6);
    const tag = new SimulatedTag(simulation, { request: 20, answer: 20 });
    tag.manifests.add(entry('old').digest);
    tag.set(addReferrers(emptyReferrersIndex, [entry('old')]));
    const deletion = (async () => {
      await simulation.wait(250);
      tag.manifests.delete(entry('old').digest);
      tag.set(emptyReferrersIndex);
    })();
    await simulation.run([publish(tag, writer(simulation, tag), 'new'), deletion]);
    expect(names(tag, ['old', 'new'])).toEqual(['new']);
  });

  it('[REG-97] brings back an entry that vanished although its manifest is there', async () => {
    const simulation = new Simulation(6);
    const tag = new SimulatedTag(simulation, { request: 20, answer: 20 });
    tag.manifests.add(entry('old').digest);
    tag.set(addReferrers(emptyReferrersIndex, [entry('old')]));
    const loss = (async () => {
      await simulation.wait(250);
      tag.set(emptyReferrersIndex);
    })();
    await simulation.run([publish(tag, writer(simulation, tag), 'new'), loss]);
    expect(names(tag, ['old', 'new'])).toEqual(['old', 'new']);
  });

  it('[REG-96] keeps its own entry while the registry does not know the manifest yet', async () => {
    const simulation = new Simulation(8);
    const tag = new SimulatedTag(simulation, { request: 20, answer: 20 });
    const store = tag.store();
    const lagging = {
      ...store,
      write: (...parameters: Parameters<typeof store.write>) =>
        simulation.timing.now() < 5_000 ? Promise.resolve('missing-child' as const) : store.write(...parameters),
    };
    const update = new ReferrersIndexUpdate({
      store: lagging,
      timing: simulation.timing,
      settle: usual,
      place: 'here',
    });
    await simulation.run([update.publish(entry('a'))]);
    expect(names(tag, ['a'])).toEqual(['a']);
  });

  it('[REG-73] gives up in bounded time, and says what is stored', async () => {
    const simulation = new Simulation(9);
    const tag = new SimulatedTag(simulation, { request: 20, answer: 20 });
    const store = { ...tag.store(), write: () => Promise.resolve('conflict' as const) };
    const update = new ReferrersIndexUpdate({ store, timing: simulation.timing, settle: usual, place: 'r/app' });
    const [result] = await simulation.run([update.publish(entry('a'))]);
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: 'push-failed', message: `${entry('a').digest} is stored but could not be listed (r/app)` },
    });
    expect(simulation.timing.now()).toBeLessThan(300_000);
  });
});
