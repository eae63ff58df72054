// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { createHttpClient } from '../../shared/adapters/http.ts';
import { openTimestampAuthority } from '../../shared/adapters/timestamp-authority.ts';
import type { Timestamper } from '../../shared/ports.ts';
import { parseTimestampRoot } from '../../shared/timestamp/root-certificate.ts';
import { parseCertificates } from '../../shared/x509/certificate.ts';
import { parsePkcs7Certificates } from '../../shared/x509/pkcs7-certificates.ts';
import { startArtifactSigning, type FakeArtifactSigning } from '../fakes/artifact-signing.ts';
import { unreachableServers } from '../fakes/revocation-source.ts';
import { openProfile } from '../support/artifact-signer.ts';
import { pushImage } from './support/image.ts';
import { signingKey } from './support/keys.ts';
import { createNotation, strictPolicy, type Notation } from './support/notation.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';
import {
  startOpensslTimestampAuthority,
  timestampRoot,
  type OpensslTimestampAuthority,
} from './support/timestamp-authority.ts';

// The Notation CLI, with a policy that demands a timestamp, on what Azure Artifact Signing signs.

const key = signingKey('rsa3072');
const chain = parseCertificates(readFileSync(key.certificateChain));
const privateKey = createPrivateKey(readFileSync(key.privateKey));

let registry: RunningRegistry;
let tsa: OpensslTimestampAuthority;
let service: FakeArtifactSigning;
let notation: Notation;
beforeAll(async () => {
  registry = await startRegistry('olareg');
  tsa = await startOpensslTimestampAuthority();
  service = await startArtifactSigning({ privateKey, chainDer: chain.map(({ der }) => der) });
  const trustPolicies = strictPolicy.trustPolicies.map((statement) => ({
    ...statement,
    trustStores: [...statement.trustStores, 'tsa:clocks'],
  }));
  notation = createNotation({ trusted: [key.root], trustPolicy: { ...strictPolicy, trustPolicies } });
  mkdirSync(join(notation.trustStore, 'x509/tsa/clocks'), { recursive: true });
  copyFileSync(timestampRoot, join(notation.trustStore, 'x509/tsa/clocks/root.crt'));
});
afterAll(async () => {
  notation.remove();
  await service.close();
  await tsa.stop();
  await registry.stop();
});
beforeEach(() => {
  service.dialects = ['in-use', 'published'];
});

function timestamper(): Timestamper {
  return openTimestampAuthority({
    urls: [new URL(tsa.url)],
    root: parseTimestampRoot(readFileSync(timestampRoot), timestampRoot),
    revocation: unreachableServers,
    http: createHttpClient({ userAgent: 'interop/1', environment: {} }),
    clock: { now: () => new Date() },
    log: { debug: () => undefined, info: () => undefined, warning: () => undefined },
  });
}

describe.each(['jws', 'cose'] as const)('%s', (format) => {
  it.each(['in-use', 'published'] as const)(
    '[KEY-66] [KEY-69] Notation verifies what the %s dialect signs, with its timestamp',
    async (dialect) => {
      service.dialects = [dialect];
      const { signer } = openProfile(service);
      const image = await pushImage(registry.host, `signing/${format}-${dialect}`);
      await signWithUs(image, { key, signer, format, mode: 'api-first', timestamper: timestamper() });
      const { stdout } = await notation.succeed('verify', image.reference);
      expect(stdout).toContain('Successfully verified signature');
      expect(reasons(await verifyWithUs(image, notation))).toBe('');
    },
  );

  it('[KEY-72] Notation refuses it without a timestamp under that policy, and so do we', async () => {
    const { signer } = openProfile(service);
    const image = await pushImage(registry.host, `signing/${format}-untimed`);
    await signWithUs(image, { key, signer, format, mode: 'api-first' });
    expect((await notation.run('verify', image.reference)).status).toBe(1);
    expect(reasons(await verifyWithUs(image, notation))).toContain('no timestamp countersignature was found');
  });
});

describe('PKCS #7 of OpenSSL', () => {
  it('[KEY-67] has the certificates that were put into it', () => {
    const { program } = readPeers().openssl;
    const out = execFileSync(program, [
      ...['crl2pkcs7', '-nocrl', '-certfile', key.certificateChain, '-outform', 'DER'],
    ]);
    const expected = chain.map(({ der }) => Buffer.from(der).toString('hex')).sort();
    const found = parsePkcs7Certificates(out).map(({ der }) => Buffer.from(der).toString('hex'));
    expect(found.sort()).toEqual(expected);
  });
});
