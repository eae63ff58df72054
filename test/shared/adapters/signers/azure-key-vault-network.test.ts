// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createCertificateAuthority } from '../../../fakes/certificate-authority.ts';
import { startKeyVault, type FakeKeyVault } from '../../../fakes/key-vault.ts';
import { addWithChain, openKey } from '../../../support/key-vault-signer.ts';

// The libraries of Azure read this once, when the first of their clients is made.
vi.hoisted(() => {
  process.env['NO_PROXY'] = 'localhost';
});

const usual = getCACertificates('default');
const signer = createCertificateAuthority({ name: 'Network' }).issue();
const toBeSigned = new Uint8Array(Buffer.from('to be signed'));
const opened: string[] = [];
const proxy = createServer((_, response) => response.writeHead(400).end());
proxy.on('connect', (request, socket) => {
  opened.push(request.url ?? '');
  const [, port = ''] = /^127\.0\.0\.1:([0-9]+)$/.exec(request.url ?? '') ?? [];
  const target = connect(Number(port), '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    target.pipe(socket).pipe(target);
  });
  for (const each of [socket, target]) each.on('error', () => socket.destroy());
});

beforeAll(async () => {
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  process.env['HTTPS_PROXY'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(() => {
  delete process.env['HTTPS_PROXY'];
  delete process.env['NO_PROXY'];
  setDefaultCACertificates(usual);
  proxy.closeAllConnections();
  proxy.close();
});

async function sign(vault: FakeKeyVault, url: string): Promise<number> {
  // Behind a proxy the libraries take what the process trusts.
  setDefaultCACertificates([...usual, vault.ca]);
  vault.challengeResource = url;
  addWithChain(vault, 'release', signer);
  try {
    return (await (await openKey(vault, `${url}/certificates/release`)).signer.sign(toBeSigned)).length;
  } finally {
    await vault.close();
  }
}

it('[KEY-106] signs without the proxy at a host that NO_PROXY names', async () => {
  const vault = await startKeyVault();
  expect(await sign(vault, vault.url.replace('127.0.0.1', 'localhost'))).toBe(64);
  expect(opened).toEqual([]);
});

it('[KEY-106] signs through the proxy of the environment', async () => {
  const vault = await startKeyVault();
  expect(await sign(vault, vault.url)).toBe(64);
  expect(new Set(opened)).toEqual(new Set([new URL(vault.url).host]));
});
