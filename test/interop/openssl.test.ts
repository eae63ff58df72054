// SPDX-License-Identifier: Apache-2.0
import { decode, encode } from 'cbor-x';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPeers } from '../../scripts/peers/peer.ts';
import { fetchEnvelope, type StoredEnvelope } from './support/attach.ts';
import { pushImage } from './support/image.ts';
import { signingKeys, type SigningKey } from './support/keys.ts';
import { signWithUs } from './support/ours.ts';
import { startRegistry, type RunningRegistry } from './support/registries.ts';
import { runProgram } from './support/run-program.ts';

let registry: RunningRegistry;
let folder: string;

beforeAll(async () => {
  registry = await startRegistry('docker-registry');
  folder = mkdtempSync(join(tmpdir(), 'openssl-'));
});
afterAll(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true });
});

describe.each(['jws', 'cose'] as const)('OpenSSL verifies our %s signature', (format) => {
  it.each(signingKeys)('made with $name', async (key) => {
    const image = await pushImage(registry.host, `openssl/${format}/${key.name}`);
    const record = await signWithUs(image, { key, format });
    const { signed, signature } = parts(await fetchEnvelope(image, record.signature.digest));
    expect(await openssl(key, signed, signature)).toMatchObject({ status: 0, stdout: 'Verified OK\n' });
    signature.writeUInt8(signature.readUInt8(20) ^ 1, 20);
    expect((await openssl(key, signed, signature)).status).not.toBe(0);
  });
});

/** The bytes signed and the signature value, taken from the envelope without our own readers (RFC 7515, RFC 9052). */
function parts({ mediaType, bytes }: StoredEnvelope): { signed: Buffer; signature: Buffer } {
  if (mediaType === 'application/jose+json') {
    const jws = JSON.parse(bytes.toString()) as { protected: string; payload: string; signature: string };
    return {
      signed: Buffer.from(`${jws.protected}.${jws.payload}`),
      signature: Buffer.from(jws.signature, 'base64url'),
    };
  }
  const { value } = decode(bytes) as { value: [Buffer, unknown, Buffer, Buffer] };
  const [protectedHeader, , payload, signature] = value;
  return {
    signed: Buffer.from(encode(['Signature1', protectedHeader, Buffer.alloc(0), payload])),
    signature: Buffer.from(signature),
  };
}

async function openssl(key: SigningKey, signed: Buffer, signature: Buffer) {
  const hash = `sha${key.algorithm.slice(2)}`;
  const pss = key.algorithm.startsWith('PS');
  const files = {
    publicKey: join(folder, 'key.pem'),
    signed: join(folder, 'signed'),
    signature: join(folder, 'signature'),
  };
  const certificate = new X509Certificate(readFileSync(key.certificateChain));
  writeFileSync(files.publicKey, certificate.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(files.signed, signed);
  writeFileSync(files.signature, pss ? signature : derSignature(signature));
  const padding = pss ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'] : [];
  const args = [
    'dgst',
    `-${hash}`,
    ...padding,
    '-verify',
    files.publicKey,
    '-signature',
    files.signature,
    files.signed,
  ];
  return runProgram(readPeers().openssl.program, args, { environment: { PATH: process.env['PATH'] ?? '' } });
}

/** SEQUENCE { INTEGER r, INTEGER s } of r‖s. */
function derSignature(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const integers = [signature.subarray(0, half), signature.subarray(half)].map((number) => {
    const start = number.findIndex((byte) => byte !== 0);
    const digits = number.subarray(start);
    const sign = digits.readUInt8(0) >= 0x80 ? [0] : [];
    return element(0x02, Buffer.concat([Buffer.from(sign), digits]));
  });
  return element(0x30, Buffer.concat(integers));
}

function element(tag: number, content: Buffer): Buffer {
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
