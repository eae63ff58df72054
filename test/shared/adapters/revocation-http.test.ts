// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../shared/adapters/http.ts';
import { createRevocationSource } from '../../../shared/adapters/revocation-http.ts';
import type { RevocationSource } from '../../../shared/ports.ts';
import {
  createCertificateAuthority,
  createSelfSigned,
  issueCertificate,
  type TestSigner,
} from '../../fakes/certificate-authority.ts';
import { crlDistributionPoints, defaultExtensions, ocspServers } from '../../fakes/certificate-extensions.ts';
import { octetString } from '../../fakes/der.ts';
import { issuedOf, revocableSigner, type RevocableSpec } from '../../fakes/revocable-chain.ts';
import {
  crl,
  deltaIndicator,
  freshestCrl,
  invalidityDate,
  ocspResponse,
  type CrlSpec,
  type OcspSpec,
} from '../../fakes/revocation-answers.ts';
import { startRevocationResponder, type Reply, type RevocationResponder } from '../../fakes/revocation-responder.ts';
import { timestampExtensions } from '../../fakes/timestamp-token.ts';

let server: RevocationResponder;
let http: HttpClient;
let source: RevocationSource;
const lines: string[] = [];

beforeEach(async () => {
  server = await startRevocationResponder();
  http = createHttpClient({ userAgent: 'notation-pipelines/test', environment: {} });
  source = newSource();
  lines.length = 0;
});
afterEach(async () => {
  await http.close();
  await server.stop();
});

function newSource(): RevocationSource {
  const log = { debug: (text: string) => lines.push(text), info: () => undefined, warning: () => undefined };
  return createRevocationSource({ http, clock: { now: () => new Date('2026-06-01') }, log });
}

/** What is found about the leaf. */
async function check(signer: TestSigner, time?: Date) {
  const statuses = await source.check(signer.certificateChain, 'codeSigning', time);
  expect(statuses).toHaveLength(3);
  return statuses[0];
}

const ocspSigner = (spec: RevocableSpec = {}) => revocableSigner({ ocsp: [`${server.origin}/ocsp`], ...spec });
const crlSigner = (spec: RevocableSpec = {}) => revocableSigner({ crls: [`${server.origin}/crl`], ...spec });

function respond(signer: TestSigner, spec: Partial<OcspSpec> = {}): void {
  server.serve('ocsp', { body: ocspResponse({ ...issuedOf(signer), ...spec }) });
}

function publish(signer: TestSigner, spec: Partial<CrlSpec> = {}, name = 'crl'): Uint8Array {
  const body = crl({ ...issuedOf(signer), ...spec });
  server.serve(name, { body });
  return body;
}

const paths = () => server.requests.map(({ path }) => path.slice(0, 6));

describe('createRevocationSource', () => {
  it('[NP-309] has nothing to ask for certificates without addresses, and for the root', async () => {
    const [leaf, issuer, root] = await source.check(revocableSigner().certificateChain, 'codeSigning', undefined);
    expect([leaf?.status, issuer?.status, root?.status]).toEqual(['not-revokable', 'not-revokable', 'not-revokable']);
    expect(root?.reason).toBe('the root of the chain');
    expect(server.requests).toEqual([]);
  });

  it('[NP-319] never checks a single self-signed certificate', async () => {
    const extensions = [
      ...defaultExtensions.leaf,
      ocspServers(`${server.origin}/ocsp`),
      crlDistributionPoints(`${server.origin}/crl`),
    ];
    const { certificateChain } = createSelfSigned({ extensions });
    expect(await source.check(certificateChain, 'codeSigning', undefined)).toMatchObject([{ status: 'not-revokable' }]);
    expect(server.requests).toEqual([]);
  });

  it('refuses a chain that is not complete, or not of the purpose', async () => {
    const [leaf, , root] = revocableSigner().certificateChain;
    if (root === undefined) throw new Error('no root');
    await expect(source.check([leaf, root], 'codeSigning', undefined)).rejects.toThrow(
      /^invalid chain: expected chain to be correct and complete: invalid certificates or certificate with subject/,
    );
    await expect(source.check(revocableSigner().certificateChain, 'timestamping', undefined)).rejects.toThrow(
      /^invalid chain: expected chain to be correct and complete: .*Timestamping/,
    );
  });

  it('checks the chain of a timestamp authority', async () => {
    const authority = createCertificateAuthority({ name: 'TSA' });
    const extensions = [...timestampExtensions, crlDistributionPoints(`${server.origin}/crl`)];
    const signer = authority.issue({ extensions });
    publish(signer, { revoked: [{ serialNumber: signer.leaf.certificate.serialNumber }] });
    expect((await source.check(signer.certificateChain, 'timestamping', undefined))[0]?.status).toBe('revoked');
  });

  it('checks intermediates by the certificate that follows them', async () => {
    const extensions = [...defaultExtensions.ca, crlDistributionPoints(`${server.origin}/crl`)];
    const authority = createCertificateAuthority({ name: 'revocable intermediate', intermediate: { extensions } });
    const signer = authority.issue();
    const [intermediate] = authority.intermediates;
    const revoked = [{ serialNumber: intermediate?.certificate.serialNumber ?? 0n }];
    server.serve('crl', { body: crl({ issuer: authority.root, revoked }) });
    const statuses = await source.check(signer.certificateChain, 'codeSigning', undefined);
    expect(statuses.map(({ status }) => status)).toEqual(['not-revokable', 'revoked', 'not-revokable']);
  });

  describe('OCSP', () => {
    it('[NP-310] gets the answer with the request in the path, and no credentials', async () => {
      const signer = ocspSigner();
      respond(signer);
      expect(await check(signer)).toMatchObject({ status: 'good' });
      const [request] = server.requests;
      expect(request?.method).toBe('GET');
      expect(request?.path).toMatch(/^\/ocsp\/(?:[A-Za-z0-9]|%2B|%2F|%3D)+$/);
      expect(request?.headers).toMatchObject({ 'user-agent': 'notation-pipelines/test' });
      expect(Object.keys(request?.headers ?? {})).not.toContain('authorization');
      expect(lines).toEqual([expect.stringMatching(/^OCSP http:\S+ for ".*": good$/)]);
    });

    it('posts a request that is too long for a path', async () => {
      const signer = ocspSigner({ serialNumber: 2n ** 1200n });
      respond(signer);
      expect(await check(signer)).toMatchObject({ status: 'good' });
      const [request] = server.requests;
      expect(request).toMatchObject({ method: 'POST', path: '/ocsp' });
      expect(request?.headers['content-type']).toBe('application/ocsp-request');
      expect(request?.body[0]).toBe(0x30);
    });

    it('leaves out user info of an address', async () => {
      const signer = revocableSigner({ ocsp: [`${server.origin.replace('//', '//user:secret@')}/ocsp`] });
      respond(signer);
      expect(await check(signer)).toMatchObject({ status: 'good' });
      expect(server.requests[0]?.headers['authorization']).toBeUndefined();
    });

    it('[NP-312] gives up a responder that does not answer within two seconds', async () => {
      const signer = ocspSigner();
      server.serve('ocsp', 'silence');
      expect(await check(signer)).toMatchObject({
        status: 'unknown',
        checks: [{ error: 'exceeded timeout threshold of 2.00 seconds for OCSP check' }],
      });
    });

    it.each([
      ['[NP-314] status 500', { status: 500 }, 'failed to retrieve OCSP: response had status code 500'],
      ['[SEC-19] status 204', { status: 204 }, 'failed to retrieve OCSP: response had status code 204'],
      ['[SEC-19] status 206', { status: 206, body: 'part' }, 'failed to retrieve OCSP: response had status code 206'],
      ['status 304', { status: 304 }, 'failed to retrieve OCSP: response had status code 304'],
      ['[SEC-19] an empty body', {}, 'asn1: syntax error: sequence truncated'],
      ['[SEC-19] HTML', { body: '<html></html>' }, /^asn1: /],
      ['a bare error', { body: Uint8Array.of(0x30, 3, 10, 1, 6) }, /OCSP unauthorized$/],
      ['half an answer', 'half', /^error checking revocation status via OCSP: GET .* the connection broke/],
      ['a reset', 'reset', /^error checking revocation status via OCSP: GET .* the connection broke/],
      ['a redirect to elsewhere', { status: 302, headers: { location: 'ldap://h' } }, /not an HTTP URL$/],
      ['a redirect that leads nowhere', { status: 302 }, 'failed to retrieve OCSP: response had status code 302'],
    ] as const)('is unknown after %s', async (_, reply: Reply, error) => {
      const signer = ocspSigner();
      server.serve('ocsp', reply);
      const found = await check(signer);
      expect(found).toMatchObject({ status: 'unknown', checks: [{ method: 'ocsp', result: 'unknown' }] });
      expect(found?.checks?.[0]?.error).toMatch(error instanceof RegExp ? error : new RegExp(`^${error}$`));
    });

    it('[NP-318] is unknown after an answer of more than 20480 bytes', async () => {
      const signer = ocspSigner();
      const padding = { ...signer.leaf, der: octetString(Buffer.alloc(20_480)) };
      // a good answer, if it were read to its end
      respond(signer, { signer: issuedOf(signer).issuer, certificates: [] });
      expect(await check(signer)).toMatchObject({ status: 'good' });
      source = newSource();
      const delegated = issueCertificate('leaf', { subject: 'CN=responder' }, issuedOf(signer).issuer);
      respond(signer, { signer: delegated, certificates: [delegated, padding] });
      expect((await check(signer))?.reason).toMatch(/the answer is too large/);
      server.serve('ocsp', { body: Buffer.alloc(20_481) });
      expect((await check(signer))?.reason).toMatch(/the answer is too large/);
      server.serve('ocsp', { body: Buffer.alloc(20_480) });
      expect((await check(signer))?.reason).toMatch(/: trailing data in OCSP response$/);
    });

    it('is unknown when nobody listens', async () => {
      const signer = revocableSigner({ ocsp: ['http://127.0.0.1:9/'] });
      expect((await check(signer))?.reason).toMatch(/the connection was refused/);
    });

    it.each([301, 302, 303, 307, 308])(
      'follows redirects of status %i, without a body where Go drops it',
      async (status) => {
        for (const serialNumber of [7n, 2n ** 1200n]) {
          const signer = ocspSigner({ serialNumber });
          server.serve('ocsp', { status, headers: { location: '/moved' } });
          server.serve('moved', { body: ocspResponse(issuedOf(signer)) });
          expect(await check(signer)).toMatchObject({ status: 'good' });
          const long = serialNumber > 7n;
          const moved = server.requests.at(-1);
          expect(moved?.method).toBe(long && status >= 307 ? 'POST' : 'GET');
          expect(moved?.body.length).toBe(long && status >= 307 ? server.requests.at(-2)?.body.length : 0);
        }
      },
    );

    it('[SEC-28] stops after ten requests of a redirect loop', async () => {
      const signer = ocspSigner();
      server.serve('ocsp', { status: 302, headers: { location: '/ocsp' } });
      expect((await check(signer))?.reason).toMatch(/stopped after 10 redirects$/);
      expect(server.requests).toHaveLength(10);
    });

    it('asks once in a run for many signatures, and again in the next run', async () => {
      const signer = ocspSigner();
      respond(signer);
      await Promise.all([check(signer), check(signer), check(signer)]);
      expect((await check(signer))?.checks).toMatchObject([{ cached: true }]);
      expect(server.requests).toHaveLength(1);
      respond(signer, { status: 'revoked' });
      source = newSource();
      expect(await check(signer)).toMatchObject({ status: 'revoked' });
    });

    it('[NP-317] passes the time of a signing authority on', async () => {
      const signer = ocspSigner();
      respond(signer, { status: 'revoked', extensions: [invalidityDate(new Date('2025-06-01'))] });
      expect(await check(signer, new Date('2025-05-01'))).toMatchObject({ status: 'good' });
      expect(await check(signer)).toMatchObject({ status: 'revoked' });
    });

    it('refuses lax responders only when asked to be strict', async () => {
      const signer = ocspSigner();
      respond(signer, { signer: issueCertificate('leaf', { subject: 'CN=lax' }, issuedOf(signer).issuer) });
      expect(await check(signer)).toMatchObject({ status: 'good' });
      const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
      source = createRevocationSource({
        http,
        clock: { now: () => new Date('2026-06-01') },
        log,
        strictResponders: true,
      });
      expect(await check(signer)).toMatchObject({ status: 'unknown' });
    });
  });

  describe('CRL', () => {
    it('[NP-320] downloads and judges', async () => {
      const signer = crlSigner();
      publish(signer, { revoked: [{ serialNumber: signer.leaf.certificate.serialNumber, reason: 1 }] });
      expect(await check(signer)).toMatchObject({ status: 'revoked' });
      expect(server.requests).toMatchObject([{ method: 'GET', path: '/crl' }]);
    });

    it.each([
      ['status 404', { status: 404 }, 'failed to download with status code: 404'],
      ['[SEC-19] status 204', { status: 204 }, 'failed to download with status code: 204'],
      ['[SEC-19] status 206', { status: 206, body: 'part' }, 'failed to download with status code: 206'],
      ['[SEC-19] an empty body', {}, 'x509: malformed crl'],
      ['[SEC-19] HTML', { body: '<html></html>' }, 'x509: malformed crl'],
      ['half an answer', 'half', /^request failed: GET .* the connection broke/],
      ['a reset', 'reset', /^request failed: GET .* the connection broke/],
    ] as const)('is unknown after %s', async (_, reply: Reply, problem) => {
      const signer = crlSigner();
      server.serve('crl', reply);
      const found = await check(signer);
      const start = `failed to download CRL from ${server.origin}/crl: failed to retrieve CRL: `;
      expect(found?.status).toBe('unknown');
      expect(found?.reason?.startsWith(start)).toBe(true);
      expect(found?.reason?.slice(start.length)).toMatch(
        problem instanceof RegExp ? problem : new RegExp(`^${problem}$`),
      );
    });

    it.each([401, 403, 408, 429, 500, 503])(
      '[SEC-15] is unknown after status %i of everything asked',
      async (status) => {
        const signer = revocableSigner({ ocsp: [`${server.origin}/ocsp`], crls: [`${server.origin}/crl`] });
        server.serve('ocsp', { status });
        server.serve('crl', { status });
        expect(await check(signer)).toMatchObject({
          status: 'unknown',
          checks: [{ method: 'ocsp' }, { method: 'crl' }],
        });
      },
    );

    it.each(['https', 'ldap'])('[NP-325] is unknown with an address of %s', async (scheme) => {
      const address = `${scheme}://127.0.0.1/crl`;
      expect(await check(revocableSigner({ crls: [address] }))).toMatchObject({
        status: 'unknown',
        reason: `failed to download CRL from ${address}: failed to retrieve CRL: unsupported scheme: ${scheme}. Only supports CRL URL in HTTP protocol`,
      });
    });

    it('[NP-331] is unknown after a CRL of 32 MiB', async () => {
      const signer = crlSigner();
      server.serve('crl', { body: Buffer.alloc(32 * 1024 * 1024) });
      expect((await check(signer))?.reason).toMatch(/failed to retrieve CRL: CRL size exceeds the limit: 33554432$/);
      server.serve('crl', { body: Buffer.alloc(32 * 1024 * 1024 - 1) });
      expect((await check(signer))?.reason).toMatch(/failed to retrieve CRL: x509: malformed crl$/);
    });

    it('gives up a server that does not answer within five seconds', async () => {
      server.serve('crl', 'silence');
      expect((await check(crlSigner()))?.reason).toMatch(/request failed: GET .*: no complete answer in time$/);
    });

    it('[NP-321] downloads the delta that the CRL names', async () => {
      const signer = crlSigner();
      const { serialNumber } = signer.leaf.certificate;
      const freshest = freshestCrl('ldap://nowhere', `${server.origin}/none`, `${server.origin}/delta`);
      const hold = { serialNumber, reason: 6, date: new Date('2024-01-01') };
      const lifted = { serialNumber, reason: 8, date: new Date('2024-02-01') };
      publish(signer, { revoked: [hold], extensions: [freshest] });
      publish(signer, { number: 2, revoked: [lifted], extensions: [deltaIndicator(1)] }, 'delta');
      expect(await check(signer)).toMatchObject({ status: 'good' });
      expect(paths()).toEqual(['/crl', '/none', '/delta']);
      publish(signer, { number: 2, extensions: [deltaIndicator(1)] }, 'delta');
      source = newSource();
      expect(await check(signer)).toMatchObject({ status: 'revoked' });
    });

    it('[NP-328] is unknown when no delta can be had', async () => {
      const signer = crlSigner();
      publish(signer, { extensions: [freshestCrl(`${server.origin}/delta`)] });
      expect((await check(signer))?.reason).toMatch(
        /failed to retrieve CRL: failed to download with status code: 404$/,
      );
    });

    it('[NP-329] is unknown when the delta does not fit', async () => {
      const signer = crlSigner();
      publish(signer, { number: 2, extensions: [freshestCrl(`${server.origin}/delta`)] });
      publish(signer, { number: 2, extensions: [deltaIndicator(1)] }, 'delta');
      expect((await check(signer))?.reason).toMatch(/delta CRL number 2 is not greater than the base CRL number 2$/);
    });

    it('tries a bounded number of deltas', async () => {
      const signer = crlSigner();
      const addresses = Array.from({ length: 40 }, (_, index) => `${server.origin}/d${index}`);
      publish(signer, { extensions: [freshestCrl(...addresses)] });
      expect(await check(signer)).toMatchObject({ status: 'unknown' });
      expect(server.requests).toHaveLength(17);
    });

    it('downloads a CRL once for a chain and for many signatures', async () => {
      const address = `${server.origin}/crl`;
      const signer = crlSigner();
      publish(signer);
      await Promise.all([check(signer), check(signer), check(crlSigner({ subject: 'CN=another' }))]);
      expect((await check(signer))?.checks).toMatchObject([{ server: address, cached: true }]);
      expect(paths()).toEqual(['/crl']);
    });

    it('tries again what has failed', async () => {
      const signer = crlSigner();
      expect(await check(signer)).toMatchObject({ status: 'unknown' });
      publish(signer);
      expect(await check(signer)).toMatchObject({ status: 'good' });
    });

    it('[NP-311] follows when OCSP is slow or broken', async () => {
      const signer = revocableSigner({ ocsp: [`${server.origin}/ocsp`], crls: [`${server.origin}/crl`] });
      publish(signer);
      server.serve('ocsp', { body: 'garbage' });
      expect(await check(signer)).toMatchObject({ status: 'good', checks: [{ method: 'ocsp' }, { method: 'crl' }] });
    });
  });

  it('passes on what is a mistake of ours', async () => {
    const broken = { exchange: () => Promise.reject(new TypeError('oops')), close: () => Promise.resolve() };
    const log = { debug: () => undefined, info: () => undefined, warning: () => undefined };
    source = createRevocationSource({ http: broken, clock: { now: () => new Date() }, log });
    await expect(check(ocspSigner())).rejects.toThrow(TypeError);
    await expect(check(crlSigner())).rejects.toThrow(TypeError);
  });
});
