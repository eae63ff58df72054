// SPDX-License-Identifier: Apache-2.0
import { describe, expectTypeOf, it } from 'vitest';
import type { ArtifactTarget, Signer, SignPorts } from '../../shared/ports.ts';

describe('SignPorts', () => {
  it('[NP-21] [NP-22] cannot be without a signer or a repository: the compiler sees to it', () => {
    expectTypeOf<SignPorts['signer']>().toEqualTypeOf<Signer>();
    expectTypeOf<SignPorts['target']>().toEqualTypeOf<ArtifactTarget>();
    expectTypeOf<Signer>().not.toBeNullable();
    expectTypeOf<ArtifactTarget>().not.toBeNullable();
  });
});
