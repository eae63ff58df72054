// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeOcspRequest, ocspHttpRequest } from '../../../shared/revocation/ocsp-request.ts';
import { parseCertificates, type Certificate } from '../../../shared/x509/certificate.ts';

const keys = join(import.meta.dirname, '../../fixtures/vectors/keys');

function certificate(file: string): Certificate {
  const [found] = parseCertificates(readFileSync(join(keys, file)));
  if (found === undefined) throw new Error(`no certificate in ${file}`);
  return found;
}

/** What x/crypto's `ocsp.CreateRequest` makes for the leaf. */
const requests = {
  p256:
    '30493047304530433041300906052b0e03021a05000414b52664ce6e52ff9819e501de7f1b1af4db64d0a6' +
    '04142a801a8aa4c6e121c226f47fc481f1821cc4d80102086ce08cf606fffad6',
  rsa2048:
    '30493047304530433041300906052b0e03021a0500041447cf57156e03b5866b463736396900ba8e53a03c' +
    '041473d1df5f4619772ab6362737cda469aa699c301b02087d2311a3499d2330',
};

describe('encodeOcspRequest', () => {
  it.each(Object.entries(requests))('writes the bytes that the reference writes for %s', async (name, expected) => {
    const encoded = await encodeOcspRequest(certificate(`${name}/leaf.crt`), certificate(`${name}/int.crt`));
    expect(Buffer.from(encoded).toString('hex')).toBe(expected);
  });

  it('[SEC-43] writes serial numbers of any size exactly', async () => {
    const issuer = certificate('p256/int.crt');
    const withSerial = { ...certificate('p256/leaf.crt'), serialNumber: 2n ** 160n - 1n };
    const encoded = Buffer.from(await encodeOcspRequest(withSerial, issuer)).toString('hex');
    expect(encoded.endsWith(`021500${'ff'.repeat(20)}`)).toBe(true);
    const zero = await encodeOcspRequest({ ...withSerial, serialNumber: 0n }, issuer);
    expect(Buffer.from(zero).toString('hex').endsWith('020100')).toBe(true);
  });
});

describe('ocspHttpRequest', () => {
  const request = Buffer.from('ab/c+Q==', 'base64');

  it.each([
    ['http://h', 'http://h/ab%2Fc%2BQ%3D%3D'],
    ['http://h/', 'http://h/ab%2Fc%2BQ%3D%3D'],
    ['http://h//a//b/', 'http://h/a/b/ab%2Fc%2BQ%3D%3D'],
    ['http://h/a/../b', 'http://h/b/ab%2Fc%2BQ%3D%3D'],
    ['http://h/a?x=1', 'http://h/a/ab%2Fc%2BQ%3D%3D?x=1'],
    ['http://h/a%2Fb/', 'http://h/a%2Fb/ab%2Fc%2BQ%3D%3D'],
  ])('gets %s with the request as the last element of the path', (server, expected) => {
    const { url, body } = ocspHttpRequest(new URL(server), request);
    expect(url.href).toBe(expected);
    expect(body).toBeUndefined();
  });

  it('gets a request whose escaped base64 has less than 255 characters, and posts a longer one', () => {
    const server = new URL('http://h/x');
    // 190 bytes: 252 characters and 4 for padding; 189 bytes: 252 without
    const short = ocspHttpRequest(server, Buffer.alloc(189));
    expect(short.body).toBeUndefined();
    expect(short.url.pathname).toHaveLength('/x/'.length + 252);
    const long = Buffer.alloc(190);
    expect(ocspHttpRequest(server, long)).toEqual({ url: server, body: long });
    // 144 characters, all of which are escaped to three
    const escaped = Buffer.alloc(108, 0xff);
    expect(ocspHttpRequest(server, escaped).body).toBe(escaped);
    const justBelow = Buffer.alloc(63, 0xff);
    expect(ocspHttpRequest(server, justBelow).url.pathname).toBe(`/x/${'%2F'.repeat(84)}`);
  });
});
