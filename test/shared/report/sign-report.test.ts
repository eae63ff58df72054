// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { SignatureRecord } from '../../../shared/ports.ts';
import { digestOf } from '../../../shared/primitives/digest.ts';
import { type SignReportEntry, signLine, signSummary, signaturesJson } from '../../../shared/report/sign-report.ts';

const words = (text: string): string => text;
const digest = digestOf(Buffer.from('signature'));

function entry(record: Partial<SignatureRecord> = {}): SignReportEntry {
  return {
    requested: 'reg.example/app:v1',
    tags: [],
    source: 'input',
    outcome: {
      record: {
        reference: `reg.example/app@${digest}`,
        artifact: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 },
        signature: { digest, size: 2 },
        envelopeMediaType: 'application/jose+json',
        signingTime: '2026-01-01T00:00:00Z',
        timestamped: false,
        signer: 'CN=signer',
        via: 'tag-schema',
        warnings: [],
        ...record,
      },
    },
  };
}

describe('a signature that was there already', () => {
  const skipped = entry({ via: 'existing', skipped: true });
  const failed: SignReportEntry = { requested: 'x', tags: [], source: 'input', outcome: { error: new Error('no') } };

  it('is told in the log, in the output and in the summary', () => {
    expect(signLine(skipped)).toMatch(/^Skipped, signed already: reg\.example\/app@sha256:/);
    expect(JSON.parse(signaturesJson([skipped], words))).toMatchObject([
      { signatureDigest: digest, referrers: 'existing', skipped: true },
    ]);
    expect(signSummary([skipped], words)).toContain('(was there)');
  });

  it.each([
    [[entry()], '### ✅ Signed 1 artifact\n'],
    [[entry(), skipped], '### ✅ Signed 1 artifact, 1 signed already\n'],
    [[skipped], '### ✅ Signed 0 artifacts, 1 signed already\n'],
    [[entry(), skipped, failed], '### ❌ Signed 1 of 3 artifacts, 1 signed already\n'],
  ])('is not counted as signed: %#', (entries, title) => {
    expect(signSummary(entries, words)).toContain(title);
  });
});
