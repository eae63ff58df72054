// SPDX-License-Identifier: Apache-2.0
// node scripts/race.ts [--runs 5]: signers race for one referrers tag behind a slow proxy; prints Markdown.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startDelayingProxy } from './race/delaying-proxy.ts';
import { openProcesses } from './race/signer-processes.ts';
import { preparePeers } from './peers/peers.ts';
import { taggedSignatures } from '../test/interop/support/attach.ts';
import { pushImage } from '../test/interop/support/image.ts';
import { signingKey } from '../test/interop/support/keys.ts';
import { createNotation, type Notation } from '../test/interop/support/notation.ts';
import { startRegistry } from '../test/interop/support/registries.ts';

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '5' } } });

/** How many of us and of the CLI sign one subject at once. */
interface Race {
  readonly ours: number;
  readonly notation: number;
}

const races: readonly Race[] = [
  ...[2, 8, 24, 50].map((ours) => ({ ours, notation: 0 })),
  ...[2, 8, 24, 50].map((notation) => ({ ours: 0, notation })),
  { ours: 8, notation: 4 },
];

/** Milliseconds that the proxy adds before a request and before its answer (REG 4.5). */
const delays = { request: 300, answer: 150 };
const key = signingKey('p256');

interface RaceResult {
  /** Signatures of signers that ended with success, and how many of them the tag lists. */
  readonly ours: { readonly written: number; readonly kept: number };
  readonly notation: { readonly written: number; readonly kept: number };
  readonly seconds: number;
}

async function main(): Promise<void> {
  const peers = preparePeers((line) => {
    console.error(`race: ${line}`);
  });
  const registry = await startRegistry('docker-registry');
  const proxy = await startDelayingProxy(registry.host, delays);
  const notation = createNotation();
  try {
    console.log('| signers at once | run | ours: kept / written | notation: kept / written | slowest, s |');
    console.log('| --- | --- | --- | --- | --- |');
    for (const [number, race] of races.entries()) {
      for (let run = 1; run <= Number(options.runs); run++) {
        const result = await runRace(race, proxy.host, `race/${number}-${run}`, notation);
        console.log(row(race, run, result));
      }
    }
    console.log(
      `\nMeasured on ${cpus().length} processors with Node ${process.versions.node}, docker-registry ` +
        `${peers['docker-registry'].version} and Notation CLI ${peers.notation.version}; the proxy adds up to ` +
        `${delays.request} ms before each request and ${delays.answer} ms before each answer.`,
    );
  } finally {
    notation.remove();
    await proxy.stop();
    await registry.stop();
  }
}

async function runRace(race: Race, host: string, repository: string, notation: Notation): Promise<RaceResult> {
  const image = await pushImage(host, repository);
  const ours = await openProcesses(race.ours, image, key);
  const started = performance.now();
  const theirs = Array.from({ length: race.notation }, () => notation.run('sign', image.reference, '--key', key.name));
  const [own, other] = await Promise.all([ours.sign(), Promise.all(theirs)]);
  const seconds = (performance.now() - started) / 1000;
  const listed = await taggedSignatures(image);
  const kept = own.filter((digest) => listed.includes(digest)).length;
  return {
    ours: { written: own.length, kept },
    notation: { written: other.filter(({ status }) => status === 0).length, kept: listed.length - kept },
    seconds,
  };
}

function row(race: Race, run: number, { ours, notation, seconds }: RaceResult): string {
  const names = [race.ours > 0 ? `${race.ours} ours` : '', race.notation > 0 ? `${race.notation} notation` : ''];
  const cells = [
    names.filter((name) => name !== '').join(' + '),
    String(run),
    race.ours > 0 ? `${ours.kept} / ${ours.written}` : '',
    race.notation > 0 ? `${notation.kept} / ${notation.written}` : '',
    seconds.toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}

await main();
