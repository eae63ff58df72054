// SPDX-License-Identifier: Apache-2.0
import type { PushedImage } from '../../test/interop/support/image.ts';
import { signingKey } from '../../test/interop/support/keys.ts';
import type { Notation } from '../../test/interop/support/notation.ts';
import { startAction, startTask, type Product, type ProductStep } from '../../test/interop/support/products.ts';
import { node24 } from '../../test/support/azure-agent.ts';

/** A way to sign and to verify images, from the start of the first process to the end of the last one. */
export interface Contestant {
  readonly name: string;
  sign(images: readonly PushedImage[]): Promise<void>;
  verify(images: readonly PushedImage[]): Promise<void>;
  dispose(): Promise<void>;
}

const key = signingKey('p256');

/** The real CLI first, then each of our packaged products. */
export async function startContestants(notation: Notation): Promise<readonly [Contestant, ...Contestant[]]> {
  return [
    notationContestant(notation),
    productContestant(await startAction(notation)),
    productContestant(startTask(notation, node24)),
  ];
}

/** The real CLI, one process for each image, as notation-action and Notation@0 call it. */
function notationContestant(notation: Notation): Contestant {
  return {
    name: 'notation, a process per image',
    async sign(images) {
      for (const { reference } of images) await notation.succeed('sign', '--key', key.name, reference);
    },
    async verify(images) {
      for (const { reference } of images) await notation.succeed('verify', reference);
    },
    dispose: () => Promise.resolve(),
  };
}

/** One step for all images. */
function productContestant(product: Product): Contestant {
  const succeed = ({ succeeded, log }: ProductStep): void => {
    if (!succeeded) throw new Error(`${product.name} failed:\n${log}`);
  };
  return {
    name: product.name,
    sign: async (images) => {
      succeed(await product.sign(images, key, 'jws'));
    },
    verify: async (images) => {
      succeed(await product.verify(images));
    },
    dispose: () => product.dispose(),
  };
}
