// SPDX-License-Identifier: Apache-2.0
// One signer of the race: says that it is ready, waits for a line, signs, says the digest of its signature.
import { once } from 'node:events';
import type { PushedImage } from '../../test/interop/support/image.ts';
import type { SigningKey } from '../../test/interop/support/keys.ts';
import { signWithUs } from '../../test/interop/support/ours.ts';

const { image, key } = JSON.parse(process.env['RACE'] ?? '') as { image: PushedImage; key: SigningKey };
console.log('ready');
await once(process.stdin, 'data');
process.stdin.destroy();
const { signature } = await signWithUs(image, { key, format: 'jws' });
console.log(signature.digest);
