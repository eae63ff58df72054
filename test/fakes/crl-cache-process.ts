// SPDX-License-Identifier: Apache-2.0
// node crl-cache-process.ts <folder> <address> <file with a CRL> <times>: keeps a CRL again and again, as another process
// does, and prints what it was warned about.
import { readFileSync } from 'node:fs';
import { openCrlCache } from '../../shared/adapters/revocation-cache.ts';
import { parseRevocationList } from '../../shared/revocation/revocation-list.ts';

const [folder = '', address = '', file = '', times = '1'] = process.argv.slice(2);
// Where files may not grow, writing shall fail and not end the process.
process.on('SIGXFSZ', () => undefined);
const warnings: string[] = [];
const log = { debug: () => undefined, info: () => undefined, warning: (text: string) => warnings.push(text) };
const base = parseRevocationList(readFileSync(file));
for (let time = 0; time < Number(times); time++) {
  // each time as in a step of its own
  const cache = openCrlCache(folder, log);
  await cache.write(address, { base });
  await cache.read(address);
}
console.log(JSON.stringify(warnings));
