// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  describeRange,
  readCountersignature,
  verifyCountersignature,
} from '../../../shared/timestamp/countersignature.ts';
import { createCertificateAuthority, type TestSigner } from '../../fakes/certificate-authority.ts';
import { basicConstraints, extendedKeyUsage, keyUsage } from '../../fakes/certificate-extensions.ts';
import {
  accuracy,
  issueTimestampSigner,
  makeToken,
  tsaAuthority,
  type TokenSpec,
} from '../../fakes/timestamp-token.ts';
import { expectError } from '../../support/expect-error.ts';

const signature = Buffer.from('the signature');
const roots = [tsaAuthority.root.certificate];
const notBefore = new Date('2026-06-01T00:00:00Z');
const notAfter = new Date('2026-12-31T00:00:00Z');
const authority = createCertificateAuthority({ name: 'signing' });
const signer = authority.issue({ subject: 'CN=leaf', notBefore, notAfter });

function verify(spec: Partial<TokenSpec> = {}, of: TestSigner = signer) {
  const countersignature = readCountersignature(makeToken({ message: signature, ...spec }), signature);
  return verifyCountersignature(countersignature, roots, of.certificateChain);
}

function expectInvalid(spec: Partial<TokenSpec>, problem: string | RegExp, of?: TestSigner): void {
  expectError(() => verify(spec, of), 'timestamp-invalid', problem);
}

describe('readCountersignature', () => {
  it('[NP-286] [NP-287] [NP-288] [NP-289] tells which step failed', () => {
    expectError(
      () => readCountersignature(Buffer.from('garbage'), signature),
      'timestamp-invalid',
      /^failed to parse timestamp countersignature with error: cms: syntax error: invalid signed data: /,
    );
    expectInvalid(
      { contentType: '1.2.3' },
      /^failed to parse timestamp countersignature with error: unexpected content type: 1\.2\.3\./,
    );
    expectInvalid(
      { content: new Uint8Array() },
      'failed to get the timestamp TSTInfo with error: cannot unmarshal TSTInfo from timestamp token: asn1: syntax error: sequence truncated',
    );
    expectError(
      () => readCountersignature(makeToken({ message: signature }), Buffer.from('another')),
      'timestamp-invalid',
      'failed to get timestamp from timestamp countersignature with error: invalid TSTInfo: mismatched message',
    );
  });
});

describe('verifyCountersignature', () => {
  it('returns the chain of the authority', () => {
    expect(verify().map(({ subject }) => subject)).toHaveLength(3);
  });

  it('[NP-290] wants a trusted authority', () => {
    const { range, genTime, token } = readCountersignature(makeToken({ message: signature }), signature);
    expectError(
      () => verifyCountersignature({ range, genTime, token }, [authority.root.certificate], signer.certificateChain),
      'timestamp-invalid',
      'failed to verify the timestamp countersignature with error: failed to verify signed token: ' +
        'cms verification failure: x509: certificate signed by unknown authority',
    );
  });

  it('judges the authority at the time that it claims', () => {
    const expired = issueTimestampSigner({ notBefore, notAfter });
    expect(verify({ signer: expired, genTime: '20261231000000Z' })).toHaveLength(3);
    expectInvalid(
      { signer: expired, genTime: '20261231000000.000000001Z' },
      /x509: certificate has expired or is not yet valid/,
    );
    // Go takes the year 1 for "no time given" and judges now; here it is what it says
    expectInvalid({ genTime: '00010101000000Z' }, /x509: certificate has expired or is not yet valid/);
  });

  it('holds the chain to the rules for timestamps', () => {
    const extensions = [basicConstraints({ ca: false }), extendedKeyUsage(['timeStamping'], { critical: true })];
    expectInvalid(
      { signer: issueTimestampSigner({ extensions }) },
      'failed to validate the timestamping certificate chain with error: ' +
        'certificate with subject "CN=TSA,C=US": key usage extension must be present',
    );
    const agreement = [...extensions, keyUsage(['digitalSignature', 'keyAgreement'])];
    expectInvalid(
      { signer: issueTimestampSigner({ extensions: agreement }) },
      /^failed to validate the timestamping certificate chain with error: .* but found "KeyAgreement"$/,
    );
  });

  it('[NP-291] wants it after the start of validity', () => {
    const before =
      'timestamp can be before certificate "CN=leaf" validity period, it will be valid from "Mon, 01 Jun 2026 00:00:00 +0000"';
    expectInvalid({ genTime: '20260531235959Z' }, before);
    expectInvalid({ genTime: '20260601000001Z', accuracy: [accuracy.seconds(1), accuracy.microseconds(1)] }, before);
    expect(verify({ genTime: '20260601000001Z', accuracy: [accuracy.seconds(1)] })).toHaveLength(3);
    expect(verify({ genTime: '20260601000000Z' })).toHaveLength(3);
  });

  it('[NP-292] [NP-293] wants it before the end of validity', () => {
    const after =
      'timestamp can be after certificate "CN=leaf" validity period, it was expired at "Thu, 31 Dec 2026 00:00:00 +0000"';
    expectInvalid({ genTime: '20270101000000Z' }, after);
    expectInvalid({ genTime: '20261230235959Z', accuracy: [accuracy.seconds(2)] }, after);
    expectInvalid({ genTime: '20261231000000.000000001Z' }, after);
    expect(verify({ genTime: '20261230235959Z', accuracy: [accuracy.seconds(1)] })).toHaveLength(3);
    expect(verify({ genTime: '20261231000000Z' })).toHaveLength(3);
  });

  it('[NP-294] counts one second for the baseline policy', () => {
    const policy = '0.4.0.2023.1.1';
    expectInvalid({ genTime: '20261231000000Z', policy }, /^timestamp can be after/);
    expect(verify({ genTime: '20261230235959Z', policy })).toHaveLength(3);
  });

  it('looks at every signing certificate', () => {
    const brief = createCertificateAuthority({ name: 'brief', root: { notAfter: new Date('2026-05-01') } }).issue();
    expectInvalid({}, /^timestamp can be after certificate "CN=brief Root,/, brief);
  });
});

describe('describeRange', () => {
  it('shows one instant or two', () => {
    const show = (spec: Partial<TokenSpec>) =>
      describeRange(readCountersignature(makeToken({ message: signature, ...spec }), signature).range);
    expect(show({})).toBe('at 2026-06-01T00:00:10Z');
    expect(show({ accuracy: [accuracy.milliseconds(5)] })).toBe(
      'between 2026-06-01T00:00:09.995Z and 2026-06-01T00:00:10.005Z',
    );
  });
});
