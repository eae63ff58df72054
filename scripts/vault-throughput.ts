// SPDX-License-Identifier: Apache-2.0
// node scripts/vault-throughput.ts [--images 200] [--rate 20] [--retry-after SECONDS]: signs with a vault that refuses more.
import { parseArgs } from 'node:util';
import { openKeyVaultKey } from '../shared/adapters/signers/azure-key-vault.ts';
import { parseKeyVaultId } from '../shared/adapters/signers/azure-key-vault-id.ts';
import { systemTiming } from '../shared/adapters/timing.ts';
import { concurrently, maxConcurrentArtifacts } from '../shared/concurrently.ts';
import { createCertificateAuthority } from '../test/fakes/certificate-authority.ts';
import { startKeyVault } from '../test/fakes/key-vault.ts';
import { throttle } from '../test/fakes/key-vault-throttle.ts';
import { addWithChain } from '../test/support/key-vault-signer.ts';

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
    'retry-after': { type: 'string' },
  },
});

async function main(): Promise<void> {
  const images = Number(options.images);
  const rate = Number(options.rate);
  const vault = await startKeyVault();
  try {
    addWithChain(vault, 'release', createCertificateAuthority({ name: 'Bench' }).issue());
    const counts = throttle(vault, { rate, retryAfter: options['retry-after'], now: () => performance.now() });
    const tokens = { asked: 0 };
    const start = performance.now();
    const signer = await openKeyVaultKey(
      { id: parseKeyVaultId(`${vault.url}/certificates/release`), selfSigned: false },
      {
        credential: {
          description: 'a test identity',
          principal: {},
          getToken: () => Promise.resolve({ token: `t${++tokens.asked}`, expiresOnTimestamp: Date.now() + 3_600_000 }),
        },
        timing: systemTiming,
        clock: { now: () => new Date() },
        log: { debug: () => undefined, info: () => undefined, warning: () => undefined },
        userAgent: 'bench/1',
        ca: vault.ca,
      },
    );
    let signed = 0;
    const sign = (index: number) => signer.sign(new Uint8Array(Buffer.from(`image ${index}`)));
    await concurrently([...Array(images).keys()], maxConcurrentArtifacts, sign, (_, outcome) => {
      if ('result' in outcome) signed += 1;
    });
    const seconds = (performance.now() - start) / 1000;
    const needed = images / rate;
    const wasted = Math.max(0, (seconds - needed) / seconds);
    const reads = vault.requests.filter(({ kind }) => kind === 'certificate' || kind === 'secret').length;
    console.log(
      `signed ${signed} of ${images} in ${seconds.toFixed(2)} s; ${rate} a second need ${needed.toFixed(2)} s`,
    );
    console.log(`wasted ${(100 * wasted).toFixed(1)} %; answered with 429: ${counts.refused}; reads: ${reads}`);
  } finally {
    await vault.close();
  }
}

await main();
