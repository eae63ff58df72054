// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';

/** `e_machine` of ELF files (System V ABI) by Node's name of the processor. */
const elfMachines: Readonly<Record<string, number>> = { x64: 0x3e, arm64: 0xb7, arm: 0x28, ppc64: 0x15, s390x: 0x16 };

const elfHeaderSize = 20;

/**
 * Whether a file is a program for this machine, as far as Linux tells by its first bytes; undefined when it cannot be told.
 * Starting another one gives no error there: it is handed to the shell as a script.
 */
export async function isProgramForThisMachine(
  path: string,
  platform: string = process.platform,
  arch: string = process.arch,
): Promise<boolean | undefined> {
  if (platform !== 'linux') return undefined;
  const header = Buffer.alloc(elfHeaderSize);
  try {
    const file = await open(path);
    try {
      await file.read(header, 0, elfHeaderSize, 0);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
  if (header.toString('latin1', 0, 2) === '#!') return true;
  if (header.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
  const expected = elfMachines[arch];
  return expected === undefined ? undefined : machine === expected;
}
