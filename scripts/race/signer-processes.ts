// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PushedImage } from '../../test/interop/support/image.ts';
import type { SigningKey } from '../../test/interop/support/keys.ts';

/** Processes that have started and wait to sign. */
export interface SignerProcesses {
  /** Lets all of them sign at once; the digests of the signatures of those that succeed. */
  sign(): Promise<readonly string[]>;
}

/** Starts signers in processes of their own, so that nothing but the registry is between them. */
export async function openProcesses(count: number, image: PushedImage, key: SigningKey): Promise<SignerProcesses> {
  const signers = await Promise.all(Array.from({ length: count }, () => openProcess(image, key)));
  return {
    async sign() {
      const digests = await Promise.all(signers.map((signer) => signer.sign()));
      return digests.filter((digest) => digest !== '');
    },
  };
}

async function openProcess(image: PushedImage, key: SigningKey): Promise<{ sign(): Promise<string> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'signer.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { RACE: JSON.stringify({ image, key }) },
  });
  const lines = linesOf(child);
  if ((await lines.next()).value !== 'ready') throw new Error('a signer did not start');
  return {
    async sign() {
      child.stdin.end('go\n');
      const { value } = await lines.next();
      if (child.exitCode === null) await once(child, 'exit');
      return child.exitCode === 0 && typeof value === 'string' ? value : '';
    },
  };
}

function linesOf({ stdout }: ChildProcess): AsyncIterator<string, undefined> {
  if (stdout === null) throw new Error('a signer without output');
  return createInterface({ input: stdout })[Symbol.asyncIterator]();
}
