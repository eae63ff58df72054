// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Bytes of the code of a bundle, and what of it every start loads. */
export interface BundleSize {
  readonly bundle: string;
  readonly files: number;
  readonly bytes: number;
  readonly gzipBytes: number;
}

const dist = join(import.meta.dirname, '../../dist');

/** Sizes of the JavaScript of each bundle in dist/. */
export function bundleSizes(): BundleSize[] {
  return ['action', 'ado-task'].map((bundle) => {
    const folder = join(dist, bundle);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    const contents = files.map((file) => readFileSync(join(folder, file)));
    return {
      bundle: `dist/${bundle}`,
      files: files.length,
      bytes: sum(contents.map((content) => content.length)),
      gzipBytes: sum(contents.map((content) => gzipSync(content, { level: 9 }).length)),
    };
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
