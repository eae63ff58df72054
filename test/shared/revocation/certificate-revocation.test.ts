// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { NotaryError } from '../../../shared/errors.ts';
import { checkCertificate, type RevocationServers } from '../../../shared/revocation/certificate-revocation.ts';
import type { CrlBundle } from '../../../shared/revocation/crl.ts';
import { parseRevocationList } from '../../../shared/revocation/revocation-list.ts';
import type { RevocationQuestion } from '../../../shared/revocation/revocation-question.ts';
import type { TestSigner } from '../../fakes/certificate-authority.ts';
import { extension } from '../../fakes/certificate-extensions.ts';
import { nullValue } from '../../fakes/der.ts';
import { issuedOf, questionOf, revocableSigner } from '../../fakes/revocable-chain.ts';
import { crl, deltaIndicator, ocspResponse, type CrlSpec, type OcspSpec } from '../../fakes/revocation-answers.ts';

/** Servers in memory; a host that is not among them is not reachable. */
class MemoryServers implements RevocationServers {
  readonly answers = new Map<string, Uint8Array>();
  readonly crls = new Map<string, CrlBundle>();
  readonly kept = new Map<string, Uint8Array>();
  readonly keptCrls = new Map<string, CrlBundle>();
  /** What was asked, in order. */
  readonly asked: string[] = [];

  askResponder({ url }: { readonly url: URL }): Promise<Uint8Array> {
    this.asked.push(url.host);
    const answer = this.answers.get(url.host);
    return answer === undefined ? Promise.reject(unreachable) : Promise.resolve(answer);
  }

  downloadCrl(address: string): Promise<CrlBundle> {
    this.asked.push(address);
    const bundle = this.crls.get(address);
    return bundle === undefined ? Promise.reject(unreachable) : Promise.resolve(bundle);
  }

  keptAnswer({ url }: { readonly url: URL }): Uint8Array | undefined {
    return this.kept.get(url.host);
  }

  keepAnswer({ url }: { readonly url: URL }, body: Uint8Array): void {
    this.kept.set(url.host, body);
  }

  keptCrl(address: string): Promise<CrlBundle | undefined> {
    return Promise.resolve(this.keptCrls.get(address));
  }

  keepCrl(address: string, bundle: CrlBundle): Promise<void> {
    this.keptCrls.set(address, bundle);
    return Promise.resolve();
  }
}

const unreachable = new NotaryError('download-failed', 'not reachable');
const [o1, o2, c1, c2] = ['http://o1', 'http://o2', 'http://c1/x', 'http://c2/x'];

let servers: MemoryServers;
beforeEach(() => {
  servers = new MemoryServers();
});

function respond(host: string, signer: TestSigner, spec: Partial<OcspSpec> = {}): void {
  servers.answers.set(host, ocspResponse({ ...issuedOf(signer), ...spec }));
}

function publish(address: string, signer: TestSigner, spec: Partial<CrlSpec> = {}): CrlBundle {
  const bundle = { base: parseRevocationList(crl({ ...issuedOf(signer), ...spec })) };
  servers.crls.set(address, bundle);
  return bundle;
}

function check(signer: TestSigner, options: Partial<RevocationQuestion> = {}) {
  return checkCertificate(questionOf(issuedOf(signer), options), servers);
}

const serialOf = (signer: TestSigner): bigint => signer.leaf.certificate.serialNumber;
const until = '2100-01-01T00:00:00Z';

describe('checkCertificate', () => {
  it('[NP-309][SEC-18] says of a certificate without addresses that nothing could be asked', async () => {
    const signer = revocableSigner();
    expect(await check(signer)).toEqual({
      subject: signer.leaf.certificate.subject,
      status: 'not-revokable',
      reason: 'the certificate names neither an OCSP responder nor a CRL',
      checks: [],
    });
  });

  describe('OCSP', () => {
    const signer = revocableSigner({ ocsp: [o1, o2] });
    const { subject } = signer.leaf.certificate;

    it('[NP-310] asks the first responder, and no other if that knows', async () => {
      respond('o1', signer);
      expect(await check(signer)).toEqual({
        subject,
        status: 'good',
        checks: [{ method: 'ocsp', server: o1, result: 'good', nextUpdate: until }],
      });
      respond('o1', signer, { status: 'revoked' });
      servers.kept.clear();
      expect(await check(signer)).toEqual({
        subject,
        status: 'revoked',
        reason: 'certificate is revoked via OCSP',
        checks: [
          {
            method: 'ocsp',
            server: o1,
            result: 'revoked',
            error: 'certificate is revoked via OCSP',
            nextUpdate: until,
          },
        ],
      });
      expect(servers.asked).toEqual(['o1', 'o1']);
    });

    it('[NP-310] takes for final that a responder does not know', async () => {
      respond('o1', signer, { status: 'unknown' });
      respond('o2', signer);
      expect(await check(signer)).toMatchObject({
        status: 'unknown',
        reason: 'http://o1: certificate has unknown status via OCSP',
      });
      expect(servers.asked).toEqual(['o1']);
    });

    it('[NP-314] asks the second responder when the first gives nothing usable, and tells of both', async () => {
      respond('o2', signer);
      expect(await check(signer)).toMatchObject({
        status: 'good',
        checks: [
          { server: o1, result: 'unknown', error: 'not reachable' },
          { server: o2, result: 'good' },
        ],
      });
    });

    it('is unknown when none gives anything usable', async () => {
      respond('o2', signer, { nextUpdate: null });
      expect(await check(signer)).toMatchObject({
        status: 'unknown',
        reason: 'http://o1: not reachable; http://o2: error checking revocation status via OCSP: expired OCSP response',
        checks: [{ result: 'unknown' }, { result: 'unknown' }],
      });
    });

    it('[NP-313] does not ask responders over other protocols', async () => {
      const odd = revocableSigner({ ocsp: ['https://o1', 'ldap://o1', 'http:///'] });
      const problem = 'error checking revocation status via OCSP: OCSPServer protocol';
      expect(await check(odd)).toMatchObject({
        status: 'unknown',
        checks: [
          { server: 'https://o1', error: `${problem} https is not supported` },
          { server: 'ldap://o1', error: `${problem} ldap is not supported` },
          { server: 'http:///', error: `${problem} http (malformed address) is not supported` },
        ],
      });
      expect(servers.asked).toEqual([]);
    });

    it('asks a bounded number of responders', async () => {
      const many = revocableSigner({ ocsp: Array.from({ length: 40 }, (_, index) => `http://h${index}`) });
      expect(await check(many)).toMatchObject({ status: 'unknown' });
      expect(servers.asked).toHaveLength(16);
    });

    it('uses a kept answer as long as it holds', async () => {
      respond('o1', signer);
      await check(signer);
      servers.answers.clear();
      expect(await check(signer)).toMatchObject({ status: 'good', checks: [{ server: o1, cached: true }] });
      expect(servers.asked).toEqual(['o1']);
      const later = await check(signer, { now: new Date('2101-01-01') });
      expect(later).toMatchObject({ status: 'unknown', checks: [{ error: 'not reachable' }, {}] });
    });

    it('keeps no answer that says unknown, and trusts no kept one', async () => {
      respond('o1', signer, { status: 'unknown' });
      await check(signer);
      expect(servers.kept.size).toBe(0);
      servers.kept.set('o1', Uint8Array.of(1, 2, 3));
      respond('o1', signer);
      expect(await check(signer)).toMatchObject({ status: 'good' });
    });

    it('throws what is not a failure of a server', async () => {
      servers.askResponder = () => Promise.reject(new TypeError('a mistake of ours'));
      await expect(check(signer)).rejects.toThrow(TypeError);
    });
  });

  describe('OCSP, then CRL', () => {
    const signer = revocableSigner({ ocsp: [o1], crls: [c1] });

    it('[NP-311] reads the CRL when OCSP could not tell', async () => {
      respond('o1', signer, { status: 'unknown' });
      publish(c1, signer);
      expect(await check(signer)).toMatchObject({
        status: 'good',
        checks: [
          { method: 'ocsp', server: o1, result: 'unknown', error: 'certificate has unknown status via OCSP' },
          { method: 'crl', server: c1, result: 'good', nextUpdate: until },
        ],
      });
    });

    it('[NP-313] reads the CRL when the responder cannot be asked', async () => {
      const odd = revocableSigner({ ocsp: ['https://o1'], crls: [c1] });
      publish(c1, odd);
      expect(await check(odd)).toMatchObject({ status: 'good' });
      publish(c1, odd, { revoked: [{ serialNumber: serialOf(odd) }] });
      servers.keptCrls.clear();
      expect(await check(odd)).toMatchObject({ status: 'revoked' });
    });

    it('[NP-315] does not let an expired "revoked" count against a CRL', async () => {
      respond('o1', signer, { status: 'revoked', nextUpdate: new Date('2026-01-01') });
      publish(c1, signer);
      expect(await check(signer)).toMatchObject({ status: 'good' });
    });

    it('does not read the CRL when OCSP knows', async () => {
      respond('o1', signer, { status: 'revoked' });
      publish(c1, signer);
      expect(await check(signer)).toMatchObject({ status: 'revoked' });
      expect(servers.asked).toEqual(['o1']);
    });

    it('tells both reasons when neither knows', async () => {
      expect((await check(signer)).reason).toBe('http://o1: not reachable; not reachable');
    });
  });

  describe('CRL', () => {
    const signer = revocableSigner({ crls: [c1, c2] });
    const revoked = [{ serialNumber: serialOf(signer), reason: 1 }];

    it('reads all CRLs', async () => {
      publish(c1, signer);
      publish(c2, signer);
      expect(await check(signer)).toMatchObject({ status: 'good', checks: [{ server: c1 }, { server: c2 }] });
    });

    it('[NP-320] tells since when and why a certificate is revoked', async () => {
      publish(c1, signer, { revoked });
      const reason = 'certificate is revoked via CRL since 2024-01-01T00:00:00Z, reason keyCompromise';
      expect(await check(signer)).toMatchObject({
        status: 'revoked',
        reason,
        checks: [{ method: 'crl', server: c1, result: 'revoked', error: reason, nextUpdate: until }],
      });
      const plain = revocableSigner({ crls: [c1], subject: 'CN=plain' });
      publish(c1, plain, { revoked: [{ serialNumber: serialOf(plain) }] });
      servers.keptCrls.clear();
      expect((await check(plain)).reason).toBe('certificate is revoked via CRL since 2024-01-01T00:00:00Z');
    });

    it('[NP-327] does not read the second CRL when the first revokes', async () => {
      publish(c1, signer, { revoked });
      await check(signer);
      expect(servers.asked).toEqual([c1]);
    });

    it('[NP-326] is unknown when one of the CRLs cannot be had', async () => {
      publish(c1, signer);
      expect(await check(signer)).toMatchObject({
        status: 'unknown',
        reason: 'not reachable',
        checks: [{ result: 'good' }, { server: c2, result: 'unknown', error: 'not reachable' }],
      });
    });

    it('[NP-326] is unknown when the first cannot be had, whatever the second says', async () => {
      publish(c2, signer, { revoked });
      expect(await check(signer)).toMatchObject({ status: 'unknown', checks: [{ server: c1 }] });
    });

    it.each([
      [
        '[NP-322] expired',
        { nextUpdate: new Date('2026-01-01') },
        /^failed to validate CRL from http:\/\/c1\/x: failed to validate base CRL: expired CRL/,
      ],
      [
        '[NP-323] of another key',
        { editSignature: (bytes: Uint8Array) => bytes.with(-1, 0) },
        /^failed to validate CRL from .* is not signed by CA/,
      ],
      [
        'with an entry that cannot be understood',
        {
          revoked: [
            { serialNumber: serialOf(signer), extensions: [extension('1.2.3', nullValue(), { critical: true })] },
          ],
        },
        /^failed to check revocation status from http:\/\/c1\/x: unsupported critical extension found in CRL: 1\.2\.3$/,
      ],
    ])('is unknown with a CRL %s', async (_, spec, reason) => {
      publish(c1, signer, spec);
      publish(c2, signer);
      expect(await check(signer)).toMatchObject({
        status: 'unknown',
        reason: expect.stringMatching(reason) as unknown,
      });
      expect(servers.asked).toEqual([c1]);
    });

    it('tells the earlier nextUpdate of base and delta', async () => {
      const { base } = publish(c1, signer);
      publish(c2, signer);
      const spec = { number: 2, extensions: [deltaIndicator(1)], nextUpdate: new Date('2026-07-01') };
      servers.crls.set(c1, { base, delta: parseRevocationList(crl({ ...issuedOf(signer), ...spec })) });
      expect((await check(signer)).checks?.[0]?.nextUpdate).toBe('2026-07-01T00:00:00Z');
    });

    it('reads a bounded number of CRLs, and is unknown when there are more', async () => {
      const crls = Array.from({ length: 17 }, (_, index) => `http://c${index}/`);
      const many = revocableSigner({ crls });
      for (const address of crls) publish(address, many);
      expect(await check(many)).toMatchObject({
        status: 'unknown',
        reason: expect.stringContaining('more than 16 CRLs') as unknown,
      });
      expect(servers.asked).toHaveLength(16);
    });

    it('[NP-332] uses a kept CRL as long as it holds', async () => {
      const one = revocableSigner({ crls: [c1] });
      publish(c1, one, { nextUpdate: new Date('2026-07-01') });
      await check(one);
      expect(await check(one)).toMatchObject({ status: 'good', checks: [{ cached: true }] });
      expect(servers.asked).toEqual([c1]);
      publish(c1, one);
      expect(await check(one, { now: new Date('2026-07-02') })).toMatchObject({
        status: 'good',
        checks: [{ nextUpdate: until }],
      });
      expect(servers.asked).toEqual([c1, c1]);
    });

    it('never trusts a kept CRL, and keeps none that it could not use', async () => {
      const one = revocableSigner({ crls: [c1] });
      const broken = publish(c1, one, { editSignature: (bytes) => bytes.with(-1, 0) });
      expect(await check(one)).toMatchObject({ status: 'unknown' });
      expect(servers.keptCrls.size).toBe(0);
      servers.keptCrls.set(c1, broken);
      publish(c1, one, { revoked: [{ serialNumber: serialOf(one) }] });
      expect(await check(one)).toMatchObject({ status: 'revoked' });
    });

    it('throws what is not a failure of a server', async () => {
      servers.downloadCrl = () => Promise.reject(new TypeError('a mistake of ours'));
      await expect(check(signer)).rejects.toThrow(TypeError);
    });
  });
});
