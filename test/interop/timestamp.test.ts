// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { createHttpClient } from '../../shared/adapters/http.ts';
import { openTimestampAuthority } from '../../shared/adapters/timestamp-authority.ts';
import { parseEnvelope, readContent } from '../../shared/envelope/envelope.ts';
import type { Timestamper } from '../../shared/ports.ts';
import { parseTimestampRoot } from '../../shared/timestamp/root-certificate.ts';
import { unreachableServers } from '../fakes/revocation-source.ts';
import { fetchEnvelope } from './support/attach.ts';
import { pushImage, type PushedImage } from './support/image.ts';
import { signingKey, signingKeys } from './support/keys.ts';
import { createNotation, strictPolicy, type Notation } from './support/notation.ts';
import { reasons, signWithUs, verifyWithUs } from './support/ours.ts';
import { freePort } from './support/server.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';
import { runProgram } from './support/run-program.ts';
import {
  startOpensslTimestampAuthority,
  timestampRoot,
  type OpensslTimestampAuthority,
} from './support/timestamp-authority.ts';

let registry: RunningRegistry;
let tsa: OpensslTimestampAuthority;
/** Trusts the authority. */
let trusting: Notation;
/** Trusts another one. */
let distrusting: Notation;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  tsa = await startOpensslTimestampAuthority();
  trusting = notationWith(timestampRoot);
  distrusting = notationWith(signingKey('rsa2048').root);
});
afterAll(async () => {
  trusting.remove();
  distrusting.remove();
  await tsa.stop();
  await registry.stop();
});

/** A Notation CLI, and for us the same trust, with a policy that demands a timestamp. */
function notationWith(root: string): Notation {
  const trustPolicies = strictPolicy.trustPolicies.map((statement) => ({
    ...statement,
    trustStores: [...statement.trustStores, 'tsa:clocks'],
  }));
  const notation = createNotation({ trustPolicy: { ...strictPolicy, trustPolicies } });
  const folder = join(notation.trustStore, 'x509/tsa/clocks');
  mkdirSync(folder, { recursive: true });
  copyFileSync(root, join(folder, 'root.crt'));
  return notation;
}

const warnings: string[] = [];

function timestamper(urls: readonly string[], root = timestampRoot): Timestamper {
  return openTimestampAuthority({
    urls: urls.map((url) => new URL(url)),
    root: parseTimestampRoot(readFileSync(root), root),
    revocation: unreachableServers,
    http: createHttpClient({ userAgent: 'interop/1', environment: {} }),
    clock: { now: () => new Date() },
    log: { debug: () => undefined, info: () => undefined, warning: (text) => warnings.push(text) },
  });
}

async function expectVerified(image: PushedImage): Promise<void> {
  expect(reasons(await verifyWithUs(image, trusting))).toBe('');
  await trusting.succeed('verify', image.reference);
}

async function expectRefused(image: PushedImage, notation: Notation, reason: string): Promise<void> {
  expect(reasons(await verifyWithUs(image, notation))).toContain(reason);
  const ended = await notation.run('verify', '-d', image.reference);
  expect(ended.status).toBe(1);
  expect(`${ended.stdout}${ended.stderr}`).toContain(reason);
}

describe.each(['jws', 'cose'] as const)('a %s signature with a timestamp of OpenSSL', (format) => {
  it.each(signingKeys)('is made by us with $name, and verified by both', async (key) => {
    const image = await pushImage(registry.host, `timestamp/ours-${format}-${key.name}`);
    const record = await signWithUs(image, { key, format, timestamper: timestamper([tsa.url]) });
    expect(record.timestamped).toBe(true);
    await expectVerified(image);
  });

  it('is made by Notation, and verified by both', async () => {
    const image = await pushImage(registry.host, `timestamp/theirs-${format}`);
    const timestamps = ['--timestamp-url', tsa.url, '--timestamp-root-cert', timestampRoot];
    await trusting.succeed('sign', '--key', 'p384', '--signature-format', format, ...timestamps, image.reference);
    await expectVerified(image);
  });

  it('[NP-290] is refused by both when another authority is trusted', async () => {
    const image = await pushImage(registry.host, `timestamp/distrusted-${format}`);
    await signWithUs(image, { key: signingKey('p256'), format, timestamper: timestamper([tsa.url]) });
    await expectRefused(
      image,
      distrusting,
      'failed to verify the timestamp countersignature with error: failed to verify signed token: ' +
        'cms verification failure: x509: certificate signed by unknown authority',
    );
  });

  it('[NP-283] is demanded by both', async () => {
    const image = await pushImage(registry.host, `timestamp/missing-${format}`);
    await signWithUs(image, { key: signingKey('p256'), format });
    await expectRefused(image, trusting, 'no timestamp countersignature was found in the signature envelope');
  });
});

it('is one that OpenSSL verifies', async () => {
  const image = await pushImage(registry.host, 'timestamp/openssl');
  const { signature } = await signWithUs(image, {
    key: signingKey('p256'),
    format: 'jws',
    timestamper: timestamper([tsa.url]),
  });
  const { mediaType, bytes } = await fetchEnvelope(image, signature.digest);
  const content = readContent(parseEnvelope(mediaType, bytes));
  const [data, token] = ['signature', 'token'].map((name) => join(trusting.trustStore, name));
  writeFileSync(data ?? '', content.signature);
  writeFileSync(token ?? '', content.unsignedAttributes.timestampSignature ?? '');
  const args = ['ts', '-verify', '-data', data ?? '', '-in', token ?? '', '-token_in', '-CAfile', timestampRoot];
  const environment = { PATH: process.env['PATH'] ?? '' };
  const verified = await runProgram(readPeers().openssl.program, args, { environment });
  expect(`${verified.stdout}${verified.stderr}`).toContain('Verification: OK');
});

it.each([
  ['SHA-512 in the signature', { signerDigest: 'sha512' }],
  ['SHA-384 for its own certificate', { certificateHash: 'sha384' }],
  ['a finer accuracy', { accuracy: 'secs:1, millisecs:500, microsecs:100' }],
] as const)('of an authority with %s is verified by both', async (name, options) => {
  const other = await startOpensslTimestampAuthority(options);
  try {
    const image = await pushImage(registry.host, `timestamp/variant-${name.length}`);
    await signWithUs(image, { key: signingKey('p521'), format: 'cose', timestamper: timestamper([other.url]) });
    await expectVerified(image);
  } finally {
    await other.stop();
  }
});

it('comes from the second authority when the first is down', async () => {
  const down = `http://127.0.0.1:${await freePort()}/`;
  const image = await pushImage(registry.host, 'timestamp/second');
  const before = tsa.answered;
  await signWithUs(image, { key: signingKey('p256'), format: 'jws', timestamper: timestamper([down, tsa.url]) });
  expect(tsa.answered).toBe(before + 1);
  expect(warnings.at(-1)).toContain(`${tsa.url} was used instead`);
  await expectVerified(image);
});

it('is not accepted when signing from an authority under another root, by both', async () => {
  const image = await pushImage(registry.host, 'timestamp/wrong-root');
  const wrong = signingKey('rsa2048').root;
  const signing = { key: signingKey('p256'), format: 'jws', timestamper: timestamper([tsa.url], wrong) } as const;
  const reason = 'certificate signed by unknown authority';
  await expect(signWithUs(image, signing)).rejects.toThrow(reason);
  const timestamps = ['--timestamp-url', tsa.url, '--timestamp-root-cert', wrong];
  const ended = await trusting.run('sign', '--key', 'p256', ...timestamps, image.reference);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain(reason);
  expect(reasons(await verifyWithUs(image, trusting))).toContain('no signature is associated with');
});
