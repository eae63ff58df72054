// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/** Changes one or two places of a byte string: flips a bit, replaces, removes, adds, repeats or cuts. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let mutant = Buffer.from(bytes);
  for (let count = 1 + random.below(2); count > 0; count--) {
    if (mutant.length === 0) return Uint8Array.of(random.below(256));
    mutant = mutateOnce(random, mutant);
  }
  return new Uint8Array(mutant);
}

function mutateOnce(random: Random, bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  const at = random.below(bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Buffer.concat([before, Buffer.from([(bytes[at] ?? 0) ^ (1 << random.below(8))]), after.subarray(1)]);
    case 4:
    case 5:
      return Buffer.concat([before, Buffer.from([random.below(256)]), after.subarray(1)]);
    case 6:
    case 7:
      return Buffer.concat([before, after.subarray(1 + random.below(4))]);
    case 8:
    case 9:
      return Buffer.concat([before, Buffer.from([random.below(256)]), after]);
    case 10:
      return Buffer.concat([before, bytes.subarray(random.below(at + 1), at), after]);
    default:
      return random.chance(0.3) ? Buffer.from(before) : Buffer.concat([bytes, Buffer.from([random.below(256)])]);
  }
}
