// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../shared/adapters/http.ts';
import { openOciLayout } from '../../shared/adapters/oci-layout/oci-layout.ts';
import { createRevocationSource } from '../../shared/adapters/revocation-http.ts';
import { openLocalKey } from '../../shared/adapters/signers/local-key.ts';
import { readTrustPolicy } from '../../shared/adapters/trust-policy-file.ts';
import { openTrustStore } from '../../shared/adapters/trust-store-directory.ts';
import { envelopeMediaTypes, type EnvelopeFormat } from '../../shared/envelope/content.ts';
import { inspectArtifact } from '../../shared/inspect.ts';
import { Secret } from '../../shared/primitives/secret.ts';
import { signArtifact, type SignRequest } from '../../shared/sign.ts';
import type { VerificationOutcome } from '../../shared/validation/outcome.ts';
import { verifyArtifact } from '../../shared/verify.ts';
import { readPeers } from '../../scripts/peers/peer.ts';
import { TestLayout } from '../fakes/layout-folder.ts';
import { noVerificationPlugins } from '../fakes/verification-plugins.ts';
import { signingKey, signingKeys } from './support/keys.ts';
import { createNotation, strictPolicy, type Notation } from './support/notation.ts';
import { runProgram } from './support/run-program.ts';

const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
const clock = { now: () => new Date() };
const scope = 'local/app';
const http = createHttpClient({ userAgent: 'interop/1', environment: {} });
const revocation = createRevocationSource({ http, clock, log });

let notation: Notation;
let layout: TestLayout;

beforeAll(() => {
  const [statement] = strictPolicy.trustPolicies;
  notation = createNotation({
    trustPolicy: { version: '1.0', trustPolicies: [{ ...statement, registryScopes: [scope] }] },
  });
});
afterAll(async () => {
  notation.remove();
  await http.close();
});
beforeEach(() => {
  layout = new TestLayout();
});
afterEach(() => {
  layout.remove();
});

function named(): { name: string; tagOrDigest: string } {
  return { name: `oci-layout:${layout.path}`, tagOrDigest: layout.image.digest };
}

function sign(key: string, format: EnvelopeFormat, manifestForm: SignRequest['manifestForm'] = 'config-media-type') {
  const { privateKey, certificateChain } = signingKey(key);
  const signer = openLocalKey({
    privateKey: new Secret(readFileSync(privateKey, 'utf8')),
    certificateChain: readFileSync(certificateChain, 'utf8'),
  });
  const request: SignRequest = {
    ...named(),
    ...{ envelopeMediaType: envelopeMediaTypes[format], manifestForm, referrersMode: 'tag-schema' },
    ...{ userMetadata: new Map([['by', 'us']]), signingAgent: 'interop/1' },
  };
  return signArtifact(request, { target: openOciLayout(layout.path), signer, timestamper: undefined, clock, log });
}

async function verify(policyScope = scope): Promise<VerificationOutcome> {
  const policy = await readTrustPolicy([notation.trustPolicyFile]);
  return verifyArtifact(
    { ...named(), requested: layout.path, policyScope, policy, requiredMetadata: new Map() },
    {
      ...{ source: openOciLayout(layout.path), trustStore: openTrustStore(notation.trustStore) },
      ...{ revocation, plugins: noVerificationPlugins, clock, log },
    },
  );
}

/** The Notation CLI on the layout; the feature is experimental there. */
function run(command: 'sign' | 'verify' | 'list', ...args: readonly string[]) {
  const reference = `${layout.path}@${layout.image.digest}`;
  const scoped = command === 'verify' ? ['--scope', scope] : [];
  const environment = { ...notation.environment, NOTATION_EXPERIMENTAL: '1' };
  const options = { environment, directory: layout.parent };
  return runProgram(readPeers().notation.program, [command, '--oci-layout', reference, ...scoped, ...args], options);
}

describe('[REG-88] OCI image layouts and the Notation CLI', () => {
  it.each(signingKeys.flatMap(({ name }) => (['jws', 'cose'] as const).map((format) => ({ name, format }))))(
    'it verifies what we signed with $name as $format',
    async ({ name, format }) => {
      const { signature } = await sign(name, format);
      const verified = await run('verify');
      expect(verified.stderr).not.toContain('failed');
      expect(verified).toMatchObject({ status: 0 });
      expect(verified.stdout).toContain(`Successfully verified signature for ${layout.path}@${layout.image.digest}`);
      expect((await run('list')).stdout).toContain(signature.digest);
    },
  );

  it.each(['jws', 'cose'] as const)('we verify and show what it signed as %s', async (format) => {
    expect(await run('sign', '--key', 'p384', '--signature-format', format, '-m', 'by=notation')).toMatchObject({
      status: 0,
    });
    expect(await verify()).toMatchObject({ outcome: 'verified', scope, warnings: [] });
    const { signatures } = await inspectArtifact(named(), { source: openOciLayout(layout.path) });
    expect(signatures).toMatchObject([{ summary: { userMetadata: { by: 'notation' } } }]);
  });

  it('index.json and manifests are of the same form', async () => {
    await run('sign', '--key', 'p256');
    await sign('p256', 'jws');
    const [, theirs, ours] = layout.entries();
    if (theirs === undefined || ours === undefined) throw new Error('two signatures were made');
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    expect(Object.keys(ours.annotations ?? {}).sort()).toEqual(Object.keys(theirs.annotations ?? {}).sort());
    const members = (digest: typeof ours.digest) => Object.keys(JSON.parse(layout.blob(digest).toString()) as object);
    expect(members(ours.digest)).toEqual(members(theirs.digest));
  });

  it('signatures of both are kept, whoever comes second', async () => {
    await run('sign', '--key', 'p256');
    await sign('rsa2048', 'cose');
    await run('sign', '--key', 'p521', '--signature-format', 'cose');
    const { signatures } = await inspectArtifact(named(), { source: openOciLayout(layout.path) });
    expect(signatures).toHaveLength(3);
    const shown = await run('list');
    for (const { digest } of signatures) expect(shown.stdout).toContain(digest);
  });

  it('[NP-349] the form of Notation 2 is read by us, and not seen by it', async () => {
    await sign('p256', 'jws', 'artifact-type');
    expect((await verify()).outcome).toBe('verified');
    const verified = await run('verify');
    expect(verified.status).toBe(1);
    expect(verified.stderr).toContain('no signature is associated');
  });

  it('both reject another scope, and an artifact without signature', async () => {
    expect((await verify('local/other')).outcome).toBe('failed');
    expect((await verify()).outcome).toBe('failed');
    expect((await run('verify')).status).toBe(1);
  });
});
