// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { openLocalKey } from '../../shared/adapters/signers/local-key.ts';
import type { RawSigner } from '../../shared/ports.ts';
import { Secret } from '../../shared/primitives/secret.ts';
import { type SignRequest, signArtifact } from '../../shared/sign.ts';
import { SignedOnce } from '../../shared/sign-once.ts';
import { Scenario, quietLog, signer } from '../fakes/verification.ts';

/** A key that counts, and fails as often as it is told to. */
function countingKey(failures = 0) {
  const key = openLocalKey({ privateKey: new Secret(signer.privateKeyPem), certificateChain: signer.chainPem });
  const operations = { count: 0 };
  const sign: RawSigner['sign'] = (bytes) => {
    operations.count++;
    return operations.count <= failures ? Promise.reject(new Error('the key is busy')) : key.sign(bytes);
  };
  return { operations, key: { ...key, sign } };
}

function sign(scenario: Scenario, key: RawSigner, once: SignedOnce) {
  const request: SignRequest = {
    ...{ name: 'reg.example/app', tagOrDigest: scenario.artifact.digest, envelopeMediaType: 'application/cose' },
    ...{ userMetadata: new Map(), signingAgent: 'agent/1.0', once },
    manifestForm: 'config-media-type',
    referrersMode: 'tag-schema',
  };
  // A clock that goes on: another signature would have another time.
  let now = Date.UTC(2026, 4, 4);
  const clock = { now: () => new Date((now += 5000)) };
  return signArtifact(request, {
    target: scenario.repository,
    signer: key,
    timestamper: undefined,
    clock,
    log: quietLog,
  });
}

describe('SignedOnce', () => {
  it('asks the key once for one artifact in many places, at once or later', async () => {
    const { key, operations } = countingKey();
    const once = new SignedOnce();
    const scenarios = [new Scenario(), new Scenario(), new Scenario()];
    const records = await Promise.all(scenarios.map((scenario) => sign(scenario, key, once)));
    records.push(await sign(new Scenario(), key, once));
    expect(operations.count).toBe(1);
    expect(new Set(records.map(({ signature }) => signature.digest)).size).toBe(1);
    for (const { repository } of scenarios) expect(repository.pushed).toHaveLength(1);
  });

  it('asks again after a failure', async () => {
    const { key, operations } = countingKey(1);
    const once = new SignedOnce();
    await expect(sign(new Scenario(), key, once)).rejects.toThrow('the key is busy');
    await sign(new Scenario(), key, once);
    expect(operations.count).toBe(2);
  });
});
