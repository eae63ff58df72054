// SPDX-License-Identifier: Apache-2.0
// npm run fuzz -- [--cases N] [--seed S] [--family F,...] [--first N] [--minutes M] [--megabytes M] [--no-oracle]: mutated
// inputs, decided by this product and by the reference implementation. A seed repeats its cases. With --no-oracle only what
// must never happen is looked for: untyped errors, hangs, and with --megabytes more memory than that.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { families } from '../test/support/mutate/families/index.ts';
import type { Family } from '../test/support/mutate/family.ts';
import { type FuzzResult, fuzz } from '../test/support/mutate/fuzz.ts';
import { startOracle } from '../test/support/mutate/oracle.ts';
import { peersFolder } from './peers/peer.ts';
import { startWatchdog } from './fuzz/watchdog.ts';
import { prepareOracle } from './peers/oracle.ts';

/** Cases between two lines of progress. */
const batch = 5_000;

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    first: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now()) },
    family: { type: 'string' },
    minutes: { type: 'string' },
    megabytes: { type: 'string' },
    'no-oracle': { type: 'boolean', default: false },
  },
});

interface Totals {
  cases: number;
  accepted: number;
  findings: number;
  readonly known: Map<string, number>;
}

async function main(): Promise<number> {
  const chosen = chooseFamilies(values.family);
  const oracle = values['no-oracle'] ? undefined : startOracle(prepareOracle(console.log));
  const deadline = values.minutes === undefined ? Infinity : performance.now() + Number(values.minutes) * 60_000;
  const perFamily = values.minutes === undefined ? Number(values.cases) : Infinity;
  console.log(`seed ${values.seed}; families ${chosen.map(({ name }) => name).join(', ')}`);
  const totals = new Map<string, Totals>();
  const watchdog = startWatchdog(chosen.map(({ name }) => name));
  for (let done = 0; done < perFamily && performance.now() < deadline; done += batch) {
    for (const [position, family] of chosen.entries()) {
      if (performance.now() >= deadline) break;
      const first = Number(values.first) + done;
      const cases = Math.min(batch, perFamily - done);
      const onCase = (index: number) => {
        watchdog.tell(position, index);
      };
      add(totals, await fuzz(family, { seed: values.seed, first, cases, oracle, onCase }));
    }
    tellMemory();
  }
  await oracle?.close();
  await watchdog.close();
  return tell(totals);
}

function chooseFamilies(names: string | undefined): readonly Family[] {
  if (names === undefined) return families;
  return names.split(',').map((name) => {
    const family = families.find((each) => each.name === name);
    if (family === undefined) throw new Error(`no family ${name}: ${families.map((each) => each.name).join(', ')}`);
    return family;
  });
}

function add(totals: Map<string, Totals>, result: FuzzResult): void {
  const sum = totals.get(result.family) ?? { cases: 0, accepted: 0, findings: 0, known: new Map<string, number>() };
  totals.set(result.family, sum);
  sum.cases += result.cases;
  sum.accepted += result.accepted;
  sum.findings += result.findings.length;
  for (const [name, count] of result.known) sum.known.set(name, (sum.known.get(name) ?? 0) + count);
  const folder = join(peersFolder, 'findings');
  for (const finding of result.findings) {
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `${finding.family}-${finding.seed}-${finding.index}.json`);
    writeFileSync(file, JSON.stringify(finding, undefined, 2));
    const { kind, detail, theirs, ours } = finding;
    console.log(`${finding.family} ${finding.index}: ${kind} (${detail}), see ${file}`);
    console.log(
      `  theirs ${JSON.stringify(theirs ?? null).slice(0, 600)}\n  ours   ${JSON.stringify(ours ?? null).slice(0, 600)}`,
    );
  }
}

function tellMemory(): void {
  console.log(`${new Date().toISOString()} resident ${residentMegabytes()} MB, at most ${peakMegabytes()} MB`);
}

function residentMegabytes(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}

function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 2 ** 10);
}

function tell(totals: ReadonlyMap<string, Totals>): number {
  let [cases, findings] = [0, 0];
  for (const [name, sum] of totals) {
    const known = [...sum.known].map(([difference, count]) => `${difference}: ${count}`).join('; ');
    console.log(
      `${name}: ${sum.cases} cases, ${sum.accepted} accepted, ${sum.findings} findings${known === '' ? '' : ` (known: ${known})`}`,
    );
    cases += sum.cases;
    findings += sum.findings;
  }
  console.log(`seed ${values.seed}: ${cases} cases, ${findings} findings`);
  const tooMuch = values.megabytes !== undefined && peakMegabytes() > Number(values.megabytes);
  if (tooMuch) console.log(`more than ${values.megabytes} MB were used: ${peakMegabytes()} MB`);
  return findings === 0 && !tooMuch ? 0 : 1;
}

process.exitCode = await main();
