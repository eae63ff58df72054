// SPDX-License-Identifier: Apache-2.0
import { describe, expectTypeOf, it } from 'vitest';
import type { ArtifactTarget, Blob, Signer, SignPorts } from '../../shared/ports.ts';
import type { signBlob } from '../../shared/sign-blob.ts';
import type { verifyBlob } from '../../shared/verify-blob.ts';

describe('SignPorts', () => {
  it('[NP-21] [NP-22] cannot be without a signer or a repository: the compiler sees to it', () => {
    expectTypeOf<SignPorts['signer']>().toEqualTypeOf<Signer>();
    expectTypeOf<SignPorts['target']>().toEqualTypeOf<ArtifactTarget>();
    expectTypeOf<Signer>().not.toBeNullable();
    expectTypeOf<ArtifactTarget>().not.toBeNullable();
  });

  it('[NP-28] cannot be without a file: the compiler sees to it', () => {
    expectTypeOf<Parameters<typeof signBlob>[1]['blob']>().toEqualTypeOf<Blob>();
    expectTypeOf<Parameters<typeof verifyBlob>[1]['blob']>().toEqualTypeOf<Blob>();
    expectTypeOf<Blob>().not.toBeNullable();
  });
});
