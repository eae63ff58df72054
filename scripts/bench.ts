// SPDX-License-Identifier: Apache-2.0
// npm run bench: times whole processes of the packaged bundles against the real Notation CLI, prints Markdown.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { bundleSizes } from './bench/bundle-sizes.ts';
import { startContestants, type Contestant } from './bench/candidates.ts';
import { measure, type Measurement } from './bench/measure.ts';
import { preparePeers } from './peers/peers.ts';
import { pushImage, type PushedImage } from '../test/interop/support/image.ts';
import { createNotation } from '../test/interop/support/notation.ts';
import { startRegistry } from '../test/interop/support/registries.ts';

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '1,100' },
    rounds: { type: 'string', default: '15,5' },
  },
});

const counts = options.images.split(',').map(Number);
const rounds = options.rounds.split(',').map(Number);

async function main(): Promise<void> {
  const peers = preparePeers((line) => {
    console.error(`bench: ${line}`);
  });
  const registry = await startRegistry('docker-registry');
  const notation = createNotation();
  const contestants = await startContestants(notation);
  try {
    const rows: string[] = [];
    for (const [index, count] of counts.entries()) {
      const times = rounds[index] ?? rounds.at(-1) ?? 5;
      rows.push(...(await measured(contestants, count, times, registry.host)));
    }
    console.log(environment(peers.notation.version, peers['docker-registry'].version));
    console.log(table(['work', 'by', 'median', 'fastest', 'ratio to notation'], rows));
    console.log(sizes());
  } finally {
    for (const contestant of contestants) await contestant.dispose();
    notation.remove();
    await registry.stop();
  }
}

/** Signing and verifying a number of images; rows of the table. */
async function measured(
  contestants: readonly [Contestant, ...Contestant[]],
  count: number,
  rounds: number,
  host: string,
): Promise<string[]> {
  const images = (): Promise<PushedImage[]> => pushImages(host, count);
  const candidatesFor = (work: 'sign' | 'verify') =>
    contestants.map((contestant) => ({ name: contestant.name, run: contestant[work].bind(contestant) }));
  const what = count === 1 ? '1 image' : `${count} images`;
  console.error(`bench: ${what}, ${rounds} rounds`);
  const signing = await measure(candidatesFor('sign'), rounds, images);
  // Everybody verifies the same signatures, made by notation; verifying changes nothing.
  const signed = await images();
  await contestants[0].sign(signed);
  const verifying = await measure(candidatesFor('verify'), rounds, () => Promise.resolve(signed));
  return [
    ...signing.map((measurement) => row(`sign ${what}`, measurement)),
    ...verifying.map((measurement) => row(`verify ${what}`, measurement)),
  ];
}

let repositories = 0;

async function pushImages(host: string, count: number): Promise<PushedImage[]> {
  const repository = `bench/app${++repositories}`;
  const images: PushedImage[] = [];
  for (let i = 0; i < count; i++) images.push(await pushImage(host, repository));
  return images;
}

function row(work: string, { name, median, fastest, ratio }: Measurement): string {
  return cells([work, name, `${median.toFixed(0)} ms`, `${fastest.toFixed(0)} ms`, ratio.toFixed(2)]);
}

function sizes(): string {
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;
  const rows = bundleSizes().map(({ bundle, files, bytes, gzipBytes }) =>
    cells([bundle, String(files), kib(bytes), kib(gzipBytes)]),
  );
  return table(['bundle', 'files', 'size', 'gzip'], rows);
}

function environment(notation: string, registry: string): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model ?? 'unknown processor'}`;
  return `Node ${process.versions.node}, notation ${notation}, docker-registry ${registry}, ${machine}\n`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [cells(head), cells(head.map(() => '---')), ...rows, ''].join('\n');
}

function cells(texts: readonly string[]): string {
  return `| ${texts.join(' | ')} |`;
}

await main();
